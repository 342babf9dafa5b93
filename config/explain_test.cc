#include "config/explain.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("explain_attributes")
{
    struct Case {
        const char* name;
        ExplainOptions options;
        std::string want;
    };
    const Case cases[] = {
        {"the least", {.client = "192.0.2.1", .recipient = "u@example.org"},
         "client_address=192.0.2.1 sender= recipient=u@example.org"},
        {"the null sender as people write it", {.client = "192.0.2.1", .sender = "<>", .recipient = "u@example.org"},
         "client_address=192.0.2.1 sender= recipient=u@example.org"},
        {"all",
         {.client = "2001:db8::1", .client_name = "mx.example.net", .helo = "h", .sender = "a b@example.net",
          .recipient = "u@example.org", .login = "me", .context = "spf"},
         "client_address=2001:db8::1 sender=a%20b@example.net recipient=u@example.org helo_name=h "
         "client_name=mx.example.net reverse_client_name=mx.example.net sasl_username=me policy_context=spf"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(explain_attributes(c.options) == c.want);
    }
}

TEST_CASE("explain_offline")
{
    struct Case {
        const char* name;
        std::string program;
        Result<ProgramAnswer> answer;
        Result<std::string> want;
    };
    const Case cases[] = {
        {"an answer", "/sbin/policyd", ProgramAnswer{0, "client x\n"}, std::string("client x\n")},
        {"a refusal", "/sbin/policyd", ProgramAnswer{1, "recipient: is missing\n"}, fail("recipient: is missing")},
        {"nothing", "/sbin/policyd", ProgramAnswer{139, ""}, fail("/sbin/policyd ended with status 139 and said nothing")},
        {"it cannot run", "/sbin/policyd", fail("no memory"), fail("no memory")},
        {"it is not there", "", fail("not asked"), fail("postern-policyd is not installed here")},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        std::vector<std::string> asked;
        const auto got = explain_offline(
            "/etc/p.toml", "a=b", [&](std::string_view) { return c.program; },
            [&](const std::vector<std::string>& command) {
                asked = command;
                return c.answer;
            });
        CHECK(got.has_value() == c.want.has_value());
        CHECK((got ? *got : got.error().what) == (c.want ? *c.want : c.want.error().what));
        if (!c.program.empty())
            CHECK(asked == std::vector<std::string>{c.program, "--config", "/etc/p.toml", "--explain", "a=b"});
    }
}

} // namespace postern
