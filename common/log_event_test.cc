#include "common/log_event.h"

#include <doctest/doctest.h>
#include <vector>

namespace postern {
namespace {

constexpr std::chrono::system_clock::time_point noon{std::chrono::hours(12)};

} // namespace

TEST_CASE("log_event: what is packed is what is unpacked")
{
    std::string packed;
    pack_log_event(packed, noon, LogLevel::warning, "first",
                   pack({{"text", std::string_view("a\0b\n", 4)}, {"empty", ""}, {"number", 7}}));
    pack_log_event(packed, noon + std::chrono::seconds(1), LogLevel::debug, "", {});

    std::string_view rest = packed;
    std::vector<LogEvent> room(10);
    const auto events = unpack_log_events(rest, room);

    CHECK(rest.empty());
    REQUIRE(events.size() == 2);
    CHECK(events[0].time == noon);
    CHECK(events[0].level == LogLevel::warning);
    CHECK(events[0].event == "first");
    std::string fields;
    for (const auto field : events[0].fields)
        fields.append(field.name).append(field.is_number ? "#" : "=").append(field.value).append(";");
    CHECK(fields == std::string_view("text=a\0b\n;empty=;number#7;", 26));
    CHECK(events[1].time == noon + std::chrono::seconds(1));
    CHECK(events[1].event == "");
    CHECK(events[1].fields.empty());
}

TEST_CASE("log_event: a few at a time")
{
    std::string packed;
    for (int i = 0; i < 5; ++i)
        pack_log_event(packed, noon, LogLevel::info, std::to_string(i), i < 3 ? pack({{"n", i}}) : LogRecord());

    std::string_view rest = packed;
    std::vector<LogEvent> room(3);
    CHECK(unpack_log_events(rest, room).size() == 3);
    const auto last = unpack_log_events(rest, room);
    REQUIRE(last.size() == 2);
    CHECK(last[0].event == "3");
    CHECK(last[0].fields.empty());
    CHECK(unpack_log_events(rest, room).empty());
}

} // namespace postern
