#include "milterd/allow_list.h"

#include "common/basic_regex.h"
#include "common/list_file.h"
#include "common/text.h"

#include <algorithm>
#include <functional>
#include <string>

namespace postern {
namespace {

bool take_prefix(std::string_view& entry, std::string_view prefix)
{
    if (!equals_ignoring_case(entry.substr(0, prefix.size()), prefix))
        return false;
    entry.remove_prefix(prefix.size());
    return true;
}

// Unlike list_file's, a '#' is a comment only where the line begins: it may stand in a pattern.
std::string_view entry_of(std::string_view line)
{
    const auto entry = trim(line);
    const bool is_comment = entry.starts_with('#') || entry.starts_with(':') || entry.starts_with('!');
    return is_comment ? std::string_view() : entry;
}

} // namespace

bool AllowList::matches(const std::vector<Regex>& patterns, std::string_view address)
{
    if (patterns.empty())
        return false;
    const auto in_brackets = concat({"<", address, ">"});
    return std::any_of(patterns.begin(), patterns.end(), [&](const Regex& pattern) {
        return pattern.matches(in_brackets) || pattern.matches(address);
    });
}

void parse_allow_list(std::string_view text, std::string_view path, AllowList& list, std::vector<Error>& faults)
{
    const auto add = [&](std::string_view entry) -> Result<> {
        auto& patterns = take_prefix(entry, "From:") ? list.senders : list.recipients;
        if (&patterns == &list.recipients)
            take_prefix(entry, "To:");
        entry = trim(entry);
        if (entry.empty())
            return fail("an empty pattern would match everybody");
        if (list.senders.size() + list.recipients.size() >= most_allow_entries)
            return fail("more than {} entries", most_allow_entries);
        auto pattern = Regex::compile(perl_from_basic_regex(entry));
        if (!pattern)
            return tl::unexpected(pattern.error());
        patterns.push_back(std::move(*pattern));
        return {};
    };
    parse_list_lines({text, path, entry_of}, add, faults);
}

void parse_login_list(std::string_view text, std::string_view path, std::vector<std::string>& logins,
                      std::vector<Error>& faults)
{
    const auto add = [&](std::string_view entry) -> Result<> {
        logins.push_back(to_lower(entry));
        return {};
    };
    parse_list_lines({text, path, entry_of}, add, faults);
}

} // namespace postern
