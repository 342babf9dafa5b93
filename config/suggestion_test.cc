#include "config/suggestion.h"

#include <doctest/doctest.h>
#include <string>

namespace postern {

TEST_CASE("suggestion")
{
    struct Case {
        const char* name;
        std::string input;
        std::string_view want; // empty: none
    };
    const Case cases[] = {
        {"swapped", "dealy", "delay"},
        {"left out", "dlay", "delay"},
        {"added", "delayy", "delay"},
        {"mistaken", "delaz", "delay"},
        {"two slips", "retrywindows", "retry_window"},
        {"upper case", "DELAY", "delay"},
        {"the nearest of several", "ipv6_prefx", "ipv6_prefix"},
        {"three slips", "retrywindowss", ""},
        {"short names allow one slip", "txet", "text"},
        {"but not two", "tet1", ""},
        {"nothing like it", "colour", ""},
        {"empty", "", ""},
        {"far too long", std::string(100000, 'd'), ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = suggestion(c.input, {"enable", "delay", "retry_window", "ipv4_prefix", "ipv6_prefix", "text"});
        CHECK(got.value_or("") == c.want);
    }
    CHECK_FALSE(suggestion("delay", {}));
}

} // namespace postern
