#include "config/compare/log_time.h"

#include "common/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <fmt/format.h>

namespace postern {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Exactly `digits` of them.
std::optional<int> take_number(std::string_view& text, std::size_t digits)
{
    if (text.size() < digits)
        return std::nullopt;
    int number = 0;
    for (const char c : text.substr(0, digits)) {
        if (!is_digit(c))
            return std::nullopt;
        number = number * 10 + (c - '0');
    }
    text.remove_prefix(digits);
    return number;
}

bool take_mark(std::string_view& text, char wanted)
{
    if (text.empty() || text.front() != wanted)
        return false;
    text.remove_prefix(1);
    return true;
}

struct DayTime {
    int hour = 0, minute = 0, second = 0;
    bool is_valid() const { return hour < 24 && minute < 60 && second < 61; }
};

// "03:00:59"; the seconds may be missing where they `may`.
std::optional<DayTime> take_day_time(std::string_view& text, bool may_lack_seconds)
{
    DayTime time;
    const auto hour = take_number(text, 2);
    if (!hour || !take_mark(text, ':'))
        return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute)
        return std::nullopt;
    time.hour = *hour;
    time.minute = *minute;
    if (take_mark(text, ':')) {
        const auto second = take_number(text, 2);
        if (!second)
            return std::nullopt;
        time.second = *second;
    } else if (!may_lack_seconds) {
        return std::nullopt;
    }
    return time.is_valid() ? std::optional(time) : std::nullopt;
}

milliseconds take_fraction(std::string_view& text)
{
    if (!take_mark(text, '.'))
        return milliseconds{0};
    int value = 0, digits = 0;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1))
        if (digits < 3) {
            value = value * 10 + (text.front() - '0');
            ++digits;
        }
    for (; digits < 3; ++digits)
        value *= 10;
    return milliseconds{value};
}

std::optional<year_month_day> take_date(std::string_view& text)
{
    const auto y = take_number(text, 4);
    if (!y || !take_mark(text, '-'))
        return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || !take_mark(text, '-'))
        return std::nullopt;
    const auto d = take_number(text, 2);
    if (!d)
        return std::nullopt;
    const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
    return date.ok() ? std::optional(date) : std::nullopt;
}

// In the host's time zone.
std::optional<LogTime> local_time(const year_month_day& date, const DayTime& time)
{
    std::tm tm{};
    tm.tm_year = static_cast<int>(date.year()) - 1900;
    tm.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
    tm.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
    tm.tm_hour = time.hour;
    tm.tm_min = time.minute;
    tm.tm_sec = time.second;
    tm.tm_isdst = -1;
    const auto seconds_since = std::mktime(&tm);
    if (seconds_since == -1)
        return std::nullopt;
    return LogTime{seconds{seconds_since}};
}

// "Z", "+0100", "+01:00"; nullopt: no zone.
std::optional<minutes> take_zone(std::string_view& text)
{
    auto rest = text;
    if (take_mark(rest, 'Z')) {
        text = rest;
        return minutes{0};
    }
    const bool is_east = take_mark(rest, '+');
    if (!is_east && !take_mark(rest, '-'))
        return std::nullopt;
    const auto hour = take_number(rest, 2);
    if (!hour)
        return std::nullopt;
    take_mark(rest, ':');
    const auto minute = take_number(rest, 2);
    if (!minute)
        return std::nullopt;
    text = rest;
    const auto offset = hours{*hour} + minutes{*minute};
    return is_east ? offset : -offset;
}

} // namespace

std::optional<LogTime> take_rfc3339_time(std::string_view& text)
{
    auto rest = text;
    const auto date = take_date(rest);
    if (!date || !(take_mark(rest, 'T') || take_mark(rest, ' ')))
        return std::nullopt;
    const auto time = take_day_time(rest, true);
    if (!time)
        return std::nullopt;
    const auto fraction = take_fraction(rest);
    const auto zone = take_zone(rest);
    text = rest;
    if (!zone) {
        const auto local = local_time(*date, *time);
        return local ? std::optional(*local + fraction) : std::nullopt;
    }
    return LogTime{sys_days{*date}} + hours{time->hour} + minutes{time->minute} + seconds{time->second} + fraction - *zone;
}

std::optional<LogTime> SyslogTimes::take(std::string_view& text)
{
    constexpr std::size_t hour_size = 9, size = 15;
    constexpr auto last_of_second = milliseconds{999};
    if (text.size() < size || text[3] != ' ' || text[6] != ' ')
        return std::nullopt;
    auto rest = text.substr(7);
    const auto time = take_day_time(rest, false);
    if (!time)
        return std::nullopt;
    if (text.substr(0, hour_size) != hour_text_) {
        const auto at = std::find(months.begin(), months.end(), text.substr(0, 3));
        auto digits = text.substr(text[4] == ' ' ? 5 : 4, text[4] == ' ' ? 1 : 2);
        const auto of_month = take_number(digits, digits.size());
        if (at == months.end() || !of_month)
            return std::nullopt;
        const auto this_year = year_month_day{floor<days>(now_)}.year();
        const auto in_year = [&](year y) -> std::optional<LogTime> {
            const year_month_day date{y, month{static_cast<unsigned>(at - months.begin() + 1)},
                                      day{static_cast<unsigned>(*of_month)}};
            return date.ok() ? local_time(date, {time->hour, 0, 0}) : std::nullopt;
        };
        auto hour = in_year(this_year);
        if (!hour || *hour > now_ + days{1})
            hour = in_year(this_year - years{1});
        if (!hour)
            return std::nullopt;
        hour_ = *hour;
        hour_text_ = text.substr(0, hour_size);
    }
    text = rest;
    return hour_ + minutes{time->minute} + seconds{time->second} + last_of_second;
}

std::optional<LogTime> parse_since(std::string_view text, LogTime now)
{
    text = trim(text);
    auto rest = text;
    if (const auto time = take_rfc3339_time(rest))
        return rest.empty() ? time : std::nullopt;
    rest = text;
    if (const auto date = take_date(rest))
        return rest.empty() ? local_time(*date, {}) : std::nullopt;
    if (text.size() < 2 || text.size() > 8)
        return std::nullopt;
    auto digits = text.substr(0, text.size() - 1);
    const auto number = take_number(digits, digits.size());
    if (!number)
        return std::nullopt;
    switch (text.back()) {
    case 's': return now - seconds{*number};
    case 'm': return now - minutes{*number};
    case 'h': return now - hours{*number};
    case 'd': return now - days{*number};
    default: return std::nullopt;
    }
}

std::string log_time_text(LogTime time)
{
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss of_day{floor<seconds>(time - day)};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), of_day.hours().count(),
                       of_day.minutes().count(), of_day.seconds().count());
}

} // namespace postern
