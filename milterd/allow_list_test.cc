#include "milterd/allow_list.h"

#include "common/list_file.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_allow_list")
{
    struct Case {
        const char* name;
        std::string text;
        const char* sender;
        bool want_sender;
        const char* recipient;
        bool want_recipient;
        const char* want_fault; // the first one
    };
    const Case cases[] = {
        {"empty", "", "a@b", false, "a@b", false, nullptr},
        {"comments", "# a@b\n:a@b\n!a@b\n\n   \n", "a@b", false, "a@b", false, nullptr},
        {"a sender", "From:a@b", "a@b", true, "a@b", false, nullptr},
        {"a recipient", "To:a@b\n", "a@b", false, "a@b", true, nullptr},
        {"a recipient, too", "a@b\r\n", "a@b", false, "a@b", true, nullptr},
        {"any case", "fRoM:A@B", "a@b", true, "a@b", false, nullptr},
        {"anywhere", "From:@b\\.c", "x@b.c.d", true, "", false, nullptr},
        {"as clamav-milter saw it", "^<a@b>$", "", false, "a@b", true, nullptr},
        {"as one would write it", "^a@b$", "", false, "a@b", true, nullptr},
        {"the null sender", "From:^<>$", "", true, "", false, nullptr},
        {"basic, not extended", "a+(b)@c", "", false, "a+(b)@c", true, nullptr},
        {"no repetition", "ab+@c", "", false, "abb@c", false, nullptr},
        {"a # in a pattern", "a#b@c", "", false, "a#b@c", true, nullptr},
        {"blanks at the ends", "  From: a@b \n", "a@b", true, "", false, nullptr},
        {"nothing behind it", "a@b\nFrom:\n", "x@y", false, "a@b", true,
         "list:2: an empty pattern would match everybody"},
        {"no expression", "\n[a", "", false, "", false, "list:2: missing terminating ] for character class"},
        {"too long", std::string(3000, 'x'), "", false, "", false,
         "list:1: an entry of 3000 octets; at most 2000 are read"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        AllowList list;
        std::vector<Error> faults;
        parse_allow_list(c.text, "list", list, faults);
        CHECK(faults.empty() == (c.want_fault == nullptr));
        if (c.want_fault && !faults.empty())
            CHECK(faults[0].what.starts_with(c.want_fault));
        CHECK(AllowList::matches(list.senders, c.sender) == c.want_sender);
        CHECK(AllowList::matches(list.recipients, c.recipient) == c.want_recipient);
    }
}

TEST_CASE("parse_allow_list has an end")
{
    AllowList list;
    std::vector<Error> faults;
    std::string text;
    for (std::size_t i = 0; i < most_allow_entries + 100; ++i)
        text += "x\n";
    parse_allow_list(text, "list", list, faults);
    CHECK(list.recipients.size() == most_allow_entries);
    CHECK(faults.size() == most_list_faults + 1);
    CHECK(faults[0].what == "list:1001: more than 1000 entries");
}

TEST_CASE("parse_login_list")
{
    std::vector<std::string> logins;
    std::vector<Error> faults;
    parse_login_list("# who\n\nScanner\r\nback.up@Example.org\n!no\n:no\n", "list", logins, faults);
    CHECK(faults.empty());
    CHECK(logins == std::vector<std::string>{"scanner", "back.up@example.org"});
}

} // namespace postern
