#include "config/migrate/shell_text.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("assignments are read as sh reads them")
{
    struct Case {
        const char* name;
        const char* text;
        std::vector<std::string> want; // "line NAME=VALUE"
        std::vector<std::string> want_faults;
    };
    const Case cases[] = {
        {"nothing", "", {}, {}},
        {"plain, comments and blanks", "# A=1\n\n  A=x # y\nB=z", {"3 A=x", "4 B=z"}, {}},
        {"quotes", "A=\"a b\"'c d'e\n", {"1 A=a bc de"}, {}},
        {"backslashes", "A=a\\ b\"\\\"\\x\\\\\"'\\'\n", {"1 A=a b\"\\x\\\\"}, {}},
        {"a value of several lines", "A=\"a\\\n b\"\nB='c\nd'\nC=1", {"1 A=a b", "3 B=c\nd", "5 C=1"}, {}},
        {"variables",
         "R=/run\nS=local:$R/x.${R}\nT='$R'\nU=$NONE.\n",
         {"1 R=/run", "2 S=local:/run/x./run", "3 T=$R", "4 U=."},
         {}},
        {"export, two in a line", "export A=1 B=2\n", {"1 A=1", "1 B=2"}, {}},
        {"what is run",
         "A=$(hostname)\nB=`id`\nC=1\n",
         {"1 A=$(hostname)", "2 B=`id`", "3 C=1"},
         {"line 1: A is what a program says, which is not run here"}},
        {"no assignment",
         "if true; then\nA=1\nfi\n9=x\n",
         {"2 A=1"},
         {"line 1: is not NAME=VALUE", "line 3: is not NAME=VALUE", "line 4: is not NAME=VALUE"}},
        {"an open quote", "A=\"x\nB=1", {"1 A=x\nB=1"}, {"line 1: a quote is not closed"}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        std::vector<std::string> faults, got;
        for (const auto& set : parse_assignments(c.text, faults))
            got.push_back(std::to_string(set.line) + " " + set.name + "=" + set.value);
        CHECK(got == c.want);
        if (c.want_faults.size() > 0)
            CHECK(faults.front() == c.want_faults.front());
        CHECK(faults.empty() == c.want_faults.empty());
    }
}

TEST_CASE("words, and variables in them")
{
    CHECK(shell_words("/usr/sbin/x  --a=\"b c\" '' $V \\\n -d").size() == 5);
    CHECK(shell_words("a\"b c\"d")[0] == "ab cd");
    const Variables variables{{"A", "1"}, {"LONG_1", "2"}};
    CHECK(expand_variables("$A-${LONG_1}-$LONG_1-$B-$$A-${A-$", variables) == "1-2-2--$A-${A-$");
}

} // namespace postern
