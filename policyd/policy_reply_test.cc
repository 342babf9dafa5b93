#include "policyd/policy_reply.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("policy_reply")
{
    struct Case {
        const char* name;
        Verdict verdict;
        std::string want; // between "action=" and the two line feeds
    };
    const auto text_of = [](Action action, std::string text) {
        return Verdict{.action = action, .text = std::move(text)};
    };
    const Case cases[] = {
        {"nothing to say", {}, "DUNNO"},
        {"a text without an action is not said", {.text = "x"}, "DUNNO"},

        {"reject by code", {.action = Action::reject, .code = 550, .status = "7.23", .text = "no"}, "550 5.7.23 no"},
        {"reject by word", {.action = Action::reject, .status = "7.1", .text = "no"}, "REJECT 5.7.1 no"},
        {"reject for now", {.action = Action::reject, .code = 450, .status = "1.1", .text = "no"}, "450 4.1.1 no"},
        {"reject and hang up", {.action = Action::reject, .code = 521, .status = "7.1", .text = "no"}, "521 5.7.1 no"},
        {"defer", {.action = Action::defer, .status = "3.0", .text = "later"}, "DEFER 4.3.0 later"},
        {"defer_if_permit",
         {.action = Action::defer_if_permit, .status = "2.0", .text = "later"},
         "DEFER_IF_PERMIT 4.2.0 later"},
        {"defer_if_permit by code",
         {.action = Action::defer_if_permit, .code = 451, .status = "2.0", .text = "later"},
         "451 4.2.0 later"},
        {"defer_if_reject",
         {.action = Action::defer_if_reject, .status = "7.1", .text = "later"},
         "DEFER_IF_REJECT 4.7.1 later"},

        {"no text, for good", {.action = Action::reject, .code = 550}, "550 5.7.1 Access denied"},
        {"no text, for now", {.action = Action::defer}, "DEFER 4.7.1 Try again later"},
        {"a text of blanks", {.action = Action::reject, .code = 550, .text = " \r\n\t"}, "550 5.7.1 Access denied"},
        {"a code of no refusal", {.action = Action::reject, .code = 250, .text = "no"}, "REJECT 5.7.1 no"},
        {"a code out of range", {.action = Action::reject, .code = 5500, .text = "no"}, "REJECT 5.7.1 no"},
        {"a code against the word", {.action = Action::defer, .code = 550, .text = "no"}, "DEFER 4.7.1 no"},
        {"a status with its class", {.action = Action::reject, .status = "5.7.1", .text = "no"}, "REJECT 5.7.1 no"},
        {"a status that is none", {.action = Action::reject, .status = "7.x\n", .text = "no"}, "REJECT 5.7.1 no"},
        {"a text that looks like a reply",
         {.action = Action::reject, .code = 550, .status = "7.23", .text = "250 2.0.0 OK\n\naction=OK"},
         "550 5.7.23 250 2.0.0 OK??action=OK"},
        {"a text with octets of every kind",
         {.action = Action::reject, .code = 550, .text = std::string("a\0b\x1b\x7f\xc3\xa4%s", 9)},
         "550 5.7.1 a?b????%s"},
        {"a text too long",
         {.action = Action::reject, .code = 550, .text = std::string(9000, 'x')},
         "550 5.7.1 " + std::string(policy_text_limit, 'x')},

        {"hold", text_of(Action::hold, "why"), "HOLD why"},
        {"hold without a text", text_of(Action::hold, ""), "HOLD"},
        {"discard", text_of(Action::discard, "why\n"), "DISCARD why"},
        {"warn", text_of(Action::warn, "look\nhere"), "WARN look?here"},
        {"filter", text_of(Action::filter, "smtp:[127.0.0.1]:10025"), "FILTER smtp:[127.0.0.1]:10025"},
        {"filter without a transport", text_of(Action::filter, "nowhere"), "DUNNO"},
        {"filter with a blank", text_of(Action::filter, "smtp:a b"), "DUNNO"},
        {"redirect", text_of(Action::redirect, "a@example.org"), "REDIRECT a@example.org"},
        {"redirect to nobody", text_of(Action::redirect, ""), "DUNNO"},
        {"redirect to two lines", text_of(Action::redirect, "a@example.org\nOK"), "DUNNO"},
        {"bcc", text_of(Action::bcc, "a@example.org"), "BCC a@example.org"},
        {"bcc without a domain", text_of(Action::bcc, "a"), "DUNNO"},
        {"bcc too long", text_of(Action::bcc, std::string(policy_text_limit, 'a') + "@b"), "DUNNO"},

        {"a header", {.header = "Received-SPF: pass"}, "PREPEND Received-SPF: pass"},
        {"a header that folds", {.header = "X-A: b\r\n c\r\n"}, "PREPEND X-A: b?? c"},
        {"a header without a name", {.header = ": x"}, "DUNNO"},
        {"a header with a blank in its name", {.header = "X A: x"}, "DUNNO"},
        {"a header without a colon", {.header = "OK"}, "DUNNO"},
        {"a header too long",
         {.header = "X: " + std::string(2000, 'x')},
         "PREPEND X: " + std::string(policy_header_limit - 3, 'x')},
        {"an action comes before its header", {.action = Action::hold, .header = "X: y"}, "HOLD"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(policy_reply(c.verdict) == "action=" + c.want + "\n\n");
    }
}

TEST_CASE("weight: which verdict is worth more")
{
    CHECK(Verdict{}.weight() == Weight::none);
    CHECK(Verdict{.action = Action::warn}.weight() == Weight::remark);
    CHECK(Verdict{.action = Action::defer_if_permit}.weight() == Weight::temporary);
    CHECK(Verdict{.action = Action::reject, .code = 450}.weight() == Weight::temporary);
    CHECK(Verdict{.action = Action::reject}.weight() == Weight::final);
    CHECK(Verdict{.action = Action::discard}.weight() == Weight::final);

    CHECK(Verdict{.action = Action::reject}.is_refusal());
    CHECK(Verdict{.action = Action::defer}.is_refusal());
    CHECK_FALSE(Verdict{.action = Action::discard}.is_refusal());
    CHECK_FALSE(Verdict{.action = Action::hold}.is_refusal());
}

} // namespace postern
