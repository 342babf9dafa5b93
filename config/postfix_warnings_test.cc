#include "config/postfix_warnings.h"

#include "config/read_config.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace postern {
namespace {

Config config_of(const std::string& toml)
{
    const auto loaded = read_config({"t", toml});
    REQUIRE(loaded);
    return loaded->config;
}

bool has_line(const std::vector<std::string>& lines, std::string_view part)
{
    return std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return line.find(part) != line.npos; });
}

} // namespace

TEST_CASE("warnings about a Postfix")
{
    struct Case {
        const char* name;
        std::string parameters, services, options;
        const char* want; // nullptr: none
    };
    const std::string smtpd = "127.0.0.1:10025 inet n - n - - smtpd\n", name = "127.0.0.1:10025/inet/";
    const Case cases[] = {
        {"nothing", "", smtpd, "", nullptr},
        {"proxy filter", "smtpd_proxy_filter = a:10024", "", "", "main.cf: smtpd_proxy_filter = a:10024: "},
        {"proxy filter of a service", "", smtpd, name + "smtpd_proxy_filter = a:1",
         "master.cf: 127.0.0.1:10025/inet: smtpd_proxy_filter = a:1"},
        {"mail comes back", "content_filter = amavis:a:10024", smtpd, name + "content_filter =",
         "need no_milters, too"},
        {"mail comes back, no milters", "", smtpd,
         name + "content_filter =\n" + name + "receive_override_options = no_header_body_checks, no_milters", nullptr},
        {"mail comes back, milters off", "", smtpd, name + "content_filter =\n" + name + "smtpd_milters =", nullptr},
        {"mail comes back from a proxy", "", smtpd, name + "smtpd_proxy_filter =", "need no_milters, too"},
        {"not of smtpd", "", "smtp unix - - n - - smtp\n", "smtp/unix/content_filter =", nullptr},
        {"milters of its own", "", smtpd, name + "smtpd_milters = inet:localhost:8891", "has smtpd_milters of its own"},
        {"an instance of ours", "", smtpd, name + "smtpd_milters = { unix:postern/milter-a }", nullptr},
        {"accept", "milter_default_action = accept", "", "", "milter_default_action = accept: "},
        {"tempfail", "milter_default_action = tempfail", "", "", nullptr},
        {"smuggling", "smtpd_forbid_bare_newline = no", "", "", "smtpd_forbid_bare_newline = no: "},
        {"no smuggling", "smtpd_forbid_bare_newline = normalize", "", "", nullptr},
        {"one error", "smtpd_hard_error_limit = 1", "", "", "smtpd_hard_error_limit = 1: "},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = postfix_warnings(read_postconf({c.parameters, c.services, c.options}), config_of(""));
        CHECK(got.size() == (c.want ? 1 : 0));
        if (c.want)
            CHECK(has_line(got, c.want));
    }
}

TEST_CASE("a listener that takes mail back is no danger if the milter knows it")
{
    const std::string service = "127.0.0.1:10025/inet/";
    const auto postfix = read_postconf({"", "127.0.0.1:10025 inet n - n - - smtpd\n",
                                        service + "content_filter =\n" + service + "milter_macro_daemon_name = BACK"});
    CHECK(postfix_warnings(postfix, config_of("")).size() == 1);
    CHECK(postfix_warnings(postfix, config_of("[milterd]\nreturning_daemon_names = [\"BACK\"]\n")).empty());
}

TEST_CASE("remarks about a Postfix")
{
    const std::string key = "[[dkim.domain]]\ndomain = \"example.org\"\nselector = \"a\"\nkey = \"/k\"\n";
    struct Case {
        const char* name;
        std::string toml, parameters, services;
        const char* want; // nullptr: none
    };
    const Case cases[] = {
        {"nothing", "", "milter_protocol = 6\nmynetworks = 127.0.0.0/8 [::1]/128", "", nullptr},
        {"old protocol", "", "milter_protocol = 2", "", "Take out milter_protocol = 2"},
        {"old program in master.cf", "", "", "policyd-spf unix - n n - 0 spawn user=x\n",
         "May go from master.cf: policyd-spf/unix (postconf -MX policyd-spf/unix)"},
        {"which stays", "[spf]\nenable = false\n", "", "policyd-spf unix - n n - 0 spawn user=x\n", nullptr},
        {"networks of ours that are not trusted", "", "mynetworks = 127.0.0.0/8, 10.0.0.0/8", "",
         "mynetworks has 10.0.0.0/8, and trust.networks has not"},
        {"networks in a table", "", "mynetworks = 127.0.0.0/8, cidr:/x", "", "mynetworks reads cidr:/x: what stands there"},
        {"networks in a file", "", "mynetworks = 127.0.0.0/8, /x", "", "mynetworks reads /x: what stands there"},
        {"bounces unsigned", key, "internal_mail_filter_classes =", "", "internal_mail_filter_classes = bounce"},
        {"bounces signed", key, "internal_mail_filter_classes = bounce, notify", "", nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = postfix_remarks(read_postconf({c.parameters, c.services, ""}), config_of(c.toml));
        CHECK(got.size() == (c.want ? 1 : 0));
        if (c.want)
            CHECK(has_line(got, c.want));
    }
}

} // namespace postern
