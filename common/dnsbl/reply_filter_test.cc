#include "common/dnsbl/reply_filter.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("ReplyFilter: what a pattern matches")
{
    struct Case {
        std::string_view pattern;
        std::vector<const char*> want_matched, want_not;
    };
    const Case cases[] = {
        {"127.0.0.4", {"127.0.0.4"}, {"127.0.0.5", "127.0.4.4", "::1"}},
        {"127.0.0.[2..11]", {"127.0.0.2", "127.0.0.7", "127.0.0.11"}, {"127.0.0.1", "127.0.0.12", "127.255.255.254"}},
        {"127.0.[0..255].[1..3]", {"127.0.0.1", "127.0.255.3"}, {"127.0.0.0", "127.1.0.1"}},
        {"127.0.0.[2;4;6..8]", {"127.0.0.2", "127.0.0.4", "127.0.0.6", "127.0.0.8"}, {"127.0.0.3", "127.0.0.5"}},
        {"[127].[0].0.2", {"127.0.0.2"}, {"127.0.0.3"}},
        {"[127.0.0.2]", {"127.0.0.2"}, {"127.0.0.3"}},       // brackets around the whole
        {"[127.0.0.[2..3]]", {"127.0.0.3"}, {"127.0.0.4"}},
        {"127.0.0.[2..2]", {"127.0.0.2"}, {"127.0.0.3"}},
        {"127.0.0.002", {"127.0.0.2"}, {}},
        {"[127;1].0.0.[0..255]", {"127.0.0.9", "1.0.0.255"}, {"2.0.0.9"}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.pattern);
        const auto filter = ReplyFilter::parse(c.pattern);
        REQUIRE(filter);
        for (const auto* text : c.want_matched) {
            CAPTURE(text);
            CHECK(filter->matches(*parse_ip_address(text)));
        }
        for (const auto* text : c.want_not) {
            CAPTURE(text);
            CHECK_FALSE(filter->matches(*parse_ip_address(text)));
        }
    }
}

TEST_CASE("ReplyFilter: what Postfix does not take is refused")
{
    struct Case {
        std::string_view pattern, want;
    };
    const Case cases[] = {
        {"", "\"\": a number from 0 to 255 or \"[\" is wanted after \"\""},
        {"127.0.0", "\"127.0.0\": \".\" is wanted after \"127.0.0\""},
        {"127.0.0.2.3", "\"127.0.0.2.3\": the end is wanted after \"127.0.0.2\""},
        {"127.0.0.256", "\"127.0.0.256\": a number from 0 to 255 or \"[\" is wanted after \"127.0.0.\""},
        {"127.0.0.[2..1]", "\"127.0.0.[2..1]\": a range that does not fall is wanted after \"127.0.0.[2..1\""},
        {"127.0.0.[2-3]", "holds what is neither a number nor one of \".;[]\""},
        {"127.0.0.[2", "\"127.0.0.[2\": \";\" or \"]\" is wanted after \"127.0.0.[2\""},
        {"127.0.0.[]", "\"127.0.0.[]\": a number from 0 to 255 is wanted after \"127.0.0.[\""},
        {"127.0.0.[1;]", "\"127.0.0.[1;]\": a number from 0 to 255 is wanted after \"127.0.0.[1;\""},
        {"127.0.0.[1..]", "\"127.0.0.[1..]\": a number from 0 to 255 is wanted after \"127.0.0.[1..\""},
        {"127.0.[0.1]", "\"127.0.[0.1]\": \";\" or \"]\" is wanted after \"127.0.[0\""},
        {"127.0.0.3[6..9]", "\"127.0.0.3[6..9]\": the end is wanted after \"127.0.0.3\""},
        {"key.zen.dq.spamhaus.net", "holds what is neither a number nor one of \".;[]\""},
        {"99999999999999999999.0.0.1",
         "\"99999999999999999999.0.0.1\": a number from 0 to 255 or \"[\" is wanted after \"\""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.pattern);
        const auto filter = ReplyFilter::parse(c.pattern);
        REQUIRE_FALSE(filter);
        CHECK(filter.error().what == c.want);
    }
}

} // namespace postern
