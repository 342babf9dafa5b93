#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Section section_table[] = {
    {"log", SectionKind::single, ReadBy::both, "Where both daemons write what they did: one line an event."},
    {"dns", SectionKind::single, ReadBy::both, "How both daemons ask the DNS. Each has a cache of its own."},
    {"trust", SectionKind::single, ReadBy::both, "Who is not a stranger."},
    {"policyd", SectionKind::single, ReadBy::policyd,
     "postern-policyd(8), which Postfix asks before it takes a recipient (check_policy_service)."},
    {"dnsbl", SectionKind::single, ReadBy::policyd,
     "DNS lists (RFC 5782) of bad and good clients. Each that lists the client, or one of its names, adds its weight "
     "to the score, and the score decides. Off while no list is named. An answer that says that something is wrong "
     "with the question (127.255.255.0/24, those of known lists) never counts, and neither does a list that fails its "
     "self-test."},
    {"dnsbl.zone", SectionKind::repeated, ReadBy::policyd,
     "A list of which more is to be said than dnsbl.sites can; the section stands once for each.",
     [](Config& c) { c.dnsbl.zones.emplace_back(); }},
    {"recipient", SectionKind::single, ReadBy::policyd,
     "Does the recipient exist? The directories of [[ldap]] are asked, and what they say is remembered. Off while there "
     "is neither a directory nor recipient.access. postmaster and abuse always do; recipients of other domains than "
     "those of [[ldap]] are not judged. Where a directory cannot say (no server, no login, no base), nobody is unknown."},
    {"ldap", SectionKind::repeated, ReadBy::policyd,
     "A directory of recipients; the section stands once for each. Of two for one domain either may know an address.",
     [](Config& c) { c.ldap.emplace_back(); }},
    {"spf", SectionKind::single, ReadBy::both,
     "SPF (RFC 7208): may this client send mail for the domain that it names? postern-policyd refuses by the answer, "
     "postern-milterd writes it into Authentication-Results."},
    {"greylist", SectionKind::single, ReadBy::policyd,
     "Greylisting (RFC 6647): the first mail of an unknown client, sender and recipient has to come again."},
    {"greylist.domain", SectionKind::repeated, ReadBy::policyd,
     "What is different for the recipients of one domain; the section stands once for each.",
     [](Config& c) { c.greylist.domains.emplace_back(); }},
    {"redis", SectionKind::single, ReadBy::policyd,
     "The Redis (or Valkey) of greylist.store = \"redis\", which several hosts may share. While it cannot be reached, mail "
     "that would have to wait passes. Whose keys they are is told by key_prefix, so that it may serve others, too; each key "
     "expires by itself. A change of any of these takes effect at the next start.",
     nullptr},
    {"milterd", SectionKind::per_instance, ReadBy::milterd,
     "postern-milterd(8), to which Postfix shows each message (smtpd_milters)."},
    {"header", SectionKind::per_instance, ReadBy::milterd, "The header of a message as a whole."},
    {"auth_results", SectionKind::per_instance, ReadBy::milterd,
     "Authentication-Results (RFC 8601): what was found out about a stranger's mail stands in one field on top of it, "
     "under the name milterd.authserv_id. Mail of our own and of trust.relays gets none."},
    {"iprev", SectionKind::per_instance, ReadBy::milterd,
     "The client's name in the DNS, forth and back. Postfix has looked it up already; this is for who reads "
     "Authentication-Results."},
    {"dkim_verify", SectionKind::per_instance, ReadBy::milterd,
     "How the signatures of strangers' mail are verified, if dkim.verify says so (RFC 6376, RFC 8301, RFC 8463). An "
     "action concerns strangers alone: mail of trust.relays, of our own networks and of logins is never refused."},
    {"dmarc", SectionKind::per_instance, ReadBy::milterd,
     "DMARC (RFC 9989): does SPF or DKIM vouch for the domain in the From field, and what does that domain want done "
     "with mail for which neither does? Only strangers' mail is judged."},
    {"dkim", SectionKind::per_instance, ReadBy::milterd,
     "DKIM (RFC 6376): signatures of mail that comes are verified, mail of our own is signed."},
    {"dkim.domain", SectionKind::repeated, ReadBy::milterd,
     "A signing key; the section stands once for each. Mail is our own if it comes from trust.networks, from a client "
     "that has logged in, or through a listener of dkim.daemon_names. It is signed by the keys of the domain in its "
     "From field: by two if a domain has two, such as one of RSA and one of Ed25519.",
     [](Config& c) { c.dkim.domains.emplace_back(); }},
    {"clamav", SectionKind::per_instance, ReadBy::milterd, "Viruses: each message is scanned by clamd(8)."},
};

std::vector<Setting> all_settings()
{
    std::vector<Setting> all;
    for (const auto section : {log_settings, dns_settings, trust_settings, policyd_settings, dnsbl_settings,
                               recipient_settings, ldap_settings, spf_settings,
                               greylist_settings, redis_settings, milterd_settings, header_settings,
                               auth_results_settings, iprev_settings, dkim_verify_settings, dmarc_settings,
                               dkim_settings, clamav_settings})
        for (const auto& setting : section())
            all.push_back(setting);
    return all;
}

} // namespace

std::span<const Setting> settings()
{
    static const auto all = all_settings(); // never changes
    return all;
}

std::span<const Section> sections()
{
    return section_table;
}

} // namespace postern
