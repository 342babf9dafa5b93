#include "common/regex.h"

#include <chrono>
#include <doctest/doctest.h>
#include <string>

namespace postern {

TEST_CASE("Regex")
{
    struct Case {
        const char* name;
        const char* pattern;
        const char* subject;
        bool want;
    };
    const Case cases[] = {
        {"anywhere", "b+c", "abbbcd", true},
        {"nowhere", "b+d", "abbbcd", false},
        {"without regard to case", "^MX\\d+\\.Example\\.org$", "mx17.exAMPLE.ORG", true},
        {"anchored", "^mx$", "mx1", false},
        {"groups", "^(?:smtp\\w*|postfix)[0-9]+-(g)[0-9]+\\.free\\.fr$", "smtp2-g21.free.fr", true},
        {"look-behind", "(?<!no)yes", "noyes", false},
        {"octets that are no UTF-8", "^.$", "\xff", true},
        {"the empty subject", "^$", "", true},
        {"the empty pattern", "", "anything", true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto regex = Regex::compile(c.pattern);
        REQUIRE(regex.has_value());
        CHECK(regex->matches(c.subject) == c.want);
    }
}

TEST_CASE("Regex: what is no regular expression is said, with the place")
{
    CHECK(Regex::compile("a(b").error().what == "missing closing parenthesis (character 4 of the regular expression)");
    CHECK(Regex::compile("ab**c*").has_value() == false);
    CHECK(Regex::compile("(*UTF)a").has_value() == false);
    CHECK(Regex::compile(std::string(1001, 'a')).error().what
          == "a regular expression of 1001 octets; at most 1000 are read");
}

TEST_CASE("Regex: a match that would take for ever is given up")
{
    const auto regex = Regex::compile("^(a+)+(a+)+(a+)+$");
    REQUIRE(regex.has_value());
    const auto start = std::chrono::steady_clock::now();
    CHECK_FALSE(regex->matches(std::string(2000, 'a') + "b"));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
}

} // namespace postern
