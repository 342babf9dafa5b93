#include "config/postfix_undo.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("a change is taken back, and what else was written stays")
{
    struct Case {
        const char* name;
        PostfixFile file;
        std::string now, before, after, want; // want empty: an Error
    };
    const Case cases[] = {
        {"nothing else has changed", PostfixFile::main_cf, "a = 1\nb = 2\n", "a = 1\n", "a = 1\nb = 2\n", "a = 1\n"},
        {"octet by octet, also without a last newline", PostfixFile::main_cf, "a = 1\nb = 2\n", "a  =1", "a = 1\nb = 2\n",
         "a  =1"},
        {"something new stands behind it", PostfixFile::main_cf, "a = 1\nb = 2\nc = 3\n", "a = 1\n", "a = 1\nb = 2\n",
         "a = 1\nc = 3\n"},
        {"something new stands before it", PostfixFile::main_cf, "c = 3\nb = 2\n", "", "b = 2\n", "c = 3\n"},
        {"an entry of several lines comes back as it was", PostfixFile::main_cf, "# words\na = x, y\nc = 3\n",
         "# words\na =\n  x\n# why\n  ,y\n", "# words\na = x, y\n", "# words\na =\n  x\n# why\n  ,y\nc = 3\n"},
        {"what continues it goes with it", PostfixFile::main_cf, "a = 1\nb = 2,\n\n  3\n# words\nc = 3\n", "a = 1\n",
         "a = 1\nb = 2,\n\n  3\n", "a = 1\n# words\nc = 3\n"},
        {"it was taken back by hand", PostfixFile::main_cf, "a = 1\nc = 3\n", "a = 1\n", "a = 1\nb = 2\n",
         "a = 1\nc = 3\n"},
        {"one that was taken out comes back", PostfixFile::main_cf, "c = 3\n", "a = 1\n", "", "c = 3\na = 1\n"},
        {"one that stood twice", PostfixFile::main_cf, "a = 3\nc = 1\n", "a = 1\na = 2\n", "a = 3\n",
         "a = 1\na = 2\nc = 1\n"},
        {"it was altered since", PostfixFile::main_cf, "a = 1\nb = 2, 3\n", "a = 1\n", "a = 1\nb = 2\n", ""},
        {"a service is its name and its type", PostfixFile::master_cf,
         "smtp inet n - y - - smtpd\n  -o x=1\nsmtp unix - - y - - smtp\n  -o y=1\n",
         "smtp inet n - y - - smtpd\nsmtp unix - - y - - smtp\n",
         "smtp inet n - y - - smtpd\n  -o x=1\nsmtp unix - - y - - smtp\n",
         "smtp inet n - y - - smtpd\nsmtp unix - - y - - smtp\n  -o y=1\n"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = undo(c.file, c.now, c.before, c.after);
        if (c.want.empty()) {
            REQUIRE_FALSE(got);
            CHECK(got.error().what == "altered since Postern wrote it: b");
        } else {
            REQUIRE(got);
            CHECK(*got == c.want);
        }
    }
}

} // namespace postern
