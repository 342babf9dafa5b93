#include "common/postfix_table.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t longest_line = 64 * 1024;

// "key value", with the key in quotes or not.
Result<PostfixTableEntry> read_entry(std::string_view line, int number)
{
    std::string_view key, rest;
    if (line.starts_with('"')) {
        const auto end = line.find('"', 1);
        if (end == std::string_view::npos)
            return fail("line {}: a quote that nothing closes", number);
        key = line.substr(1, end - 1);
        rest = line.substr(end + 1);
        if (!rest.empty() && !is_space(rest.front()))
            return fail("line {}: a blank is wanted between key and value", number);
    } else {
        const auto end = static_cast<std::size_t>(std::find_if(line.begin(), line.end(), is_space) - line.begin());
        key = line.substr(0, end);
        rest = line.substr(end);
    }
    const auto value = trim(rest);
    if (key.empty() || value.empty())
        return fail("line {}: \"key value\" is wanted", number);
    return PostfixTableEntry{std::string(key), std::string(value), number};
}

} // namespace

Result<std::vector<PostfixTableEntry>> parse_postfix_table(std::string_view text)
{
    std::vector<PostfixTableEntry> entries;
    std::string logical; // the line that may still go on
    int number = 0, begun_at = 0;
    const auto finish = [&]() -> Result<> {
        if (logical.empty())
            return {};
        auto entry = read_entry(logical, begun_at);
        logical.clear();
        if (!entry)
            return tl::unexpected(entry.error());
        entries.push_back(std::move(*entry));
        return {};
    };
    for (const auto line : split(text, '\n')) {
        ++number;
        const auto content = trim(line);
        if (content.empty() || content.front() == '#')
            continue;
        if (line.find('\0') != std::string_view::npos)
            return fail("line {}: holds a NUL", number);
        if (is_space(line.front())) {
            if (logical.empty())
                return fail("line {}: begins with a blank, but there is no line before that it could go on with",
                            number);
            logical.append(" ").append(content);
        } else {
            if (const auto finished = finish(); !finished)
                return tl::unexpected(finished.error());
            logical.assign(content);
            begun_at = number;
        }
        if (logical.size() > longest_line)
            return fail("line {}: is longer than {} octets", begun_at, longest_line);
    }
    if (const auto finished = finish(); !finished)
        return tl::unexpected(finished.error());
    return entries;
}

} // namespace postern
