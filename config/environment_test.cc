#include "config/environment.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

Result<std::string> read_fake_file(const std::string& path)
{
    if (path == "/secret")
        return "10m\n";
    if (path == "/two-lines")
        return "a\n\n";
    return fail("{}: No such file or directory", path);
}

EnvironmentSettings read(const Environment& environment)
{
    return read_environment(environment, {"submission", "in-house"}, read_fake_file);
}

} // namespace

TEST_CASE("environment_of takes ours only")
{
    const char* const environ[] = {"PATH=/bin", "POSTERN_LOG_LEVEL=debug", "POSTERN_X=a=b", "POSTERN_NOTHING", nullptr};
    const Environment want = {{"POSTERN_LOG_LEVEL", "debug"}, {"POSTERN_X", "a=b"}};
    CHECK(environment_of(environ) == want);
}

TEST_CASE("a name of the environment is a setting")
{
    struct Case {
        std::string variable;
        const char* want_section; // nullptr: none; a warning
        const char* want_name = "";
        const char* want_instance = "";
        int want_number = 0;
    };
    const Case cases[] = {
        {"POSTERN_GREYLIST_DELAY", "greylist", "delay"},
        {"POSTERN_GREYLIST_IPV4_PREFIX", "greylist", "ipv4_prefix"},
        {"POSTERN_MILTERD_LISTEN", "milterd", "listen"},
        {"POSTERN_MILTERD_SUBMISSION_LISTEN", "milterd", "listen", "submission"},
        {"POSTERN_DKIM_IN_HOUSE_VERIFY", "dkim", "verify", "in-house"},
        {"POSTERN_MILTERD_OTHER_LISTEN", nullptr}, // the file has no such instance
        {"POSTERN_POLICYD_SUBMISSION_LISTEN", nullptr},
        {"POSTERN_DKIM_DOMAIN_1_SELECTOR", "dkim.domain", "selector", "", 1},
        {"POSTERN_DKIM_DOMAIN_99_KEY", "dkim.domain", "key", "", 99},
        {"POSTERN_DKIM_DOMAIN_0_KEY", nullptr},
        {"POSTERN_DKIM_DOMAIN_01_KEY", nullptr},
        {"POSTERN_DKIM_DOMAIN_100_KEY", nullptr},
        {"POSTERN_DKIM_DOMAIN__KEY", nullptr},
        {"POSTERN_DKIM_DOMAIN_KEY", nullptr},
        {"POSTERN_DKIM_DOMAIN_N_KEY", nullptr},
        {"POSTERN_PORT", nullptr}, // Kubernetes, for a service called postern
        {"POSTERN_POLICYD_SERVICE_HOST", nullptr},
        {"POSTERN_", nullptr},
        {"POSTERN_greylist_delay", nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.variable);
        const auto got = read({{c.variable, "value"}});
        CHECK(got.faults.empty());
        CHECK(got.settings.size() == (c.want_section ? 1 : 0));
        if (!c.want_section) {
            CHECK(got.warnings == std::vector{fmt::format("environment: {}: no such setting; ignored", c.variable)});
        } else if (!got.settings.empty()) {
            CHECK(got.warnings.empty());
            CHECK(got.settings[0].setting->section == c.want_section);
            CHECK(got.settings[0].setting->name == c.want_name);
            CHECK(got.settings[0].instance == c.want_instance);
            CHECK(got.settings[0].number == c.want_number);
            CHECK(got.settings[0].text == "value");
        }
    }
}

TEST_CASE("_FILE is the content of a file, without the newline at its end")
{
    const auto got = read({{"POSTERN_GREYLIST_DELAY_FILE", "/secret"}, {"POSTERN_GREYLIST_TEXT_FILE", "/two-lines"}});
    REQUIRE(got.settings.size() == 2);
    CHECK(got.settings[0].text == "10m");
    CHECK(got.settings[0].variable == "POSTERN_GREYLIST_DELAY_FILE");
    CHECK(got.settings[1].text == "a\n");

    const auto entry = read({{"POSTERN_DKIM_DOMAIN_2_KEY_FILE", "/secret"}});
    REQUIRE(entry.settings.size() == 1);
    CHECK(entry.settings[0].number == 2);
}

TEST_CASE("faults and warnings of the environment")
{
    struct Case {
        const char* name;
        Environment environment;
        std::string want_fault, want_warning;
    };
    const Case cases[] = {
        {"unreadable file", {{"POSTERN_LOG_LEVEL_FILE", "/gone"}},
         "environment: POSTERN_LOG_LEVEL_FILE: /gone: No such file or directory", ""},
        {"both", {{"POSTERN_LOG_LEVEL", "info"}, {"POSTERN_LOG_LEVEL_FILE", "/secret"}},
         "environment: POSTERN_LOG_LEVEL: POSTERN_LOG_LEVEL_FILE is set, too: which of them counts?", ""},
        {"unknown name of a file is not read", {{"POSTERN_WHAT_FILE", "/gone"}}, "",
         "environment: POSTERN_WHAT_FILE: no such setting; ignored"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = read(c.environment);
        CHECK(got.faults.size() == (c.want_fault.empty() ? 0 : 1));
        CHECK(got.warnings.size() == (c.want_warning.empty() ? 0 : 1));
        if (!got.faults.empty())
            CHECK(got.faults[0].what == c.want_fault);
        if (!got.warnings.empty())
            CHECK(got.warnings[0] == c.want_warning);
    }
}

TEST_CASE("entries of a repeated section come by number")
{
    const auto got = read({{"POSTERN_DKIM_DOMAIN_10_KEY", "/ten"}, {"POSTERN_DKIM_DOMAIN_2_KEY", "/two"}});
    REQUIRE(got.settings.size() == 2);
    CHECK(got.settings[0].text == "/two");
    CHECK(got.settings[1].text == "/ten");
}

TEST_CASE("variable_of")
{
    CHECK(variable_of(*find_setting("greylist", "delay")) == "POSTERN_GREYLIST_DELAY");
    CHECK(variable_of(*find_setting("dkim.domain", "key")) == "POSTERN_DKIM_DOMAIN_N_KEY");
}

} // namespace postern
