#include "common/basic_regex.h"

#include "common/regex.h"

#include <doctest/doctest.h>
#include </usr/include/regex.h> // the system's, not the one beside this file

namespace postern {

TEST_CASE("perl_from_basic_regex matches what regcomp(3) matches")
{
    struct Case {
        const char* pattern;
        const char* want;
    };
    const Case cases[] = {
        {"", ""},
        {"^user@example\\.org$", "^user@example\\.org$"},
        {".*@example.org", ".*@example.org"},
        {"user+list@", "user\\+list@"},
        {"what?|(else){2}", "what\\?\\|\\(else\\)\\{2\\}"},
        {"\\(a\\|b\\)", "(a\\|b)"},
        {"\\(ab\\)\\1", "(ab)\\g{1}"},
        {"a\\{2,3\\}", "a{2,3}"},
        {"*star", "\\*star"},
        {"^*star", "^\\*star"},
        {"^^a", "^\\^a"},
        {"\\(*x\\)", "(\\*x)"},
        {"\\(^a\\)", "(^a)"},
        {"\\(a$\\)", "(a$)"},
        {"a^b$c", "a\\^b\\$c"},
        {"[a-z]*", "[a-z]*"},
        {"[]a]", "[\\]a]"},
        {"[^]a]", "[^\\]a]"},
        {"[\\d]", "[\\\\d]"},
        {"[[:digit:]]x", "[[:digit:]]x"},
        {"[a[]", "[a\\[]"},
        {"a/b#c", "a\\/b\\#c"},
    };
    const char* const subjects[] = {
        "",       "user@example.org", "<user@example.org>", "user+list@example.org", "userlist@", "what?|(else){2}",
        "a|b",    "a",                "abab",               "aa",                    "*star",     "star",
        "*x",     "^a",               "a^b$c",            "abc",                "]",                     "\\",        "d",
        "7x",     "[",                "a/b#c",              "xstar",                 "x",         "whatelse",
    };
    for (const auto& c : cases) {
        CAPTURE(c.pattern);
        const auto perl = perl_from_basic_regex(c.pattern);
        CHECK(perl == c.want);
        const auto ours = Regex::compile(perl);
        REQUIRE(ours.has_value());
        if (std::string_view(c.pattern).find("\\|") != std::string_view::npos)
            continue; // left open by POSIX: glibc means "or" by it, clamav-milter's library the character
        regex_t theirs;
        REQUIRE(::regcomp(&theirs, c.pattern, REG_ICASE | REG_NOSUB) == 0);
        for (const auto* const subject : subjects) {
            CAPTURE(subject);
            CHECK(ours->matches(subject) == (::regexec(&theirs, subject, 0, nullptr, 0) == 0));
        }
        ::regfree(&theirs);
    }
    for (const auto* const broken : {"a\\", "[a", "\\(a", "a\\)", "[[:nonsense:]]", "\\3"}) {
        CAPTURE(broken);
        CHECK_FALSE(Regex::compile(perl_from_basic_regex(broken)).has_value());
    }
}

} // namespace postern
