#include "config/migrate/policyd_spf_conf.h"

#include "common/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {
namespace {

// Text between the first pair of double quotes behind `call`.
std::string argument_of(std::string_view line, std::string_view call)
{
    const auto at = line.find(call);
    const auto begin = at == std::string_view::npos ? at : line.find('"', at);
    const auto end = begin == std::string_view::npos ? begin : line.find('"', begin + 1);
    return end == std::string_view::npos ? "" : std::string(line.substr(begin + 1, end - begin - 1));
}

bool is_between_entries(char c)
{
    return c == ',' || is_space(c);
}

void add_entries(std::string_view line, int number, std::vector<SpfConfLine>& entries)
{
    while (!line.empty()) {
        const auto begin = std::find_if_not(line.begin(), line.end(), is_between_entries);
        const auto end = std::find_if(begin, line.end(), is_between_entries);
        if (begin != end)
            entries.push_back({number, "", std::string(begin, end)});
        line.remove_prefix(static_cast<std::size_t>(end - line.begin()));
    }
}

} // namespace

SpfConf parse_policyd_spf_conf(std::string_view text)
{
    SpfConf conf;
    int number = 0;
    for (const auto raw : split(text, '\n')) {
        ++number;
        const auto line = trim(raw.substr(0, raw.find('#')));
        if (line.empty())
            continue;
        const auto parts = split(line, '=');
        const auto name = trim(parts.front());
        if (parts.size() == 1)
            conf.faults.push_back({number, fmt::format("\"{}\" is not NAME = VALUE: policyd-spf skips it", name)});
        else if (parts.size() > 2)
            conf.faults.push_back({number, fmt::format("{} has a second = in its line: policyd-spf skips it", name)});
        else
            conf.lines.push_back({number, std::string(name), std::string(trim(parts[1]))});
    }
    return conf;
}

std::vector<SpfUser> parse_policyd_spf_users(std::string_view text)
{
    std::vector<SpfUser> users;
    int number = 0;
    for (const auto raw : split(text, '\n')) {
        ++number;
        const auto line = trim(raw.substr(0, raw.find('#')));
        const auto comma = std::min(line.find(','), line.size());
        if (!line.empty())
            users.push_back({number, std::string(trim(line.substr(0, comma))),
                             std::string(trim(line.substr(std::min(comma + 1, line.size()))))});
    }
    return users;
}

std::vector<std::string> spf_conf_list(std::string_view value)
{
    std::vector<std::string> items;
    for (const auto part : split(value, ','))
        if (const auto item = trim(part); !item.empty())
            items.emplace_back(item);
    return items;
}

std::vector<SpfConfLine> parse_perl_exemptions(std::string_view text)
{
    std::vector<SpfConfLine> entries;
    int number = 0;
    for (const auto line : split(text, '\n'))
        add_entries(line, ++number, entries);
    return entries;
}

PerlSpfProgram parse_perl_spf_program(std::string_view text)
{
    PerlSpfProgram program;
    bool is_relays = false, is_in_list = false;
    int number = 0;
    for (auto line : split(text, '\n')) {
        ++number;
        if (trim(line).starts_with('#'))
            continue;
        if (line.find("sub ") == std::string_view::npos) {
            if (auto file = argument_of(line, "get_exempt_domains("); !file.empty())
                program.domains_file = std::move(file);
            if (auto file = argument_of(line, "get_exempt_address("); !file.empty())
                program.addresses_file = std::move(file);
        }
        is_relays = is_relays || line.find("use constant relay_addresses") != std::string_view::npos;
        if (!is_relays)
            continue;
        if (const auto begin = line.find("qw("); !is_in_list && begin != std::string_view::npos) {
            is_in_list = true;
            line.remove_prefix(begin + 3);
        }
        if (!is_in_list)
            continue;
        const auto end = line.find(')');
        add_entries(line.substr(0, end), number, program.relays);
        is_relays = is_in_list = end == std::string_view::npos;
    }
    return program;
}

std::string without_mapped_address(std::string_view network)
{
    constexpr std::string_view mapped = "::ffff:";
    constexpr int bits_before = 96;
    if (!equals_ignoring_case(network.substr(0, mapped.size()), mapped) || network.find('.') == std::string_view::npos)
        return std::string(network);
    const auto inner = network.substr(mapped.size());
    const auto slash = inner.find('/');
    if (slash == std::string_view::npos)
        return std::string(inner);
    int bits = 0;
    for (const char c : inner.substr(slash + 1))
        bits = is_digit(c) && bits < 1000 ? bits * 10 + (c - '0') : 1000;
    if (bits < bits_before || bits > bits_before + 32)
        return std::string(network);
    return fmt::format("{}/{}", inner.substr(0, slash), bits - bits_before);
}

} // namespace postern
