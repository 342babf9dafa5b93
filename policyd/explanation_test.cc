#include "policyd/explanation.h"

#include <doctest/doctest.h>

namespace postern {

using namespace std::chrono_literals;

TEST_CASE("parse_explain_request")
{
    struct Case {
        const char* name;
        std::string_view line;
        std::string want_error; // empty: none
    };
    const Case cases[] = {
        {"the least", "client_address=192.0.2.1 recipient=user@example.org", ""},
        {"all", "client_address=2001:db8::1 client_name=mx.example.net reverse_client_name=mx.example.net helo_name=mx "
                "sender=a@example.net recipient=user@example.org sasl_username=u policy_context=spf", ""},
        {"no client", "recipient=user@example.org", "client_address: \"\" is no IP address"},
        {"a name for an address", "client_address=mx.example.net recipient=u@example.org",
         "client_address: \"mx.example.net\" is no IP address"},
        {"no recipient", "client_address=192.0.2.1", "recipient: is missing"},
        {"another attribute", "client_address=192.0.2.1 recipient=u@example.org instance=1", "no such attribute: instance"},
        {"another request in a value", "client_address=192.0.2.1 recipient=u@example.org sender=a%0Ainstance=1",
         "sender: holds a line feed or a NUL"},
        {"a NUL", "client_address=192.0.2.1 recipient=u@example.org sender=a%00", "sender: holds a line feed or a NUL"},
        {"broken", "client_address", "not name=value: \"client_address\""},
        {"nothing", "", "client_address: \"\" is no IP address"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_explain_request(c.line);
        CHECK((got ? "" : got.error().what) == c.want_error);
        if (got) {
            CHECK(got->protocol_state == "RCPT");
            CHECK(got->instance.empty()); // it is of no message
            CHECK(got->has_sender);
            CHECK_FALSE(got->client_name.empty());
            CHECK(got->recipient == "user@example.org");
        }
    }
}

TEST_CASE("write_explanation")
{
    const auto request = parse_explain_request("client_address=192.0.2.1 client_name=mx.example.net helo_name=mx%1b[0m "
                                               "recipient=user@example.org");
    REQUIRE(request);
    Explanation explanation;
    explanation.checks.push_back({.check = "dnsbl",
                                  .is_observed = true,
                                  .verdict = {.action = Action::reject, .reason = "score=3"},
                                  .time = 12'345us,
                                  .notes = {"1 of 2 lists\ncan be asked"}});
    explanation.checks.push_back({.check = "spf", .verdict = {.header = "Received-SPF: none", .reason = "none"}, .time = 85us});
    explanation.checks.push_back({.check = "ldap", .verdict = {.action = Action::reject, .reason = "unknown"}, .time = 2s});
    explanation.checks.push_back({.check = "greylist", .not_asked = "the answer is certain"});
    explanation.decided_by = "ldap";
    explanation.reply = "action=550 5.1.1 unknown\n\n";
    CHECK(write_explanation(*request, explanation)
          == "client     192.0.2.1 (mx.example.net)\n"
             "helo       mx?[0m\n"
             "sender     <>\n"
             "recipient  user@example.org\n"
             "\n"
             "dnsbl      would-reject      12.3ms  score=3\n"
             "             1 of 2 lists?can be asked\n"
             "spf        dunno               85us  none\n"
             "             header Received-SPF: none\n"
             "ldap       reject             2.00s  unknown\n"
             "greylist   not asked: the answer is certain\n"
             "\n"
             "decided by ldap\n"
             "Postfix is told action=550 5.1.1 unknown\n");
}

} // namespace postern
