// config - what the operator has set, as the daemons use it
//
// Filled at start and at reload by read_config.cc, then passed down by const
// reference. No default stands here: each setting is declared once, in the
// tables of config/sections/, with its default, its limits and its text. Networks,
// socket addresses and templates are text here that the table has checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postern {

using Texts = std::vector<std::string>;

enum class LogFormat { logfmt, json };
enum class LogTarget { stderr_stream, journald, syslog, file };

struct LogSettings {
    LogFormat format{};
    std::string level; // debug, info, warning, error
    LogTarget target{};
    std::string path; // with LogTarget::file
};

struct DnsSettings {
    Texts servers; // "127.0.0.1:5353"; empty: the system's
    std::chrono::milliseconds timeout{};
    std::int64_t tries{};
    std::int64_t cache_size{}; // answers
    std::chrono::seconds max_ttl{};
};

// Who is not a stranger; shared by every check and filter.
struct TrustSettings {
    Texts networks; // our own clients: not judged, and their mail is signed
    Texts relays;   // servers that forward to us: not judged, not signed
    bool judge_private{}; // strangers with an address that is not of the Internet
};

// How a daemon is reached and who it is; both have one.
struct DaemonSettings {
    std::string listen;  // unix:PATH, inet:HOST:PORT or inet:[HOST]:PORT
    std::int64_t socket_mode{}; // written as octal text, "0660"
    std::string socket_group;
    std::string user;
    std::string group;
    std::string control; // path of the control socket
    std::string metrics; // as listen; empty: not wanted
    std::int64_t max_connections{};
    std::chrono::seconds deadline{}; // for one request, or for one message's end
};

struct PolicydSettings : DaemonSettings {
    Texts checks; // in this order
};

enum class DnsblAction { warn, reject, defer };
enum class DnsblZoneType { address, helo, client_name, sender_domain };

// A list of which more is said than a line of dnsbl.sites can.
struct DnsblZone {
    std::string site; // zone=filter*weight
    DnsblZoneType type{};
    std::string public_name; // empty: see common/dnsbl/public_name.h
    std::string reply;       // template; empty: that of [dnsbl]
    Texts errors;            // filters: answers that never count
    bool self_test{};

    bool operator==(const DnsblZone&) const = default;
};

struct DnsblSettings {
    bool enable{};
    bool observe{};
    Texts sites; // zone=filter*weight, of addresses
    std::int64_t threshold{};
    DnsblAction action{};
    std::int64_t defer_threshold{}; // 0: none
    std::int64_t allow_threshold{}; // 0: none
    std::int64_t reject_code{};
    std::string reply;         // template
    std::string reply_map;     // path of a table: zone to public name; empty: none
    std::string reply_templates; // path of a table: zone=filter or zone to template; empty: none
    bool reasons{};            // ask for TXT records
    std::chrono::seconds timeout{};
    std::chrono::seconds min_ttl{};
    std::chrono::seconds max_ttl{};
    std::chrono::seconds self_test_interval{};
    std::int64_t cache_size{}; // scores
    std::vector<DnsblZone> zones; // [[dnsbl.zone]]

    bool operator==(const DnsblSettings&) const = default;
};

// From here on a result refuses; each with all that stand before it.
enum class SpfRejectOn { unchecked, never, no_mail, fail, softfail, not_pass };
enum class SpfHeloRejectOn { unchecked, never, null_sender, no_mail, fail, softfail, not_pass };
enum class SpfHeader { none, received_spf, authentication_results };

struct SpfSettings {
    bool enable{};
    bool observe{};
    SpfHeloRejectOn helo{};
    SpfRejectOn mail_from{};
    Texts not_pass_domains; // whose mail comes with a pass or not at all
    bool reject_permerror{};
    bool defer_temperror{};
    Texts exempt_helo_names;
    Texts exempt_spf_domains;
    Texts exempt_sender_domains;
    std::chrono::seconds exempt_deadline{};
    SpfHeader header{};
    bool skipped_header{};
    std::string authserv_id; // empty: the host's name
    bool hide_receiver{};
    std::string text; // of a refusal, with {action} and others
    bool enhanced_status_codes{};
    std::int64_t void_lookups{};
    std::chrono::seconds deadline{};
    std::string receiver; // empty: the host's name
};

// One [[greylist.domain]]: recipients of one domain.
struct GreylistDomain {
    std::string domain; // with those below it
    bool enable{};
    std::chrono::seconds delay{}; // 0: greylist.delay
};

struct GreylistSettings {
    bool enable{};
    bool observe{};
    std::string when;          // always, suspicious
    Texts suspicious;          // no_reverse_name, dynamic_name, dnsbl_score, spf_not_pass
    std::int64_t suspicious_score{};
    bool listed_domains_only{};
    std::vector<GreylistDomain> domains; // [[greylist.domain]]
    std::chrono::seconds delay{};
    std::chrono::seconds retry_window{};
    std::chrono::seconds max_age{};
    std::int64_t auto_whitelist_after{}; // deliveries; 0: never
    std::int64_t ipv4_prefix{};
    std::int64_t ipv6_prefix{};
    std::string auto_whitelist_by; // network, address
    Texts client_lists;            // paths of files in postgrey's format
    Texts clients;                 // entries of such files
    Texts recipient_lists;
    Texts recipients;
    Texts sender_lists; // count only where SPF passes
    Texts senders;
    Texts spf_domains;  // clients that pass the SPF of one of these
    Texts allow_zones;  // DNS lists of good clients: zone or zone=filter
    bool spf_key{};     // the domain that SPF vouches for is the client
    std::string action; // defer_if_permit, defer, defer_if_reject, or a code 4NN
    std::string text;   // %s seconds left, %r recipient domain
    std::string header; // "X-Greylist: delayed %t seconds ..."; empty: none
    std::string hostname; // %h of the header; empty: the host's name
    bool postgrey_log{};  // one line more for each answer, in postgrey's words
    std::string store; // sqlite, redis
    std::string database;
    std::int64_t cache_size{}; // rows kept in memory
    std::int64_t max_size{};   // octets of the database
};

// The store of several hosts, instead of greylist.database.
struct RedisSettings {
    std::string mode;            // server, sentinel, cluster
    Texts servers;               // unix:PATH, inet:HOST:PORT; with sentinel: the sentinels
    std::string sentinel_master; // as the sentinels call it
    std::string sentinel_user;
    std::string sentinel_password;
    std::string user;
    std::string password;
    std::int64_t database{};
    std::string key_prefix;
    bool tls{};
    bool verify{};
    std::string ca;          // path; empty: the system's
    std::string certificate; // our own; path
    std::string key;
    std::string tls_name; // what the certificate must be for; empty: the host
    std::chrono::milliseconds connect_timeout{};
    std::chrono::milliseconds timeout{};
};

// One directory. Several stand side by side, each for its domains.
struct LdapSettings {
    std::string name;
    Texts domains;     // empty: all
    std::string table; // path of a file of Postfix's; then what it says is not said here
    Texts servers;     // in the order in which they are asked
    std::string base;
    std::string filter;
    std::string preset; // whose filter it is: active_directory; none
    std::string scope;  // sub, one, base
    std::string bind_dn;
    std::string bind_password;
    bool start_tls{};
    bool verify{};
    std::string ca;        // path; empty: the system's
    std::string ca_folder;
    std::string certificate; // our own; path
    std::string key;
    std::chrono::milliseconds connect_timeout{};
    std::chrono::milliseconds timeout{};
    std::string canary; // an address that exists; empty: none
    bool ignore_referrals{};

    bool operator==(const LdapSettings&) const = default;
};

enum class UnknownRecipient { reject, defer };
enum class UnavailableDirectory { defer, reject, pass };

struct RecipientSettings {
    bool enable{};
    bool observe{};
    UnknownRecipient unknown{};
    UnavailableDirectory unavailable{};
    std::string text;       // of the refusal
    std::string delimiters; // Postfix's recipient_delimiter; empty: no extensions
    std::string access;     // path of an access(5) table; empty: none
    std::chrono::seconds exists_ttl{};
    std::chrono::seconds unknown_ttl{};
    std::chrono::seconds stale_ttl{}; // of "exists", while the directory is down
    std::int64_t cache_size{};        // addresses
    std::int64_t harvest_limit{};     // unknown recipients; 0: no guard
    std::chrono::seconds harvest_window{};

    bool operator==(const RecipientSettings&) const = default;
};

// What becomes of a mail. `by_default`: what another setting says.
enum class MailAction { accept, quarantine, defer, discard, reject };
enum class DkimProblemAction { by_default, accept, quarantine, defer, discard, reject };

struct MilterdSettings : DaemonSettings {
    std::string authserv_id; // empty: the host's name
    std::int64_t max_spooled{}; // octets of message bodies held at one time
    std::int64_t max_spooled_messages{};
    std::string role;               // inbound, submission, both
    std::string submission_clients; // trusted, all
    Texts returning_daemon_names;   // {daemon_name} values by which a content filter gives mail back
    Texts ignored_clients;          // as trust.networks
};

// One key. Two entries of one domain sign one mail twice (rsa-sha256 and ed25519-sha256).
struct DkimDomain {
    std::string domain;
    std::string selector;
    std::string key; // path of a PEM file
    bool subdomains{};
    std::string identity{};         // i=; empty: none
    std::string canonicalization{}; // empty: that of [dkim]
};

struct DkimSettings {
    bool verify{};
    bool sign{};
    std::string canonicalization; // header/body: relaxed/simple
    Texts oversign;               // header fields that nobody may add to
    Texts daemon_names;           // {daemon_name} values whose mail is ours
    Texts our_macros;             // "{name}" or "{name}|value|value": macros that say so, too
    bool require_safe_keys{};     // refuse a key that others can read
    std::string key_table;        // OpenDKIM's, see common/data_set.h; empty: none
    std::string signing_table;
    bool all_matches{};           // of the signing table
    Texts signed_fields;          // changes of a default, as are the next three
    Texts omitted_fields;
    Texts author_fields;          // whose address says who the author is
    std::string unclear_author;   // reject, defer, accept
    std::chrono::seconds signature_lifetime{}; // x=; 0: none
    Texts unsigned_recipients;    // AddressList
    Texts unsigned_domains;       // DomainList, of authors
    std::string remove_signatures; // none, ours, all
    std::string bounce_domain;    // signs what has no author of ours; empty: nobody
    bool sign_judged{};           // sign mail that bears our own Authentication-Results
    std::vector<DkimDomain> domains; // [[dkim.domain]]
    std::string managed;             // path of the folder of keys that Postern manages; empty: none
    std::chrono::seconds rotate_after{};  // 0: never by age
    std::chrono::seconds publish_wait{};
    std::chrono::seconds overlap{};
    bool ask_name_servers{};
};

struct DkimVerifySettings {
    bool observe{};
    std::int64_t max_signatures{};
    std::int64_t minimum_key_bits{};
    std::chrono::seconds clock_drift{};
    std::int64_t minimum_signed_body{}; // per cent
    Texts must_be_signed;               // header fields
    MailAction default_action{};
    DkimProblemAction bad_signature{};
    DkimProblemAction signature_error{};
    DkimProblemAction key_not_found{};
    DkimProblemAction security{};
    DkimProblemAction no_signature{};
    DkimProblemAction dns_error{};
    DkimProblemAction internal_error{};
};

struct DmarcSettings {
    bool enable{};
    bool observe{};
    MailAction reject{};     // of mail that fails where the policy is this
    MailAction quarantine{}; // likewise
    MailAction bad_from{};   // of mail without an author domain, or with several
    MailAction temperror{};
    std::chrono::seconds deadline{};
};

enum class RemoveAuthResults { ours, all, none };

struct AuthResultsSettings {
    bool observe{};
    RemoveAuthResults remove{};
    Texts remove_ids; // domains, as DomainList has them
    bool keep_from_relays{};
    bool queue_id{};
    bool header_b{};
    bool login{};
};

struct IprevSettings {
    bool enable{};
    bool observe{};
    std::chrono::seconds deadline{};
};

struct HeaderSettings {
    bool observe{};
    MailAction malformed{};
    std::int64_t max_size{}; // octets
    std::int64_t max_fields{};
};

enum class InfectedAction { reject, quarantine, defer, discard, accept };
enum class ScanFailureAction { defer, accept, reject, quarantine };
enum class OwnScanFailureAction { same, defer, accept, reject, quarantine }; // same: as of other mail
enum class OversizeAction { accept, defer, reject, quarantine };
enum class VirusHeader { none, found, add, replace };
enum class RecipientLines { never, found, always }; // of the log

struct ClamavSettings {
    bool enable{};
    bool observe{};
    Texts clamd; // unix:PATH or inet:HOST:PORT
    InfectedAction infected{};
    InfectedAction suspicious{};
    Texts suspicious_names; // how the names of guesses begin: "PUA."
    ScanFailureAction failure{};
    OwnScanFailureAction own_failure{};
    std::int64_t max_size{}; // octets
    OversizeAction oversize{};
    std::chrono::seconds wait{};        // for a clamd that is not there
    std::chrono::seconds reload_wait{}; // for one that takes the connection and is silent
    std::string text;                   // of the refusal; %v is the virus
    VirusHeader header{};
    std::string hostname; // in X-Virus-Scanned; empty: the host's name
    RecipientLines log_recipients{};
    Texts exempt_clients;     // networks, names, and "local"
    Texts exempt_lists;       // paths of files in clamav-milter's format
    Texts exempt_logins;      // names or /regexp/
    Texts exempt_login_lists; // paths of files with a name a line
};

struct Config {
    LogSettings log;
    DnsSettings dns;
    TrustSettings trust;
    PolicydSettings policyd;
    DnsblSettings dnsbl;
    SpfSettings spf;
    GreylistSettings greylist;
    RedisSettings redis;
    RecipientSettings recipient;
    std::vector<LdapSettings> ldap; // [[ldap]]
    MilterdSettings milterd;
    AuthResultsSettings auth_results;
    HeaderSettings header;
    DkimVerifySettings dkim_verify;
    DmarcSettings dmarc;
    IprevSettings iprev;
    DkimSettings dkim;
    ClamavSettings clamav;
};

} // namespace postern
