#include "policyd/recipient_table.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace postern {
namespace {

std::string all(const std::vector<Error>& faults)
{
    std::string text;
    for (const auto& fault : faults)
        text += (text.empty() ? "" : "; ") + fault.what;
    return text;
}

} // namespace

TEST_CASE("RecipientTable: which entry counts")
{
    const auto table = RecipientTable::parse(R"(# recipients
user@example.org        REJECT user
user+tag@example.org    REJECT tagged
@alone.example          REJECT alone
example.org             REJECT domain
.below.example          REJECT below
info@                   REJECT info
info+x@                 REJECT info with x
bücher@example.net    OK
shop@xn--bcher-kva.example REJECT shop
user@alone.example      DUNNO
user@example.org        OK
goes@example.com        REJECT
    on here
)",
                                             "t");
    REQUIRE(table);
    CHECK(table->warnings() == std::vector<std::string>{"t:12: user@example.org stands there already; the first counts"});
    struct Case {
        const char* address;
        const char* want; // the text; nullptr: no entry
    };
    const Case cases[] = {
        {"user@example.org", "user"},
        {"user+tag@example.org", "tagged"},
        {"user+other@example.org", "user"},
        {"other@example.org", "domain"},
        {"other@sub.example.org", "domain"},
        {"other@notexample.org", nullptr},
        {"other@alone.example", "alone"},
        {"other@sub.alone.example", nullptr},
        {"user@alone.example", ""}, // DUNNO
        {"a@x.below.example", "below"},
        {"a@y.x.below.example", "below"},
        {"a@below.example", nullptr},
        {"info@anywhere.example", "info"},
        {"info+x@anywhere.example", "info with x"},
        {"info+y@anywhere.example", "info"},
        {"shop@xn--bcher-kva.example", "shop"},
        {"goes@example.com", "on here"},
        {"nobody", nullptr},
        {"", nullptr},
        {"@", nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.address);
        const auto* entry = table->find(c.address, without_extension(c.address, "+"));
        REQUIRE((entry != nullptr) == (c.want != nullptr));
        if (entry)
            CHECK(entry->verdict.text == c.want);
    }
}

TEST_CASE("parse_recipient_action: every action of access(5)")
{
    using Meaning = RecipientEntry::Meaning;
    struct Case {
        const char* text;
        Meaning want_meaning;
        Action want_action = Action::dunno;
        int want_code = 0;
        const char* want_status = "";
        const char* want_text = "";
        const char* want_header = "";
    };
    const Case cases[] = {
        {"OK", Meaning::exists},
        {"ok whatever", Meaning::exists},
        {"1234567890", Meaning::exists},
        {"DUNNO", Meaning::unsaid},
        {"REJECT", Meaning::verdict, Action::reject},
        {"reject\t gone away", Meaning::verdict, Action::reject, 0, "", "gone away"},
        {"REJECT 5.1.6 moved", Meaning::verdict, Action::reject, 0, "1.6", "moved"},
        {"550 5.1.1 no", Meaning::verdict, Action::reject, 550, "1.1", "no"},
        {"451 wait", Meaning::verdict, Action::defer, 451, "", "wait"},
        {"DEFER 4.2.1 wait", Meaning::verdict, Action::defer, 0, "2.1", "wait"},
        {"DEFER_IF_PERMIT", Meaning::verdict, Action::defer_if_permit},
        {"DEFER_IF_REJECT x", Meaning::verdict, Action::defer_if_reject, 0, "", "x"},
        {"DISCARD", Meaning::verdict, Action::discard},
        {"HOLD why", Meaning::verdict, Action::hold, 0, "", "why"},
        {"FILTER smtp:[127.0.0.1]:10025", Meaning::verdict, Action::filter, 0, "", "smtp:[127.0.0.1]:10025"},
        {"REDIRECT a@b", Meaning::verdict, Action::redirect, 0, "", "a@b"},
        {"BCC a@b", Meaning::verdict, Action::bcc, 0, "", "a@b"},
        {"WARN look", Meaning::verdict, Action::warn, 0, "", "look"},
        {"INFO look", Meaning::verdict, Action::warn, 0, "", "look"},
        {"PREPEND X-A: b", Meaning::verdict, Action::dunno, 0, "", "", "X-A: b"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const auto entry = parse_recipient_action(c.text);
        REQUIRE(entry);
        CHECK(entry->meaning == c.want_meaning);
        CHECK(entry->verdict.action == c.want_action);
        CHECK(entry->verdict.code == c.want_code);
        CHECK(entry->verdict.status == c.want_status);
        CHECK(entry->verdict.text == c.want_text);
        CHECK(entry->verdict.header == c.want_header);
    }
}

TEST_CASE("RecipientTable: faults")
{
    struct Case {
        const char* line; // the second
        const char* want;
    };
    const Case cases[] = {
        {"b@c PERMIT", "t:2: \"permit\" is no action of access(5); restrictions cannot be named here"},
        {"b@c reject_unauth_destination",
         "t:2: \"reject_unauth_destination\" is no action of access(5); restrictions cannot be named here"},
        {"b@c 550", "t:2: 550 alone is OK to Postfix; write 550 and a text, or REJECT"},
        {"b@c 450", "t:2: 450 alone is OK to Postfix; write 450 and a text, or REJECT"},
        {"b@c FILTER smtp", "t:2: filter wants transport:destination"},
        {"b@c REDIRECT root", "t:2: redirect wants user@domain"},
        {"b@c BCC", "t:2: bcc wants user@domain"},
        {"b@c PREPEND no header", "t:2: prepend wants a header field, such as X-Note: text"},
        {"b@c", "t:2: \"key value\" is wanted"},
        {"b@c NO\nd@e NEITHER",
         "t:2: \"no\" is no action of access(5); restrictions cannot be named here; "
         "t:3: \"neither\" is no action of access(5); restrictions cannot be named here"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.line);
        const auto table = RecipientTable::parse(fmt::format("a@b OK\n{}\n", c.line), "t");
        REQUIRE_FALSE(table);
        CHECK(all(table.error()) == c.want);
    }
}

TEST_CASE("without_extension, as Postfix's recipient_delimiter")
{
    struct Case {
        const char* address;
        const char* delimiters;
        const char* want;
    };
    const Case cases[] = {
        {"user+tag@example.org", "+", "user@example.org"},
        {"user+a+b@example.org", "+", "user@example.org"},
        {"user-a+b@example.org", "+-", "user@example.org"},
        {"user@example.org", "+", ""},
        {"user+tag@example.org", "", ""},
        {"user+@example.org", "+", ""},
        {"+tag@example.org", "+", ""},
        {"user+tag", "+", ""},
        {"user@a+b.example", "+", ""},
        {"mailer-daemon@example.org", "-", ""},
        {"double-bounce@example.org", "-", ""},
        {"owner-list@example.org", "-", ""},
        {"list-request@example.org", "-", ""},
        {"owner+list@example.org", "+", "owner@example.org"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.address);
        CHECK(without_extension(c.address, c.delimiters) == c.want);
    }
}

} // namespace postern
