#include "config/old_programs.h"

#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("old programs are known by their usual addresses")
{
    struct Case {
        std::string_view address;
        const char* want_policy_service; // nullptr: not known
        const char* want_milter;
    };
    const Case cases[] = {
        {"inet:127.0.0.1:10023", "postgrey", nullptr},
        {"inet:[::1]:10023", "postgrey", nullptr},
        {"unix:postgrey/socket", "postgrey", nullptr},
        {"{ unix:private/policyd-spf, timeout=3600s }", "policyd-spf", nullptr},
        {"unix:private/policy-spf", "policyd-spf", nullptr},
        {"unix:private/spfpolicy", "policyd-spf", nullptr},
        {"unix:private/quota-status", nullptr, nullptr},
        {"inet:localhost:8891", nullptr, "opendkim"},
        {"local:opendkim/opendkim.sock", nullptr, "opendkim"},
        {"unix:/clamav/clamav-milter.ctl", nullptr, "clamav-milter"},
        {"inet:localhost:8892", nullptr, "dkimpy-milter"},
        {"inet:localhost:8893", nullptr, nullptr}, // opendmarc
        {"inet:127.0.0.1:11332", nullptr, nullptr}, // rspamd
    };
    for (const auto& c : cases) {
        CAPTURE(c.address);
        const auto* const service = find_old_policy_service(c.address);
        const auto* const milter = find_old_milter(c.address);
        CHECK((service != nullptr) == (c.want_policy_service != nullptr));
        CHECK((milter != nullptr) == (c.want_milter != nullptr));
        if (service && c.want_policy_service)
            CHECK(service->name == c.want_policy_service);
        if (milter && c.want_milter)
            CHECK(milter->name == c.want_milter);
    }
}

TEST_CASE("an old program goes only when its duty is wholly ours")
{
    struct Case {
        const char* name;
        std::string toml;
        Duty duty;
        bool want_ours;
    };
    const std::string key = "[[dkim.domain]]\ndomain = \"example.org\"\nselector = \"a\"\nkey = \"/k\"\n";
    const Case cases[] = {
        {"SPF", "", Duty::spf, true},
        {"SPF off", "[spf]\nenable = false\n", Duty::spf, false},
        {"SPF observes", "[spf]\nobserve = true\n", Duty::spf, false},
        {"SPF is no check", "[policyd]\nchecks = [\"greylist\"]\n", Duty::spf, false},
        {"greylist", "", Duty::greylist, true},
        {"greylist off", "[greylist]\nenable = false\n", Duty::greylist, false},
        {"greylist observes", "[greylist]\nobserve = true\n", Duty::greylist, false},
        {"verify only, for all we know", "", Duty::dkim, false},
        {"verify and sign", key, Duty::dkim, true},
        {"sign only", "[dkim]\nverify = false\n" + key, Duty::dkim, false},
        {"no virus scan", "", Duty::clamav, false},
        {"virus scan", "[clamav]\nenable = true\n", Duty::clamav, true},
        {"virus scan observes", "[clamav]\nenable = true\nobserve = true\n", Duty::clamav, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto loaded = read_config({"t", c.toml});
        REQUIRE(loaded);
        CHECK(why_not_ours(loaded->config, c.duty).empty() == c.want_ours);
    }
}

} // namespace postern
