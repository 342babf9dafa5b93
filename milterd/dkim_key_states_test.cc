#include "milterd/dkim_key_states.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

constexpr std::string_view sample = "# postern dkim 1\n"
                                    "domain example.org\n"
                                    "subdomains\n"
                                    "key 20261127 rsa active 2026-11-27T10:00:00Z 2026-11-27T11:00:00Z\n"
                                    "key 20261127-ed25519 ed25519 new 2026-11-27T10:00:00Z 2026-11-27T10:00:00Z s=email t=y\n";

} // namespace

TEST_CASE("parse_dkim_key_states, and back")
{
    const auto domain = parse_dkim_key_states(sample, "state");
    REQUIRE(domain.has_value());
    CHECK(domain->domain == "example.org");
    CHECK(domain->has_subdomains);
    REQUIRE(domain->keys.size() == 2);
    const auto& first = domain->keys[0];
    CHECK(first.selector == "20261127");
    CHECK(first.type == DkimKeyType::rsa);
    CHECK(first.state == DkimKeyState::active);
    CHECK(first.made == Timestamp(std::chrono::seconds(1795773600)));
    CHECK(first.since - first.made == std::chrono::hours(1));
    CHECK(domain->keys[1].tags == std::vector<std::string>{"s=email", "t=y"});
    CHECK(write_dkim_key_states(*domain) == sample);
    CHECK(domain->find("20261127-ed25519") == &domain->keys[1]);
    CHECK(domain->find("20261127-") == nullptr);
}

TEST_CASE("parse_dkim_key_states: each state, CR LF, empty lines, no last line end")
{
    for (const auto* word : {"new", "published", "active", "retiring", "retired"}) {
        CAPTURE(word);
        const auto text = std::string("\r\n\ndomain a.example\r\n # x\nkey s rsa ") + word
            + " 2026-01-01T00:00:00Z 2026-01-01T00:00:00Z";
        const auto domain = parse_dkim_key_states(text, "state");
        REQUIRE(domain.has_value());
        CHECK(word_of(domain->keys.at(0).state) == word);
    }
}

TEST_CASE("parse_dkim_key_states names the fault with its line")
{
    const std::string key = "key s rsa new 2026-01-01T00:00:00Z 2026-01-01T00:00:00Z";
    struct Case {
        const char* name;
        std::string text;
        const char* want;
    };
    const Case cases[] = {
        {"empty", "", "state: names no domain"},
        {"no domain", key + "\n", "state:1: the domain must stand first"},
        {"two domains", "domain a.example\ndomain b.example\n", "state:2: a second domain"},
        {"a path", "domain ../etc\n", "state:1: \"../etc\" is no name: labels of a-z, 0-9, - and _"},
        {"a selector that is a path", "domain a.example\nkey a/b rsa new 2026-01-01T00:00:00Z 2026-01-01T00:00:00Z\n",
         "state:2: \"a/b\" is no name: labels of a-z, 0-9, - and _"},
        {"capitals", "domain A.example\n", "state:1: \"A.example\" is no name: labels of a-z, 0-9, - and _"},
        {"half a line", "domain a.example\nkey s rsa new\n",
         "state:2: a key has a selector, an algorithm, a state and two times"},
        {"algorithm", "domain a.example\nkey s dsa new 2026-01-01T00:00:00Z 2026-01-01T00:00:00Z\n",
         "state:2: \"dsa\" is no algorithm of a key"},
        {"state", "domain a.example\nkey s rsa old 2026-01-01T00:00:00Z 2026-01-01T00:00:00Z\n",
         "state:2: \"old\" is no state of a key"},
        {"no such day", "domain a.example\nkey s rsa new 2026-02-30T00:00:00Z 2026-01-01T00:00:00Z\n",
         "state:2: \"2026-02-30T00:00:00Z\" is no time such as 2026-11-27T10:00:00Z"},
        {"before the epoch", "domain a.example\nkey s rsa new 0000-02-29T00:00:00Z 2026-01-01T00:00:00Z\n",
         "state:2: \"0000-02-29T00:00:00Z\" is no time such as 2026-11-27T10:00:00Z"},
        {"no such hour", "domain a.example\nkey s rsa new 2026-01-01T00:00:00Z 2026-01-01T24:00:00Z\n",
         "state:2: \"2026-01-01T24:00:00Z\" is no time such as 2026-11-27T10:00:00Z"},
        {"a tag that is none", "domain a.example\n" + key + " p=a2V5\n",
         "state:2: \"p=a2V5\" is no tag of a key record: h=, s=, t= or n= and a value"},
        {"twice", "domain a.example\n" + key + "\n" + key + "\n", "state:3: the selector s stands twice"},
        {"something else", "domain a.example\nfoo bar\n", "state:2: \"foo bar\" is neither domain, subdomains nor key"},
        {"too long", "domain a.example\n" + std::string(dkim_key_states_limit, '\n'), "state: longer than 65536 octets"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto domain = parse_dkim_key_states(c.text, "state");
        REQUIRE_FALSE(domain.has_value());
        CHECK(domain.error().what == c.want);
    }
}

TEST_CASE("parse_dkim_key_states takes so many keys and no more")
{
    std::string text = "domain a.example\n";
    for (std::size_t count = 0; count < ManagedDkimDomain::key_limit; ++count)
        text += fmt::format("key s{} rsa new 2026-01-01T00:00:00Z 2026-01-01T00:00:00Z\n", count);
    CHECK(parse_dkim_key_states(text, "state").has_value());
    CHECK_FALSE(parse_dkim_key_states(text + "key t rsa new 2026-01-01T00:00:00Z 2026-01-01T00:00:00Z\n", "state").has_value());
}

} // namespace postern
