#include "config/compare/log_time.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono;

constexpr LogTime now = sys_days{year{2026} / 11 / 28} + 3h; // 03:00 UTC

std::string text_of(std::optional<LogTime> time)
{
    return time ? log_time_text(*time) : "none";
}

} // namespace

TEST_CASE("take_rfc3339_time")
{
    struct Case {
        std::string_view text, want, want_rest;
        int want_milliseconds = 0;
    };
    const Case cases[] = {
        {"2026-11-28T02:03:04.567Z rest", "2026-11-28T02:03:04Z", " rest", 567},
        {"2026-11-28T02:03:04.567891+01:00 mx", "2026-11-28T01:03:04Z", " mx", 567},
        {"2026-11-28T02:03:04-0130", "2026-11-28T03:33:04Z", "", 0},
        {"2026-11-28 02:03:04.5Z", "2026-11-28T02:03:04Z", "", 500},
        {"2026-02-30T02:03:04Z", "none", "2026-02-30T02:03:04Z", 0},
        {"2026-11-28T24:03:04Z", "none", "2026-11-28T24:03:04Z", 0},
        {"2026-11-28", "none", "2026-11-28", 0},
        {"Nov 28 02:03:04", "none", "Nov 28 02:03:04", 0},
        {"", "none", "", 0},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        auto rest = c.text;
        const auto time = take_rfc3339_time(rest);
        CHECK(text_of(time) == c.want);
        CHECK(rest == c.want_rest);
        if (time)
            CHECK((*time - floor<seconds>(*time)).count() == c.want_milliseconds);
    }
}

TEST_CASE("syslog's times are of the host's zone, and of the year that puts them before now")
{
    SyslogTimes times(now);
    const auto take = [&](std::string_view text) { return times.take(text); };
    std::string_view text = "Nov 28 02:03:04 mx postfix/smtpd[1]: x";
    const auto first = times.take(text);
    REQUIRE(first);
    CHECK(text == " mx postfix/smtpd[1]: x");
    CHECK(*take("Nov 28 02:04:04 mx") - *first == 1min);
    CHECK(*take("Nov 28 01:04:04 mx") < *first);
    CHECK((*first - floor<seconds>(*first)).count() == 999);
    CHECK(text_of(take("Dec 24 12:00:00 mx")).starts_with("2025-12-24"));
    CHECK(text_of(take("Mar  1 12:00:00 mx")).starts_with("2026-03-01"));
    for (const std::string_view none : {"Nox 28 02:03:04", "Nov 28 02:03", "Nov 31 02:03:04", "Nov xx 02:03:04", "", "Nov"})
        CHECK_FALSE(take(none));
}

TEST_CASE("parse_since")
{
    CHECK(parse_since("90m", now) == now - 90min);
    CHECK(parse_since(" 2d ", now) == now - days{2});
    CHECK(parse_since("2026-11-28T02:00:00Z", now) == now - 1h);
    CHECK(parse_since("2026-11-27", now).has_value());
    CHECK(parse_since("2026-11-27 04:05", now).has_value());
    for (const auto* none : {"", "d", "2", "2w", "yesterday", "2026-11-27 4", "2026-11-27T04:05:06Zx", "99999999999d"})
        CHECK_FALSE(parse_since(none, now));
}

} // namespace postern
