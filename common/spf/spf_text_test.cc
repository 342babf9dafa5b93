#include "common/spf/spf_text.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("check_spf_text")
{
    struct Case {
        const char* name;
        const char* text;
        const char* want; // the start of the fault; nullptr: none
    };
    const Case cases[] = {
        {"empty", "", nullptr},
        {"words", "No.", nullptr},
        {"every name", "{action} {result} {reason} {identity} {domain} {client} {receiver}", nullptr},
        {"one after the other", "{action}{action}", nullptr},
        {"a closing brace alone", "a} b", nullptr},
        {"unknown", "see {url}", "{url} stands for nothing here; {action}, "},
        {"upper case", "{Action}", "{Action} stands for nothing"},
        {"empty name", "{}", "{} stands for nothing"},
        {"not closed", "{action} {reason", "{reason stands for nothing"},
        {"brace in brace", "{{action}}", "{{action} stands for nothing"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = check_spf_text(c.text);
        CHECK(got.has_value() == (c.want == nullptr));
        if (!got && c.want)
            CHECK_MESSAGE(got.error().what.starts_with(c.want), got.error().what);
    }
}

TEST_CASE("write_spf_text")
{
    const SpfTextValues values{"rejected", "fail", "{domain} says no", "HELO", "example.net", "192.0.2.1", "mx"};
    CHECK(write_spf_text("Message {action} due to: SPF {result} - {reason}", values)
          == "Message rejected due to: SPF fail - {domain} says no"); // what a sender says is expanded no more
    CHECK(write_spf_text("{identity}={domain}/{client}/{receiver}", values) == "HELO=example.net/192.0.2.1/mx");
    CHECK(write_spf_text("a} b", values) == "a} b");
    CHECK(write_spf_text("", values) == "");

    const std::string endless(100'000, 'x');
    CHECK(write_spf_text("{reason}", {"", "", endless, "", "", "", ""}).size() == 600);
}

} // namespace postern
