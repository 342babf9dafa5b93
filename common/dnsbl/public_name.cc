#include "common/dnsbl/public_name.h"

#include "common/dnsbl/known_lists.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t shortest_key = 16;          // with a digit among its letters
constexpr std::size_t shortest_key_of_letters = 22;
constexpr std::size_t registered_labels = 2; // "example.org" is known to all the world, whatever it looks like
constexpr std::size_t shortest_secret = 4; // a label of a zone that is worth hiding in a text

// Replaces every occurrence, whatever its case.
void replace_all(std::string& text, std::string_view what, std::string_view by)
{
    const auto lower_what = to_lower(what);
    for (auto at = to_lower(text).find(lower_what); at != std::string::npos;
         at = to_lower(text).find(lower_what, at + by.size()))
        text.replace(at, what.size(), by);
}

} // namespace

bool looks_like_key(std::string_view label)
{
    if (label.size() < shortest_key || !std::all_of(label.begin(), label.end(), is_alnum))
        return false;
    return label.size() >= shortest_key_of_letters || std::any_of(label.begin(), label.end(), is_digit);
}

std::string public_name(std::string_view zone)
{
    if (const auto* const known = find_known_list(zone))
        return std::string(known->public_name.empty() ? known->zone : known->public_name);

    // All that stands before the last key goes with it.
    const auto labels = split(zone, '.');
    std::size_t first = 0;
    for (std::size_t i = 0; i + registered_labels < labels.size(); ++i)
        if (looks_like_key(labels[i]))
            first = i + 1;
    if (first == 0)
        return std::string(zone);
    const auto rest = static_cast<std::size_t>(labels[first].data() - zone.data());
    return std::string(zone.substr(rest));
}

bool holds_key(std::string_view zone)
{
    if (const auto* const known = find_known_list(zone))
        return known->zone != zone;
    return public_name(zone) != zone;
}

std::string without_key(std::string_view text, std::string_view zone, std::string_view public_name)
{
    std::string shown(text);
    if (zone == public_name || zone.empty())
        return shown;
    replace_all(shown, zone, public_name);
    const auto known_labels = split(public_name, '.');
    for (const auto label : split(zone, '.')) {
        const bool is_public = std::find(known_labels.begin(), known_labels.end(), label) != known_labels.end();
        if (!is_public && label.size() >= shortest_secret)
            replace_all(shown, label, "***");
    }
    return shown;
}

} // namespace postern
