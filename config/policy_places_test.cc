#include "config/policy_places.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_policy_service")
{
    struct Case {
        const char* name;
        std::string_view entry;
        std::string_view want_address, want_context;
        bool want_default_action;
    };
    const Case cases[] = {
        {"an address alone", "unix:postern/policy", "unix:postern/policy", "", false},
        {"in braces", "{ unix:postern/policy }", "unix:postern/policy", "", false},
        {"a context of one name", "{ unix:p, policy_context=spf }", "unix:p", "spf", false},
        {"joined by plus", "{unix:p policy_context=dnsbl+spf}", "unix:p", "dnsbl+spf", false},
        {"in braces of its own", "{ unix:p, timeout=9s, { policy_context = dnsbl, spf } }", "unix:p", "dnsbl, spf", false},
        {"an action", "{ inet:[::1]:9, default_action=DUNNO, policy_context=spf }", "inet:[::1]:9", "spf", true},
        {"an action of several words", "{ unix:p, { default_action = 451 4.3.0 policy_context=x } }", "unix:p", "", true},
        {"an empty context", "{ unix:p, policy_context= }", "unix:p", "", false},
        {"a brace that is never closed", "{ unix:p, policy_context=spf",
         "{ unix:p, policy_context=spf", "", false},
        {"nothing", "", "", "", false},
        {"empty braces", "{}", "", "", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_policy_service(c.entry);
        CHECK(got.address == c.want_address);
        CHECK(got.context == c.want_context);
        CHECK(got.has_default_action == c.want_default_action);
    }
}

TEST_CASE("names_of_context")
{
    using Names = std::vector<std::string_view>;
    CHECK(names_of_context("spf") == Names{"spf"});
    CHECK(names_of_context("dnsbl+spf") == Names{"dnsbl", "spf"});
    CHECK(names_of_context(" dnsbl, spf\tgreylist ") == Names{"dnsbl", "spf", "greylist"});
    CHECK(names_of_context("").empty());
    CHECK(names_of_context("+,").empty());
}

TEST_CASE("entries_with_context: lists, classes and options of master.cf, each entry once")
{
    const auto postfix = read_postconf({
        "smtpd_sender_restrictions = check_policy_service { unix:p, policy_context=spf }, permit\n"
        "smtpd_restriction_classes = strict\n"
        "strict = check_policy_service { unix:p, policy_context=greylist } check_policy_service { unix:p, policy_context=spf }\n"
        "smtpd_data_restrictions = check_policy_service unix:p\n"
        "other = check_policy_service { unix:q, policy_context=spf }\n"
        "policy_context = check_policy_service\n",
        "smtp inet n - y - - smtpd\n",
        "smtp/inet/smtpd_client_restrictions = check_policy_service { unix:p, policy_context=dnsbl }\n"});
    const auto got = entries_with_context(postfix, [](const auto& entry) { return entry.find("unix:p") != entry.npos; });
    CHECK(got == std::vector<std::string>{"{ unix:p, policy_context=spf }", "{ unix:p, policy_context=greylist }",
                                          "{ unix:p, policy_context=dnsbl }"});
}

} // namespace postern
