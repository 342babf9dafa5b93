#include "milterd/dkim_body_length.h"

#include <doctest/doctest.h>
#include <string>

namespace postern {

TEST_CASE("DkimBodyLength (RFC 6376 3.4.3, 3.4.4)")
{
    struct Case {
        const char* name;
        std::string body;
        std::uint64_t want_simple;
        std::uint64_t want_relaxed;
    };
    const Case cases[] = {
        {"empty", "", 2, 0},
        {"empty lines only", "\r\n\r\n\r\n", 2, 0},
        {"one line", "Hi.\r\n", 5, 5},
        {"one line without its end", "Hi.", 5, 5},
        {"the example of 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", 12, 9},
        {"empty lines in the middle", "a\r\n\r\n\r\nb\r\n", 10, 10},
        {"a line of blanks at the end", "a\r\n \t\r\n", 7, 3},
        {"a line of blanks in the middle", "a\r\n \t\r\nb\r\n", 10, 8},
        {"blanks in front", " \t a\r\n", 6, 4},
        {"a CR alone", "a\rb\r\n", 5, 5},
        {"two CRs", "a\r\r\n", 4, 4},
        {"an LF alone", "a\nb\r\n", 5, 5},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        DkimBodyLength whole;
        whole.add(c.body);
        CHECK(whole.simple() == c.want_simple);
        CHECK(whole.relaxed() == c.want_relaxed);

        DkimBodyLength octets; // chunks may end anywhere
        for (const char& octet : c.body)
            octets.add({&octet, 1});
        CHECK(octets.simple() == c.want_simple);
        CHECK(octets.relaxed() == c.want_relaxed);
    }
}

} // namespace postern
