#include "config/value.h"

#include "common/text.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace postern {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text, int base)
{
    std::int64_t value = 0;
    const auto* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc() || rest != end)
        return std::nullopt;
    return value;
}

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

// "25M" by the table's M. The longer of two units that end alike stands first.
std::optional<std::int64_t> number_with_unit(std::string_view text, std::span<const Unit> units)
{
    for (const auto& unit : units) {
        if (!text.ends_with(unit.name))
            continue;
        const auto digits = text.substr(0, text.size() - unit.name.size());
        if (!std::all_of(digits.begin(), digits.end(), is_digit))
            return std::nullopt;
        const auto count = whole_number(digits, 10);
        if (!count || *count > std::numeric_limits<std::int64_t>::max() / unit.factor)
            return std::nullopt;
        return *count * unit.factor;
    }
    return std::nullopt;
}

constexpr std::int64_t second = 1000;
constexpr Unit time_units[] = {
    {"ms", 1}, {"s", second}, {"m", 60 * second}, {"h", 3600 * second}, {"d", 86400 * second}};
constexpr Unit size_units[] = {{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"", 1}};

// A hundred years: no sum of two settings and the clock can overflow.
constexpr std::int64_t longest_time = std::int64_t{36525} * 86400 * second;

constexpr bool ends_item(char c)
{
    return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// The length of the /regexp/ that `text` begins with; 0 if its end is missing.
std::size_t regexp_size(std::string_view text)
{
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '\\')
            ++at;
        else if (text[at] == '/' && (at + 1 == text.size() || ends_item(text[at + 1])))
            return at + 1;
    }
    return 0;
}

} // namespace

Result<bool> read_bool(std::string_view text)
{
    if (text == "true" || text == "false")
        return text == "true";
    return fail("\"{}\" is not true or false", text);
}

Result<std::int64_t> read_number(std::string_view text)
{
    if (const auto value = whole_number(text, 10))
        return *value;
    return fail("\"{}\" is not a whole number", text);
}

Result<std::int64_t> read_octal(std::string_view text)
{
    const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
    if (text.starts_with('0') && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_octal))
        return *whole_number(text, 8);
    return fail("\"{}\" is not a mode such as 0660", text);
}

Result<std::int64_t> read_size(std::string_view text)
{
    if (const auto value = number_with_unit(text, size_units))
        return *value;
    return fail("\"{}\" is not a size such as 64K, 25M or 2G", text);
}

Result<std::chrono::seconds> read_seconds(std::string_view text)
{
    const auto value = number_with_unit(text, time_units);
    if (value && *value <= longest_time && !text.ends_with("ms"))
        return std::chrono::seconds(*value / second);
    return fail("\"{}\" is not a time such as 90s, 5m, 2h or 1d", text);
}

Result<std::chrono::milliseconds> read_milliseconds(std::string_view text)
{
    const auto value = number_with_unit(text, time_units);
    if (value && *value <= longest_time)
        return std::chrono::milliseconds(*value);
    return fail("\"{}\" is not a time such as 500ms, 2s or 1m", text);
}

std::vector<std::string> read_list(std::string_view text)
{
    std::vector<std::string> items;
    for (;;) {
        while (!text.empty() && ends_item(text.front()))
            text.remove_prefix(1);
        if (text.empty())
            return items;
        std::size_t size = text.front() == '/' ? regexp_size(text) : 0;
        if (size == 0)
            size = static_cast<std::size_t>(std::find_if(text.begin(), text.end(), ends_item) - text.begin());
        items.emplace_back(text.substr(0, size));
        text.remove_prefix(size);
    }
}

std::string one_of(const std::vector<std::string_view>& words)
{
    return fmt::format("one of: {}", fmt::join(words, ", "));
}

} // namespace postern
