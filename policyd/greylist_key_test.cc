#include "policyd/greylist_key.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("greylist_sender")
{
    struct Case {
        const char* name;
        const char* sender;
        const char* want;
    };
    const Case cases[] = {
        {"plain, lower case", "User@Example.ORG", "user@example.org"},
        {"null sender", "", ""},
        {"extension", "user+list=me@example.org", "user@example.org"},
        {"BATV", "prvs=1234abcdef=user@example.org", "user@example.org"},
        {"BATV, the other way round", "prvs=user=1234abcdef@example.org", "user@example.org"},
        {"BATV, both look like a tag", "prvs=1234abcdef=0123456789@example.org", "#@example.org"},
        {"not BATV", "prvs=user@example.org", "prvs=user@example.org"},
        {"serial number", "bounce-12345-me=example.net@example.org", "bounce-#-me=example.net@example.org"},
        {"number in a word stays", "user2@example.org", "user2@example.org"},
        {"number beside an underscore stays", "a_1-1@example.org", "a_1-#@example.org"},
        {"only a number", "42@example.org", "#@example.org"},
        {"no domain: as it is", "User+12", "user+12"},
        {"BATV tag without a user", "prvs=1234abcdef=@example.org", "prvs=1234abcdef=@example.org"},
        {"BATV with = at the end", "prvs=1234abcdef=user=@example.org", "user@example.org"},
        {"octets of UTF-8 stay", "\xc3\xa4+x@example.org", "\xc3\xa4@example.org"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(greylist_sender(parse_mail_address(c.sender)) == c.want);
    }
}

TEST_CASE("greylist_keys")
{
    struct Case {
        const char* name;
        const char* client;
        const char* want_client;
    };
    const Case cases[] = {
        {"IPv4", "192.0.2.77", "192.0.2.0"},
        {"IPv6", "2001:db8:1:2:3::4", "2001:db8:1:2::"},
        {"mapped", "::ffff:192.0.2.77", "192.0.2.0"},
    };
    const auto sender = parse_mail_address("A+b@Example.org");
    const auto recipient = parse_mail_address("Me+Tag@Example.NET");
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto keys = greylist_keys(network_key(*parse_ip_address(c.client), 24, 64), sender, recipient);
        CHECK(keys.client == c.want_client);
        CHECK(keys.triplet == std::string(c.want_client) + "/a@example.org/me+tag@example.net");
    }
    CHECK(greylist_keys(domain_key("Example.org"), sender, recipient).triplet
          == "@example.org/a@example.org/me+tag@example.net");
}

TEST_CASE("greylist_keys: what a stranger invents has a bound")
{
    const std::string endless(5'000, 'a');
    const auto keys = greylist_keys(network_key(*parse_ip_address("192.0.2.77"), 24, 64),
                                    parse_mail_address(endless + "@example.org"),
                                    parse_mail_address(endless + "@example.com"));
    CHECK(keys.triplet.size() == std::string("192.0.2.0//").size() + 2 * greylist_part_limit);
}

} // namespace postern
