#include "config/migrate/readers.h"

#include "config/read_config.h"
#include "test/scratch_folder.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>

namespace postern {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

// A Postfix whose main.cf holds one parameter a line, as postconf(1) prints it.
OldPostfix postfix_of(const std::string& main_cf, const std::string& services)
{
    OldPostfix postfix;
    postfix.texts.main_cf = main_cf;
    postfix.config =
        read_postconf({"postscreen_dnsbl_action = ignore\nmaps_rbl_reject_code = 554\n" + main_cf, services, ""});
    for (const auto& service : postfix.config.services)
        postfix.texts.master_cf += service.name + " x\n";
    return postfix;
}

Migration migrated(const ScratchFolder& root, const Files& files, OldPostfix postfix = {})
{
    for (const auto& [path, text] : files) {
        const auto file = std::filesystem::path(root.path() + path);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    Migration migration(OldHost(root.path()), std::move(postfix));
    migrate_all(migration);
    return migration;
}

Config config_of(const Migration& migration)
{
    const auto config = read_config({"draft", migration.draft().text()});
    REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().front().what));
    return config->config;
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

constexpr auto asks_postgrey =
    "smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service inet:127.0.0.1:10023\n";

} // namespace

TEST_CASE("a host without any old program is asked nothing new")
{
    const ScratchFolder root;
    const auto migration = migrated(root, {});
    CHECK(config_of(migration).policyd.checks == Texts{"dnsbl", "recipient"});
    CHECK_FALSE(has(migration.findings(), Outcome::fault));
    CHECK_FALSE(has(migration.findings(), Outcome::refused));
}

TEST_CASE("postgrey: every fault has its line and stops nothing")
{
    const ScratchFolder root;
    const std::string options =
        "POSTGREY_OPTS=\"--inet=10023 --delay=60 --max-age=soon --retry-window=6h --lookup-by-host \\\n"
        "--greylist-action=PREPEND --bogus --auto-whitelist-clients=3 --privacy\"\n"
        "POSTGREY_TEXT=\"Come again in %s s\"\n";
    const auto migration = migrated(root,
                                    {{"/etc/default/postgrey", options},
                                     {"/etc/postgrey/whitelist_clients", "good.example\n10.20\nno good!\n"},
                                     {"/var/lib/postgrey/postgrey.db", ""}},
                                    postfix_of(asks_postgrey, ""));
    const auto greylist = config_of(migration).greylist;
    CHECK(greylist.delay == std::chrono::seconds(60));
    CHECK(greylist.retry_window == std::chrono::hours(6));
    CHECK(greylist.ipv4_prefix == 32);
    CHECK(greylist.ipv6_prefix == 128);
    CHECK(greylist.auto_whitelist_after == 3);
    CHECK(greylist.text == "Come again in %s s");
    CHECK(config_of(migration).policyd.checks == Texts{"dnsbl", "recipient", "greylist"});
    const auto defaults = "/etc/default/postgrey:1";
    CHECK(found(migration, Outcome::fault, defaults, "\"soon\" is not a number"));
    CHECK(found(migration, Outcome::fault, defaults, "--greylist-action"));
    CHECK(found(migration, Outcome::fault, defaults, "--bogus"));
    CHECK(found(migration, Outcome::refused, defaults, "--privacy"));
    CHECK(found(migration, Outcome::changed, defaults, "--inet=10023"));
    CHECK(found(migration, Outcome::changed, "/etc/postgrey/whitelist_clients:2", "10.20.0.0/16"));
    CHECK(found(migration, Outcome::fault, "/etc/postgrey/whitelist_clients:3", "no good!"));
    CHECK(found(migration, Outcome::kept, "/var/lib/postgrey/postgrey.db",
                "postern greylist import --postgrey " + root.path() + "/var/lib/postgrey"));
}

TEST_CASE("postgrey: lists that are named stand in the place of the default ones")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root,
        {{"/etc/default/postgrey", "POSTGREY_OPTS='--unix=/x --whitelist-clients=/srv/a --whitelist-clients=/srv/b'\n"},
         {"/srv/a", "a.example\n"},
         {"/etc/postgrey/whitelist_clients", "10.20\n"}});
    CHECK(config_of(migration).greylist.client_lists == Texts{"/srv/a", "/srv/b"});
    CHECK(found(migration, Outcome::fault, "/etc/default/postgrey:1", "/srv/b: is not there"));
    CHECK_FALSE(found(migration, Outcome::changed, "/etc/postgrey/whitelist_clients:1", ""));
}

TEST_CASE("a postgrey that Postfix does not ask is left alone")
{
    const ScratchFolder root;
    const auto migration = migrated(root, {{"/etc/default/postgrey", "POSTGREY_OPTS=\"--delay=60\"\n"}},
                                    postfix_of("smtpd_recipient_restrictions = reject_unauth_destination\n", ""));
    CHECK(config_of(migration).policyd.checks == Texts{"dnsbl", "recipient"});
    CHECK(config_of(migration).greylist.delay == std::chrono::minutes(5));
    CHECK(found(migration, Outcome::changed, "/etc/default/postgrey", "does not ask it"));
}

TEST_CASE("policyd-spf of Python: all of its file")
{
    const ScratchFolder root;
    const auto file = std::string("/etc/postfix-policyd-spf-python/policyd-spf.conf");
    const auto conf =
        "TestOnly = 0\nHELO_reject = SPF_Not_Pass\nMail_From_reject = Softfial\nPermError_reject = True\n"
        "skip_addresses = 127.0.0.0/8,::ffff:127.0.0.0/104,::1,192.0.2.0/24\nWhitelist = 198.51.100.7\n"
        "Domain_Whitelist_PTR = pobox.example\nHELO_Whitelist = relay.example\nLookup_Time = 15\nVoid_Limit = x\n"
        "Reason_Message = {rejectdefer}: {spf}. Please see {url}\nPer_User = text,/etc/users\nBogus = 1\n"
        "Mock = True\nHeader_Type = AR\nAuthserv_Id = mx.example\nDomain_Whitelist = a.example, b.example\n";
    const auto migration =
        migrated(root, {{file, conf}, {"/etc/users", "\nstrict@example.org,PermError_reject=True\n"}});
    const auto config = config_of(migration);
    CHECK(config.spf.observe);
    CHECK(config.spf.helo == SpfHeloRejectOn::not_pass);
    CHECK(config.spf.mail_from == SpfRejectOn::fail);
    CHECK(config.spf.reject_permerror);
    CHECK(config.spf.header == SpfHeader::authentication_results);
    CHECK(config.spf.authserv_id == "mx.example");
    CHECK(config.spf.deadline == std::chrono::seconds(15));
    CHECK(config.spf.text == "{action}: {reason}.");
    CHECK(config.spf.exempt_spf_domains == Texts{"a.example", "b.example"});
    CHECK(config.spf.exempt_helo_names == Texts{"relay.example"});
    CHECK(config.trust.networks == Texts{"127.0.0.0/8", "::1/128", "192.0.2.0/24"});
    CHECK(config.trust.relays == Texts{"198.51.100.7", ".pobox.example"});
    CHECK(config.policyd.checks == Texts{"dnsbl", "recipient", "spf"});
    CHECK(found(migration, Outcome::changed, file + ":1", "TestOnly = 0"));
    CHECK(found(migration, Outcome::fault, file + ":3", "\"Softfial\" is none of SPF_Not_Pass"));
    CHECK(found(migration, Outcome::fault, file + ":10", "Void_Limit"));
    CHECK(found(migration, Outcome::fault, file + ":13", "no such option"));
    CHECK(found(migration, Outcome::refused, file + ":14", "Mock"));
    CHECK(found(migration, Outcome::refused, "/etc/users:2", "strict@example.org"));
}

TEST_CASE("policyd-spf: No_Mail counts before what refuses, wherever it stands")
{
    const ScratchFolder root;
    const auto migration =
        migrated(root, {{"/etc/postfix-policyd-spf-python/policyd-spf.conf", "No_Mail = True\nHELO_reject = Fail\n"}});
    CHECK(config_of(migration).spf.helo == SpfHeloRejectOn::no_mail);
    CHECK(config_of(migration).spf.mail_from == SpfRejectOn::no_mail);
}

TEST_CASE("policyd-spf of Perl: which program it is stands in master.cf, its lists in itself")
{
    const ScratchFolder root;
    const auto migration =
        migrated(root,
                 {{"/usr/sbin/postfix-policyd-spf-perl",
                   "my $d = get_exempt_domains(\"/srv/d\");\nmy $a = get_exempt_address(\"/srv/a\");\n"},
                  {"/srv/d", "good.example, bad_!\n"},
                  {"/srv/a", "192.0.2.0/24\n::ffff:198.51.100.0/120\n"}},
                 postfix_of("smtpd_recipient_restrictions = check_policy_service unix:private/spf\n",
                            "spf unix - n n - 0 spawn user=nobody argv=/usr/sbin/postfix-policyd-spf-perl\n"));
    const auto config = config_of(migration);
    CHECK(config.spf.defer_temperror);
    CHECK(config.spf.exempt_sender_domains == Texts{"good.example"});
    CHECK(config.trust.relays == Texts{"192.0.2.0/24", "198.51.100.0/24"});
    CHECK(config.policyd.checks == Texts{"dnsbl", "recipient", "spf"});
    CHECK(found(migration, Outcome::fault, "/srv/d:1", "bad_!"));
    CHECK(found(migration, Outcome::changed, "/etc/postfix/master.cf:1", "spawn"));
}

TEST_CASE("postscreen and restrictions: one score that refuses where they did")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root, {{"/etc/postfix/replies", "a b\n"}},
        postfix_of("postscreen_dnsbl_sites = zen.example=127.0.0.[2..11]*3, bl.example, good.example*-2, bad=x=y\n"
                   "postscreen_dnsbl_threshold = 3\npostscreen_dnsbl_allowlist_threshold = -2\npostscreen_dnsbl_action "
                   "= enforce\n"
                   "postscreen_dnsbl_reply_map = texthash:/etc/postfix/replies\nrbl_reply_maps = pcre:/x\n"
                   "smtpd_recipient_restrictions = reject_rbl_client one.example=127.0.0.2, reject_rhsbl_sender "
                   "names.example, "
                   "permit_dnswl_client friends.example, reject_rhsbl_recipient names.example, warn_if_reject "
                   "reject_rbl_client maybe.example\n",
                   "smtp inet n - n - 1 postscreen\n"));
    const auto dnsbl = config_of(migration).dnsbl;
    CHECK(dnsbl.threshold == 3);
    CHECK(dnsbl.allow_threshold == -2);
    CHECK(dnsbl.action == DnsblAction::reject);
    CHECK(dnsbl.reject_code == 554);
    CHECK(dnsbl.reply_map == "/etc/postfix/replies");
    CHECK(dnsbl.sites
          == Texts{"zen.example=127.0.0.[2..11]*3", "bl.example", "good.example*-2", "one.example=127.0.0.2*3",
                   "friends.example*-21"});
    REQUIRE(dnsbl.zones.size() == 1);
    CHECK(dnsbl.zones[0].site == "names.example*3");
    CHECK(dnsbl.zones[0].type == DnsblZoneType::sender_domain);
    CHECK(found(migration, Outcome::fault, "/etc/postfix/main.cf:1", "postscreen_dnsbl_sites"));
    CHECK(found(migration, Outcome::refused, "/etc/postfix/main.cf:6", "rbl_reply_maps"));
    CHECK(found(migration, Outcome::refused, "/etc/postfix/main.cf:7", "reject_rhsbl_recipient"));
    CHECK(found(migration, Outcome::refused, "/etc/postfix/main.cf:7", "maybe.example"));
}

TEST_CASE("a list's key is in the draft and not in the report")
{
    const ScratchFolder root;
    const auto key = std::string("abcdefghijklmnopqrstuvwxyz");
    const auto list = key + ".zen.dq.spamhaus.net=127.0.0.[2..11]";
    const auto migration =
        migrated(root, {}, postfix_of("smtpd_client_restrictions = reject_rbl_client " + list + "\n", ""));
    CHECK(config_of(migration).dnsbl.sites == Texts{list});
    CHECK(report(migration.findings()).find(key) == std::string::npos);
    CHECK(found(migration, Outcome::kept, "/etc/postfix/main.cf:1", "zen.spamhaus.org"));
}

TEST_CASE("lists that only warn are observed")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root, {}, postfix_of("smtpd_client_restrictions = warn_if_reject reject_rbl_client maybe.example\n", ""));
    CHECK(config_of(migration).dnsbl.observe);
    CHECK(config_of(migration).dnsbl.sites == Texts{"maybe.example"});
}

TEST_CASE("ldap: tables, from a file and from main.cf, for the domains that they serve")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root,
        {{"/etc/postfix/staff.cf",
          "server_host = ldaps://dc1 ldaps://dc2\nsearch_base = dc=x\nquery_filter = (mail=%s)\n"
          "result_attribute = mail\ncache = yes\n"},
         {"/etc/postfix/bad.cf", "server_host = a\nsearch_base = dc=x\nbogus = 1\n"},
         {"/etc/postfix/vm.cf", "server_host = a\nsearch_base = dc=x\n"}},
        postfix_of(
            "myhostname = mx.example.org\nmydestination = $myhostname, localhost\n"
            "relay_domains = example.org, example.net\nrelay_recipient_maps = proxy:ldap:/etc/postfix/staff.cf, "
            "ldap:/etc/postfix/bad.cf\n"
            "virtual_mailbox_domains = hash:/etc/postfix/vd\nvirtual_mailbox_maps = ldap:/etc/postfix/vm.cf\n"
            "virtual_alias_domains = a.example\nvirtual_alias_maps = hash:/etc/aliases, ldap:/etc/postfix/vm.cf\n"
            "local_recipient_maps = ldap:locals\nlocals_server_host = b:1389\nlocals_search_base = dc=y\n"
            "locals_query_filter = (mail=%s)\nlocals_result_attribute = mail\nlocals_bind_dn = cn=p\nlocals_bind_pw = "
            "hush\n",
            ""));
    const auto ldap = config_of(migration).ldap;
    REQUIRE(ldap.size() == 2);
    CHECK(ldap[0].table == "/etc/postfix/staff.cf");
    CHECK(ldap[0].domains == Texts{"example.org", "example.net"});
    CHECK(ldap[1].servers == Texts{"ldap://b:1389"});
    CHECK(ldap[1].domains == Texts{"mx.example.org"});
    CHECK(ldap[1].filter == "(&(mail=%s)(|(mail=*)))");
    CHECK(ldap[1].bind_password == "hush");
    CHECK_FALSE(ldap[1].verify); // as Postfix has it
    CHECK(report(migration.findings()).find("hush") == std::string::npos);
    CHECK(found(migration, Outcome::changed, "/etc/postfix/staff.cf:5", "cache"));
    CHECK(found(migration, Outcome::fault, "/etc/postfix/bad.cf:3", "bogus"));
    CHECK(found(migration, Outcome::refused, "/etc/postfix/main.cf:6", "domains cannot be told"));
    CHECK(found(migration, Outcome::refused, "/etc/postfix/main.cf:8", "hash:/etc/aliases knows recipients, too"));
}

} // namespace postern
