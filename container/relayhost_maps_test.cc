#include "container/relayhost_maps.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_relayhost_password: which part is what")
{
    struct Case {
        const char* name;
        const char* entry;
        const char* want_key; // nullptr: a fault
        const char* want_value;
    };
    const Case cases[] = {
        {"brackets and port", "[mail1.example.com]:587:user1:pass1", "[mail1.example.com]:587", "user1:pass1"},
        {"brackets", "[mail1.example.com]:user1:pass1", "[mail1.example.com]", "user1:pass1"},
        {"an IPv6 address", "[ipv6:2001:db8::1]:25:u:p", "[ipv6:2001:db8::1]:25", "u:p"},
        {"a host", "mail2.example.com:user2:pass2", "mail2.example.com", "user2:pass2"},
        {"a host and port", "mail2.example.com:25:user2:pass2", "mail2.example.com:25", "user2:pass2"},
        {"for the relay host", "user3:pass3", "relay.example", "user3:pass3"},
        {"a number that is a user", "mail2.example.com:25:pass", "mail2.example.com", "25:pass"},
        {"colons in the password", "mail2.example.com:u:a:b", "mail2.example.com", "u:a:b"},
        {"a sender", "me@example.org:u:p", "me@example.org", "u:p"},
        {"no password", "mail.example.com", nullptr, nullptr},
        {"no bracket", "[mail.example.com:u:p", nullptr, nullptr},
        {"nothing before", ":u:p", nullptr, nullptr},
        {"no user", "host::p", nullptr, nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_relayhost_password(c.entry, "relay.example");
        REQUIRE(got.has_value() == (c.want_key != nullptr));
        if (got) {
            CHECK(got->key == c.want_key);
            CHECK(got->value == c.want_value);
        }
    }
    CHECK_FALSE(parse_relayhost_password("u:secret", ""));
    CHECK(parse_relayhost_password("u:secret", "").error().what.find("secret") == std::string::npos);
}

TEST_CASE("parse_relayhost_sender")
{
    CHECK(parse_relayhost_sender("@a.example:[smtp.b.example]:587")->key == "@a.example");
    CHECK(parse_relayhost_sender("@a.example:[smtp.b.example]:587")->value == "[smtp.b.example]:587");
    CHECK_FALSE(parse_relayhost_sender("a.example:smtp.b.example"));
    CHECK_FALSE(parse_relayhost_sender("@a.example:"));
    CHECK_FALSE(parse_relayhost_sender("@a.example"));
}

} // namespace postern
