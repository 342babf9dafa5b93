#include "config/migrate/clamav_conf.h"

#include "common/text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace postern {
namespace {

constexpr std::size_t clamav_line_limit = 16 * 1024;
constexpr std::size_t most_clamav_lines = 10'000;

// What stands behind the second quote is not looked at. No second one: nullopt.
std::optional<std::string_view> without_quotes(std::string_view value)
{
    if (!value.starts_with('"'))
        return value;
    const auto end = value.find('"', 1);
    return end == value.npos ? std::nullopt : std::optional(value.substr(1, end - 1));
}

bool is_one_of(std::string_view value, std::initializer_list<std::string_view> words)
{
    return std::any_of(words.begin(), words.end(), [&](auto word) { return equals_ignoring_case(value, word); });
}

} // namespace

const ClamavLine* ClamavConf::find(std::string_view name) const
{
    const auto it = std::find_if(lines.begin(), lines.end(), [&](const ClamavLine& line) { return line.name == name; });
    return it == lines.end() ? nullptr : &*it;
}

ClamavConf parse_clamav_conf(std::string_view text)
{
    ClamavConf conf;
    int number = 0;
    for (const auto whole : split(text, '\n')) {
        ++number;
        const auto line = trim(whole);
        if (line.empty() || line.front() == '#')
            continue;
        if (line.size() > clamav_line_limit || conf.lines.size() == most_clamav_lines) {
            conf.faults.push_back({number, line.size() > clamav_line_limit ? "is too long" : "there are too many lines"});
            if (conf.lines.size() == most_clamav_lines)
                break;
            continue;
        }
        const auto name = line.substr(0, line.find_first_of(" \t"));
        const auto value = without_quotes(trim(line.substr(name.size())));
        if (!value)
            conf.faults.push_back({number, fmt::format("{}: a quote is not closed", name)});
        else if (value->empty() && name != "Example")
            conf.faults.push_back({number, fmt::format("{} has no value", name)});
        else
            conf.lines.push_back({number, std::string(name), std::string(*value)});
    }
    return conf;
}

std::optional<bool> clamav_flag(std::string_view value)
{
    if (is_one_of(value, {"yes", "true", "1"}))
        return true;
    if (is_one_of(value, {"no", "false", "0"}))
        return false;
    return {};
}

std::optional<std::uint64_t> clamav_octets(std::string_view value)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const std::string_view unit(end, static_cast<std::size_t>(value.data() + value.size() - end));
    const int shift = unit.empty()         ? 0
        : equals_ignoring_case(unit, "K") ? 10
        : equals_ignoring_case(unit, "M") ? 20
        : equals_ignoring_case(unit, "G") ? 30
                                          : -1;
    if (error != std::errc() || shift < 0 || number > (std::uint64_t{1} << 40) >> shift)
        return {};
    return number << shift;
}

} // namespace postern
