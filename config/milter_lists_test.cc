#include "config/milter_lists.h"

#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using Lines = std::vector<std::string>;

const std::string ours = "{ unix:postern/milter, connect_timeout=10s, content_timeout=300s, default_action=tempfail }";
const std::string submission =
    "{ unix:postern/milter-out, connect_timeout=10s, content_timeout=300s, default_action=tempfail }";
const std::string with_instance = "[milterd.out]\nrole = \"submission\"\n";

Config config_of(const std::string& toml, std::string_view instance = {})
{
    const auto loaded = read_config({"t", toml}, instance);
    REQUIRE(loaded);
    return loaded->config;
}

PostfixConfig postfix_of(const std::string& milters, const std::string& options)
{
    return read_postconf({"compatibility_level = 3.6\nqueue_directory = /var/spool/postfix\nsmtpd_milters = " + milters + "\n",
                          "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n"
                          "127.0.0.1:10025 inet n - y - - smtpd\npickup unix n - y 60 1 pickup\n",
                          options});
}

std::string compact(std::string text)
{
    std::erase(text, ' ');
    return text;
}

} // namespace

TEST_CASE("our place in a list of milters")
{
    struct Case {
        const char* name;
        std::string now, want;
    };
    const Case cases[] = {
        {"an empty list", "", "OURS"},
        {"last", "inet:localhost:11332", "inet:localhost:11332, OURS"},
        {"before DMARC", "inet:localhost:8893", "OURS, inet:localhost:8893"},
        {"in the place of two", "inet:localhost:11332 inet:localhost:8891, local:clamav/clamav-milter.ctl",
         "inet:localhost:11332, OURS"},
        {"again", ours, "OURS"},
    };
    const auto config = config_of("[clamav]\nenable = true\n[[dkim.domain]]\ndomain = \"x\"\nselector = \"s\"\nkey = \"/k\"\n");
    for (const auto& c : cases) {
        CAPTURE(c.name);
        PostfixEntries entries(config, "/var/spool/postfix", PostfixWay::replace);
        CHECK(join_postfix_list(edit_milter_list(entries, c.now, "OURS")) == c.want);
    }
}

TEST_CASE("whose an entry is")
{
    struct Case {
        const char* entry;
        bool is_ours;
    };
    const Case cases[] = {
        {"unix:postern/milter", true},
        {"local:postern/milter", true},
        {"{ unix:/var/spool/postfix/postern/milter-of-before, timeout=3s }", true},
        {"{ inet:[::1]:8895, connect_timeout=10s }", true}, // where it listens now
        {"inet:[::1]:88950", false},
        {"inet:postern.example.org:8895", false},
        {"unix:postern-bridge/milter", false},
        {"unix:private/postern", false},
        {"unix:postern", false},
        {"{ unix:rspamd/milter, default_action=accept }", false},
        {"", false},
    };
    const auto config = config_of("[milterd]\nlisten = \"inet:[::1]:8895\"\n");
    PostfixEntries entries(config, "/var/spool/postfix", PostfixWay::replace);
    (void)entries.milter(config.milterd);
    for (const auto& c : cases) {
        CAPTURE(c.entry);
        CHECK(entries.is_ours(c.entry) == c.is_ours);
    }
}

TEST_CASE("who observes stands before the old ones, which stay")
{
    const auto config = config_of("[clamav]\nenable = true\n");
    PostfixEntries entries(config, "/var/spool/postfix", PostfixWay::observe);
    CHECK(join_postfix_list(edit_milter_list(entries, "inet:a:1, local:clamav/clamav-milter.ctl", "OURS"))
          == "inet:a:1, OURS, local:clamav/clamav-milter.ctl");
    CHECK(entries.milter(config.milterd)
          == "{ unix:postern/milter, connect_timeout=10s, content_timeout=300s, default_action=accept }");
    CHECK(entries.policy({"unix:postern/policy", {}, true})
          == "{ unix:postern/policy, timeout=30s, default_action=DUNNO, policy_context=observe }");
    CHECK(entries.policy({"unix:postern/policy", {"spf"}, false})
          == "{ unix:postern/policy, timeout=30s, default_action=DUNNO, policy_context=spf+observe }");
}

TEST_CASE("services of master.cf")
{
    struct Case {
        const char* name;
        std::string toml;
        std::string milters, options;
        Lines want;
    };
    const Case cases[] = {
        {"nothing of their own", "", "", "", {}},
        {"an old program in a list of its own", "[clamav]\nenable = true\n", "",
         "submission/inet/smtpd_milters = local:clamav/clamav-milter.ctl\n",
         {"submission/inet/smtpd_milters=" + compact(ours)}},
        {"another milter stays alone", "", "", "submission/inet/smtpd_milters = inet:localhost:11332\n", {}},
        {"an instance for submission", with_instance, "inet:localhost:11332", "",
         {"submission/inet/smtpd_milters=inet:localhost:11332," + compact(submission)}},
        {"and where no milter is wanted, none comes", with_instance, "inet:localhost:11332",
         "submission/inet/smtpd_milters =\n127.0.0.1:10025/inet/smtpd_milters =\n", {}},
        {"mail of this host", "[clamav]\nenable = true\n", "",
         "pickup/unix/non_smtpd_milters = local:clamav/clamav-milter.ctl\n",
         {"pickup/unix/non_smtpd_milters=" + compact(ours)}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto config = config_of(c.toml);
        std::vector<InstanceConfig> instances;
        if (c.toml == with_instance)
            instances.push_back({"out", config_of(c.toml, "out")});
        PostfixEntries entries(config, "/var/spool/postfix", PostfixWay::replace);
        CHECK(service_milter_lists(entries, postfix_of(c.milters, c.options), config, instances) == c.want);
    }
}

} // namespace postern
