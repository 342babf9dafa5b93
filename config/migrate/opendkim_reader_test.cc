#include "config/migrate/opendkim_reader.h"

#include "config/read_config.h"
#include "test/scratch_folder.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <sys/stat.h>

namespace postern {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

constexpr auto conf = "/etc/opendkim.conf";
constexpr auto a_key = "-----BEGIN PRIVATE KEY-----\n"
                       "MC4CAQAwBQYDK2VwBCIEIC+LQS6/G5f5+UY4d8IOx8erlq0VK0wU3VQ16uPxat3X\n-----END PRIVATE KEY-----\n";

Migration migrated(const ScratchFolder& root, const Files& files, OldPostfix postfix = {})
{
    for (const auto& [path, text] : files) {
        const auto file = std::filesystem::path(root.path() + path);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    Migration migration(OldHost(root.path()), std::move(postfix));
    migrate_opendkim(migration);
    return migration;
}

Config config_of(const Migration& migration)
{
    const auto config = read_config({"draft", migration.draft().text()});
    REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().front().what));
    return config->config;
}

OldPostfix postfix_with(const std::string& milters)
{
    OldPostfix postfix;
    postfix.texts.main_cf = "smtpd_milters = " + milters + "\n";
    postfix.config.parameters = {{"smtpd_milters", milters}};
    return postfix;
}

// Is there a finding of that outcome at that place, whose words hold this?
bool found(const Migration& migration, Outcome outcome, std::string_view where, std::string_view words)
{
    const auto& all = migration.findings();
    return std::any_of(all.begin(), all.end(), [&](const Finding& finding) {
        return finding.outcome == outcome && finding.at.where() == where
            && (finding.option + " " + finding.setting + " " + finding.note).find(words) != std::string::npos;
    });
}

std::size_t count(const Migration& migration, Outcome outcome)
{
    const auto& all = migration.findings();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const Finding& finding) { return finding.outcome == outcome; }));
}

// What opendkim 2.11 of Debian 12 takes as a name (`opendkim -n`).
constexpr const char* all_names[] = {
    "ATPSDomains", "ATPSHashAlgorithm", "AllowSHA1Only", "AlwaysAddARHeader", "AuthservID", "AuthservIDWithJobID",
    "AutoRestart", "AutoRestartCount", "AutoRestartRate", "Background", "BaseDirectory", "BodyLengthDB",
    "BogusKey", "Canonicalization", "CaptureUnknownErrors", "ChangeRootDirectory", "ClockDrift", "DNSConnect",
    "DNSTimeout", "DiagnosticDirectory", "Diagnostics", "DisableCryptoInit", "Domain", "DomainKeysCompat",
    "DontSignMailTo", "EnableCoredumps", "ExemptDomains", "ExternalIgnoreList", "FinalPolicyScript", "FixCRLF",
    "IgnoreMalformedMail", "Include", "InternalHosts", "KeepAuthResults", "KeepTemporaryFiles", "KeyFile",
    "KeyTable", "LDAPAuthMechanism", "LDAPAuthName", "LDAPAuthRealm", "LDAPAuthUser", "LDAPBindPassword",
    "LDAPBindUser", "LDAPDisableCache", "LDAPKeepaliveIdle", "LDAPKeepaliveInterval", "LDAPKeepaliveProbes",
    "LDAPTimeout", "LDAPUseTLS", "LogResults", "LogWhy", "MTA", "MTACommand", "MacroList", "MaximumHeaders",
    "MaximumSignaturesToVerify", "MaximumSignedBytes", "MilterDebug", "Minimum", "MinimumKeyBits",
    "MultipleSignatures", "MustBeSigned", "Nameservers", "NoHeaderB", "OmitHeaders", "On-BadSignature",
    "On-DNSError", "On-Default", "On-InternalError", "On-KeyNotFound", "On-NoSignature", "On-Security",
    "On-SignatureError", "OverSignHeaders", "PeerList", "PidFile", "Quarantine", "QueryCache",
    "RedirectFailuresTo", "RemoveARAll", "RemoveARFrom", "RemoveOldSignatures", "ReplaceHeaders", "ReplaceRules",
    "ReportAddress", "ReportBccAddress", "RequestReports", "RequireSafeKeys", "RequiredHeaders",
    "ResolverConfiguration", "ResolverTracing", "ScreenPolicyScript", "SelectCanonicalizationHeader", "Selector",
    "SendReports", "SenderHeaders", "SenderMacro", "SetupPolicyScript", "SignatureAlgorithm", "SignatureTTL",
    "SigningTable", "Socket", "SoftStart", "SoftwareHeader", "Statistics", "StatisticsName", "StatisticsPrefix",
    "StrictHeaders", "StrictTestMode", "SubDomains", "Syslog", "SyslogFacility", "SyslogName", "SyslogSuccess",
    "TemporaryDirectory", "TestDNSData", "TestPublicKeys", "TrustAnchorFile", "TrustSignaturesFrom", "UMask",
    "UnprotectedKey", "UserID", "Userid", "VBR-Certifiers", "VBR-PurgeFields", "VBR-TrustedCertifiers",
    "VBR-TrustedCertifiersOnly", "VBR-Type", "WeakSyntaxChecks", "X-Header",
};

// The settings that stand in Debian's file, and those that stand there as comments.
constexpr auto debian = "Syslog\t\t\tyes\nSyslogSuccess\t\tyes\nLogWhy\t\t\tno\nCanonicalization\trelaxed/simple\n"
                        "Mode\t\t\tsv\nSubDomains\t\tno\nOversignHeaders\t\tFrom\nDomain\t\t\texample.com\n"
                        "Selector\t\t2020\nKeyFile\t\t/etc/dkimkeys/example.private\nUserID\t\t\topendkim\n"
                        "UMask\t\t\t007\nSocket\t\t\tlocal:/run/opendkim/opendkim.sock\n"
                        "PidFile\t\t\t/run/opendkim/opendkim.pid\nInternalHosts\t\t192.168.0.0/16, 10.0.0.0/8, "
                        "172.16.0.0/12\nTrustAnchorFile\t\t/usr/share/dns/root.key\nNameservers\t\t127.0.0.1\n";

} // namespace

TEST_CASE("opendkim: each name that it takes has a row")
{
    for (const auto* const name : all_names) {
        CAPTURE(name);
        const ScratchFolder root;
        const auto migration = migrated(root, {{conf, fmt::format("{} 1\n", name)}});
        CHECK_FALSE(found(migration, Outcome::fault, "/etc/opendkim.conf:1", "no such option"));
        const auto& all = migration.findings();
        CHECK(std::any_of(all.begin(), all.end(), [](const Finding& f) { return f.at.where().starts_with("/etc/opendkim.conf"); }));
    }
}

TEST_CASE("opendkim: Debian's file with all that it holds as a comment, too")
{
    const ScratchFolder root;
    const auto migration = migrated(root, {{conf, debian}, {"/etc/dkimkeys/example.private", a_key}});
    const auto config = config_of(migration);
    CHECK(count(migration, Outcome::fault) == 0);
    CHECK(count(migration, Outcome::refused) == 0);
    REQUIRE(config.dkim.domains.size() == 1);
    CHECK(config.dkim.domains[0].domain == "example.com");
    CHECK(config.dkim.domains[0].selector == "2020");
    CHECK(config.dkim.domains[0].key == "/etc/dkimkeys/example.private");
    CHECK(config.trust.networks == Texts{"127.0.0.0/8", "::1/128", "192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12"});
    CHECK(config.dns.servers == Texts{"127.0.0.1"});
    CHECK(config.dkim.canonicalization == "relaxed/simple");
    CHECK(config.milterd.role == "both");
    CHECK(config.dkim.verify);
    CHECK_FALSE(config.dmarc.enable);
    CHECK(found(migration, Outcome::changed, "/etc/opendkim.conf:13", "milterd.listen"));
    CHECK(found(migration, Outcome::changed, "/etc/opendkim.conf:10",
                "chown root:postern /etc/dkimkeys/example.private && chmod 0640 /etc/dkimkeys/example.private"));
}

TEST_CASE("opendkim: tables of several domains, and a fault in each")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root,
        {{conf, "KeyTable /etc/dkim/keys\nSigningTable refile:/etc/dkim/addresses\nInternalHosts /etc/dkim/hosts\n"
                "ExternalIgnoreList refile:/etc/dkim/hosts\nMode s\nDomain ignored.example\n"},
         {"/etc/dkim/keys", "a example.org:mail:/etc/dkim/a.pem\nb example.net:mail\nc %:mail:/etc/dkim/%.pem\n"
                            "d example.com:mail:./d.pem\ne example.com:mail:/etc/dkim/none.pem\na x.example:s:/etc/dkim/a.pem\n"},
         {"/etc/dkim/addresses", "*@example.org a\n# nobody\n*@example.net z\n*@example.com\n*@i.example a:@i.example\n"},
         {"/etc/dkim/hosts", "127.0.0.1\n192.0.2.0/24\n!192.0.2.7\n192.0.2.300/24\n"},
         {"/etc/dkim/a.pem", a_key}});
    const auto config = config_of(migration);
    CHECK(config.dkim.key_table == "/etc/dkim/keys");
    CHECK(config.dkim.signing_table == "refile:/etc/dkim/addresses");
    CHECK(config.trust.networks == Texts{"127.0.0.0/8", "::1/128", "file:/etc/dkim/hosts"});
    CHECK(config.milterd.role == "submission");
    CHECK(config.dkim.domains.empty());
    CHECK(found(migration, Outcome::changed, "/etc/dkim/keys:1", "chown root:postern /etc/dkim/a.pem"));
    CHECK(found(migration, Outcome::fault, "/etc/dkim/keys:2", "is not domain:selector:path"));
    CHECK(found(migration, Outcome::changed, "/etc/dkim/keys:3", "/etc/dkim/%.pem"));
    CHECK(found(migration, Outcome::fault, "/etc/dkim/keys:4", "whole path"));
    CHECK(found(migration, Outcome::fault, "/etc/dkim/keys:5", "none.pem: is not there"));
    CHECK(found(migration, Outcome::fault, "/etc/dkim/keys:6", "stands there already"));
    CHECK(found(migration, Outcome::fault, "/etc/dkim/addresses:3", "\"z\" is no name of KeyTable"));
    CHECK(found(migration, Outcome::fault, "/etc/dkim/addresses:4", "names no key"));
    CHECK(found(migration, Outcome::fault, "/etc/dkim/hosts:4", "192.0.2.300/24"));
    CHECK(found(migration, Outcome::kept, "/etc/opendkim.conf:6", "did not look at this either"));
    CHECK(found(migration, Outcome::changed, "/etc/opendkim.conf", "Canonicalization is not set"));
    CHECK(found(migration, Outcome::changed, "/etc/opendkim.conf", "OversignHeaders is not set"));
    CHECK(count(migration, Outcome::fault) == 7);
}

TEST_CASE("opendkim: tables that no file holds are refused, and both with them")
{
    const ScratchFolder root;
    for (const auto* const set : {"dsn:mysql://u:p@h/d", "ldap://h/x", "db:/x.db", "lua:/x", "memcache:h", "mdb:/x", "tables/keys"}) {
        CAPTURE(set);
        const auto migration = migrated(root, {{conf, fmt::format("KeyTable {}\nSigningTable csl:a@example.org=k\n", set)}});
        if (std::string_view(set) == "tables/keys") { // a list, without a key
            CHECK(found(migration, Outcome::fault, "/etc/opendkim.conf:1", "not domain:selector:path"));
            continue;
        }
        CHECK(found(migration, Outcome::refused, "/etc/opendkim.conf:1", "write it into a file"));
        CHECK(found(migration, Outcome::fault, "/etc/opendkim.conf:2", "go together"));
        CHECK(config_of(migration).dkim.signing_table.empty());
    }
}

TEST_CASE("opendkim: what it does with what it verifies")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root, {{conf, "Mode v\nOn-Default accept\nOn-BadSignature r\non-dnserror tempfail\nOn-KeyNotFound discard\n"
                      "On-Security reject\nOn-NoSignature bounce\nQuarantine yes\nCaptureUnknownErrors true\nAuthservID HOSTNAME\n"
                      "AuthservIDWithJobID yes\nNoHeaderB yes\nRemoveARAll no\nRemoveARFrom a.example,.b.example\n"
                      "MinimumKeyBits 512\nMaximumSignaturesToVerify 3\nMinimum 80%\nMustBeSigned Subject\nClockDrift 60\n"
                      "RequiredHeaders yes\nMaximumHeaders 131072\nDNSTimeout 7\nKeepAuthResults maybe\nSendReports no\n"
                      "BogusKey none\n"}});
    const auto config = config_of(migration);
    CHECK(config.milterd.role == "inbound");
    CHECK(config.milterd.authserv_id.empty());
    CHECK(config.dkim_verify.default_action == MailAction::accept);
    CHECK(config.dkim_verify.bad_signature == DkimProblemAction::quarantine);
    CHECK(config.dkim_verify.dns_error == DkimProblemAction::defer);
    CHECK(config.dkim_verify.key_not_found == DkimProblemAction::discard);
    CHECK(config.dkim_verify.security == DkimProblemAction::quarantine);
    CHECK(config.dkim_verify.internal_error == DkimProblemAction::quarantine);
    CHECK(config.auth_results.queue_id);
    CHECK_FALSE(config.auth_results.header_b);
    CHECK(config.auth_results.remove_ids == Texts{"a.example", ".b.example"});
    CHECK(config.dkim_verify.minimum_key_bits == 1024);
    CHECK(config.dkim_verify.max_signatures == 3);
    CHECK(config.dkim_verify.minimum_signed_body == 80);
    CHECK(config.dkim_verify.must_be_signed == Texts{"Subject"});
    CHECK(config.dkim_verify.clock_drift == std::chrono::seconds(60));
    CHECK(config.header.max_size == 131072);
    CHECK(config.dns.timeout == std::chrono::seconds(7));
    CHECK(found(migration, Outcome::fault, "/etc/opendkim.conf:7", "\"bounce\" is not accept"));
    CHECK(found(migration, Outcome::changed, "/etc/opendkim.conf:15", "RFC 8301"));
    CHECK(found(migration, Outcome::fault, "/etc/opendkim.conf:23", "\"maybe\" is not yes or no"));
    CHECK(found(migration, Outcome::refused, "/etc/opendkim.conf:25", "resolver"));
    CHECK(count(migration, Outcome::fault) == 2);
}

TEST_CASE("opendkim: whose mail is signed, and how")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root, {{conf, "Domain /etc/domains\nSelector mail\nKeyFile /etc/a.pem\nSubDomains yes\nCanonicalization Relaxed\n"
                      "SignHeaders *,+X-Ticket,-Reply-To\nOversignHeaders From,Subject\nSenderHeaders Sender,From\n"
                      "SignatureTTL 1209600\nSignatureAlgorithm rsa-sha256\nMacroList daemon_name=ORIGINATING|desk, {auth_type}\n"
                      "MTA MSA, ORIGINATING\nPeerList 192.0.2.1,[2001:db8::1],.lab.example\nExemptDomains refile:/etc/exempt\n"
                      "DontSignMailTo refile:/etc/recipients\nRemoveOldSignatures yes\nRequireSafeKeys no\n"},
               {"/etc/domains", "example.org\nexample.net\n"},
               {"/etc/exempt", "*.example.com\nexample.com\nx*y.example\n"},
               {"/etc/recipients", "*@lists.example\npartner.example\n"},
               {"/etc/a.pem", a_key}});
    const auto dkim = config_of(migration).dkim;
    REQUIRE(dkim.domains.size() == 2);
    CHECK(dkim.domains[0].domain == "example.org");
    CHECK(dkim.domains[1].domain == "example.net");
    CHECK(dkim.domains[1].subdomains);
    CHECK(dkim.canonicalization == "relaxed/simple");
    CHECK(dkim.signed_fields == Texts{"*", "+X-Ticket", "-Reply-To"});
    CHECK(dkim.oversign == Texts{"From", "Subject"});
    CHECK(dkim.author_fields == Texts{"Sender", "From"});
    CHECK(dkim.signature_lifetime == std::chrono::hours(14 * 24));
    CHECK(dkim.our_macros == Texts{"{daemon_name}|ORIGINATING|desk", "{auth_type}"});
    CHECK(dkim.daemon_names == Texts{"MSA", "ORIGINATING"});
    CHECK(config_of(migration).milterd.ignored_clients == Texts{"192.0.2.1", "2001:db8::1", ".lab.example"});
    CHECK(dkim.unsigned_domains == Texts{".example.com", "example.com"});
    CHECK(dkim.unsigned_recipients == Texts{"/^.*@lists\\.example$/", "partner.example"});
    CHECK(dkim.remove_signatures == "all");
    CHECK_FALSE(dkim.require_safe_keys);
    CHECK(found(migration, Outcome::fault, "/etc/opendkim.conf:14", "x*y.example"));
    CHECK(count(migration, Outcome::fault) == 1);
}

TEST_CASE("opendkim: what is included counts, the last of two counts, and the command line counts before the file")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root, {{conf, "Domain a.example\nSelector s\nKeyFile /k\nInclude etc/more.conf\nClockDrift 10\nclockdrift 20\n"},
               {"/etc/more.conf", "Domain b.example\nBogus 1\nInclude /etc/more.conf\n"},
               {"/k", a_key},
               {"/lib/systemd/system/opendkim.service", "[Service]\nExecStart=/usr/sbin/opendkim -l -s t -Z\n"}});
    const auto config = config_of(migration);
    REQUIRE(config.dkim.domains.size() == 1);
    CHECK(config.dkim.domains[0].domain == "b.example");
    CHECK(config.dkim.domains[0].selector == "t");
    CHECK(config.dkim_verify.clock_drift == std::chrono::seconds(20));
    CHECK(found(migration, Outcome::kept, "/etc/opendkim.conf:5", "set again, /etc/opendkim.conf:6"));
    CHECK(found(migration, Outcome::fault, "/etc/more.conf:2", "no such option"));
    CHECK(found(migration, Outcome::fault, "/etc/more.conf:3", "more than 5 files"));
    CHECK(found(migration, Outcome::fault, "/lib/systemd/system/opendkim.service:2", "no option -Z"));
}

TEST_CASE("opendkim: only one that Postfix asks is taken over")
{
    struct Case {
        const char* milters;
        const char* socket;
        bool want;
    };
    const Case cases[] = {
        {"inet:localhost:8891", "inet:8891@localhost", true},
        {"inet:127.0.0.1:12345", "inet:12345", true},
        {"unix:dkim/sock", "local:/var/spool/postfix/dkim/sock", true},
        {"unix:/run/opendkim/opendkim.sock", "local:/run/opendkim/opendkim.sock", true},
        {"inet:localhost:11332", "inet:12345@localhost", false},
        {"", "inet:8891@localhost", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.milters);
        const ScratchFolder root;
        const auto migration = migrated(root, {{conf, fmt::format("Socket {}\nClockDrift 10\n", c.socket)}}, postfix_with(c.milters));
        CHECK((config_of(migration).dkim_verify.clock_drift == std::chrono::seconds(10)) == c.want);
        CHECK(config_of(migration).dkim.verify == c.want);
        CHECK(found(migration, Outcome::changed, "/etc/opendkim.conf", "does not ask it") != c.want);
    }
}

TEST_CASE("opendkim: a host without it verifies no DKIM")
{
    const ScratchFolder root;
    const auto migration = migrated(root, {});
    CHECK_FALSE(config_of(migration).dkim.verify);
    CHECK_FALSE(config_of(migration).dmarc.enable);
    CHECK(count(migration, Outcome::changed) == 0);
}

TEST_CASE("opendkim: what /etc/default says counts where no unit starts it")
{
    const ScratchFolder root;
    const auto migration = migrated(root, {{conf, "Mode v\nSocket inet:1@localhost\n"},
                                           {"/etc/default/opendkim", "DAEMON_OPTS=\"-b s\"\nSOCKET=inet:12345@localhost\n"}});
    CHECK(config_of(migration).milterd.role == "submission");
    CHECK(found(migration, Outcome::changed, "/etc/default/opendkim:2", "-p inet:12345@localhost"));
    CHECK(found(migration, Outcome::kept, "/etc/opendkim.conf:1", "set again, /etc/default/opendkim:1: -b s"));
}

TEST_CASE("opendkim: whose set of signed fields it is")
{
    struct Case {
        const char* fields;
        bool tells;
    };
    const Case cases[] = {{"", true}, {"SignHeaders *\n", true}, {"SignHeaders *,+X-Ticket\n", true},
                          {"SignHeaders From,To\n", false}};
    for (const auto& c : cases) {
        CAPTURE(c.fields);
        const ScratchFolder root;
        const auto migration = migrated(
            root, {{conf, fmt::format("Domain a.example\nSelector s\nKeyFile /k\n{}", c.fields)}, {"/k", a_key}});
        CHECK(found(migration, Outcome::changed, conf, "lacks Message-ID, Sender") == c.tells);
    }
}

TEST_CASE("opendkim: an identity without an @")
{
    const ScratchFolder root;
    const auto migration = migrated(root, {{conf, "KeyTable csl:a=a.example:s:/k\nSigningTable refile:/etc/addresses\n"},
                                           {"/etc/addresses", "*@a.example a:@%\n*@b.example a:%\n*@c.example a\n"}});
    CHECK_FALSE(found(migration, Outcome::fault, "/etc/addresses:1", ""));
    CHECK(found(migration, Outcome::fault, "/etc/addresses:2", "\"%\" is no identity"));
    CHECK_FALSE(found(migration, Outcome::fault, "/etc/addresses:3", ""));
}

TEST_CASE("opendkim: where Authentication-Results are not its own")
{
    struct Case {
        const char* text;
        bool tells_of_none, tells_of_keys;
    };
    const Case cases[] = {
        {"Mode sv\n", true, true},
        {"Mode v\nAlwaysAddARHeader yes\n", false, true},
        {"Mode v\nAlwaysAddARHeader no\n", true, true},
        {"Mode s\n", false, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const ScratchFolder root;
        const auto migration = migrated(root, {{conf, c.text}});
        CHECK(found(migration, Outcome::changed, conf, "AlwaysAddARHeader is not set") == c.tells_of_none);
        CHECK(found(migration, Outcome::changed, conf, "dkim=permerror, where opendkim says dkim=fail") == c.tells_of_keys);
    }
}

TEST_CASE("opendkim: what is in the files of the keys")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root, {{conf, "KeyTable /etc/keys\nSigningTable csl:a.example=a\n"},
               {"/etc/keys", "a a.example:s:/good\nb a.example:s:/short\nc a.example:s:/locked\nd a.example:s:/other\n"},
               {"/good", a_key},
               {"/locked", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIC\n-----END ENCRYPTED PRIVATE KEY-----\n"},
               {"/other", "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"},
               {"/short",
                "-----BEGIN RSA PRIVATE KEY-----\n"
                "MIIBOgIBAAJBALad70dFUoWIeQph+mrlOKYC/NZn+Xzeax/f5ccCS+QP3oct2ACI\n"
                "oia/z+O13LwAWI4XMFs2CpIgVisVbYfbpSsCAwEAAQJAZuHPfn2loili1+CfLj35\n"
                "jj28qCZnvluoSorfbyDyFIePbDQmmX7ML9VovGgeXcdKKXIWUox+/rmQw2ApGyAG\n"
                "cQIhAO6mc4/ymFOiVB4o47ZYcNwLLyinh9XVtjLjcF1aj3j1AiEAw+SkIVOABvkB\n"
                "AsxGC6rzV/PhMfppJrGtd0s+anFSUZ8CIElCQ3tOxz/1NslDWBOjtpF1xXY/Z01X\n"
                "G2UnuFiP8jb5AiBJzXN0xtO+TMPvvOxK6w4hPdXDEZfaJyi2gBe03Jrp+wIhALXa\n"
                "SdYyGOSAelg01QdJpOYr5FKpVZCCupFh/nk1YwsR\n"
                "-----END RSA PRIVATE KEY-----\n"}});
    CHECK_FALSE(found(migration, Outcome::fault, "/etc/keys:1", ""));
    CHECK(found(migration, Outcome::fault, "/etc/keys:2", "/short: a key of 512 bits"));
    CHECK(found(migration, Outcome::fault, "/etc/keys:3", "/locked: is encrypted"));
    CHECK(found(migration, Outcome::fault, "/etc/keys:4", "/other: holds no private key"));
}

} // namespace postern
