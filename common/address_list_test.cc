#include "common/address_list.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("AddressList: one entry")
{
    struct Case {
        const char* entry;
        const char* address;
        bool want;
    };
    const Case cases[] = {
        // a domain with those below it
        {"example.org", "a@example.org", true},
        {"Example.ORG", "a@sub.EXAMPLE.org", true},
        {"example.org", "a@myexample.org", false},
        {"example.org", "example.org", false},
        {"b\xc3\xbc"
         "cher.example",
         "a@xn--bcher-kva.example", true},
        // a user of any domain
        {"postmaster@", "Postmaster@example.org", true},
        {"postmaster@", "postmaster", true}, // of our own domain, as RFC 5321 4.5.1 wants it to work
        {"postmaster@", "postmaster+x@example.org", true},
        {"postmaster@", "thepostmaster@example.org", false},
        {"postmaster@", "postmaster+@example.org", false}, // an extension is not empty
        // an address
        {"user@example.org", "USER@example.org", true},
        {"user@example.org", "user+list@example.org", true},
        {"user@example.org", "user+a+b@example.org", true},
        {"user@example.org", "user@sub.example.org", false},
        {"user@example.org", "user2@example.org", false},
        {"user+a@example.org", "user+a+b@example.org", true},
        {"user+a@example.org", "user@example.org", false},
        // regular expressions
        {"/^list-.*@example\\.org$/", "LIST-a@example.org", true},
        {"/^list-.*@example\\.org$/", "a-list@example.org", false},
        {"example.org", "", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.entry);
        CAPTURE(c.address);
        auto entry = parse_address_entry(c.entry);
        REQUIRE(entry.has_value());
        std::vector<AddressEntry> entries;
        entries.push_back(std::move(*entry));
        const AddressList list(std::move(entries));
        CHECK((list.has(parse_mail_address(c.address)) || list.matches(c.address)) == c.want);
    }
}

TEST_CASE("parse_address_entry: what it is not")
{
    struct Case {
        const char* entry;
        const char* want;
    };
    const Case cases[] = {
        {"two words", "\"two words\" holds white space"},
        {"@example.org", "\"@example.org\" names no user; \"example.org\" is every address of the domain"},
        {"@", "\"@\" names no user; \"\" is every address of the domain"},
        {"a@b@c", "\"a@b@c\" is not a domain, user@, user@domain or a /regular expression/"},
        {".example.org", "\".example.org\" is not a domain, user@, user@domain or a /regular expression/"},
        {"/a(/", "missing closing parenthesis (character 3 of the regular expression)"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.entry);
        const auto got = parse_address_entry(c.entry);
        REQUIRE_FALSE(got.has_value());
        CHECK(got.error().what == c.want);
    }
}

TEST_CASE("AddressList: an address longer than any is not looked up by user")
{
    std::vector<AddressEntry> entries;
    entries.push_back(*parse_address_entry("user@"));
    const AddressList list(std::move(entries));
    CHECK_FALSE(list.has({std::string(100'000, '+'), "example.org"}));
    CHECK_FALSE(list.has({std::string(500, '+'), "example.org"}));
}

} // namespace postern
