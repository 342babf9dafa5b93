#include "policyd/greylist_text.h"

#include "common/digits.h"
#include "common/text.h"
#include "policyd/postgrey_dump.h"

#include <algorithm>
#include <fmt/chrono.h>

namespace postern {
namespace {

constexpr std::size_t shown_key_limit = 2000; // octets; ours have at most 700
constexpr std::int64_t latest = 32'503'680'000; // the year 3000
constexpr std::int64_t most_passes = 1'000'000'000'000;

// The next word of a line; `line` goes on behind the blank.
std::string_view take_word(std::string_view& line)
{
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    return word;
}

Result<std::int64_t> read_number(std::string_view text, std::int64_t most)
{
    const auto number = parse_number<std::int64_t>(text, 0, most);
    if (!number)
        return fail("\"{}\" is not a number from 0 to {}", printable(text, 40), most);
    return *number;
}

// CLIENT/SENDER/RECIPIENT or CLIENT; a hash does not tell.
Result<> check_key(bool is_triplet, std::string_view key)
{
    const auto slashes = std::count(key.begin(), key.end(), '/');
    if (key.starts_with(hashed_mark) || (is_triplet ? slashes >= 2 : slashes == 0))
        return {};
    return fail("\"{}\" is not {}", printable(key, 80), is_triplet ? "CLIENT/SENDER/RECIPIENT" : "a client");
}

} // namespace

std::string shown_key(std::string_view key)
{
    std::string out;
    for (const char c : key) {
        if (c > 0x20 && c < 0x7f && c != '\\')
            out += c;
        else
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return out;
}

Result<std::string> read_shown_key(std::string_view text)
{
    std::string key;
    while (!text.empty()) {
        if (text[0] != '\\') {
            key += text[0];
            text.remove_prefix(1);
            continue;
        }
        const int high = text.size() > 3 && text[1] == 'x' ? hex_digit(text[2]) : -1;
        const int low = high >= 0 ? hex_digit(text[3]) : -1;
        if (low < 0)
            return fail("a backslash that is not \\x and two hexadecimal digits");
        key += static_cast<char>(high * 16 + low);
        text.remove_prefix(4);
    }
    if (key.empty() || key.size() > shown_key_limit)
        return fail("a key of {} octets; it must have some, and at most {}", key.size(), shown_key_limit);
    return key;
}

std::string write_greylist_line(const GreylistWrite& row)
{
    if (const auto* triplet = std::get_if<TripletRow>(&row.row))
        return fmt::format("triplet {} {} {}\n", triplet->first.time_since_epoch().count(),
                           triplet->last.time_since_epoch().count(), shown_key(row.key));
    const auto& client = std::get<ClientRow>(row.row);
    return fmt::format("client {} {} {}\n", client.passes, client.last.time_since_epoch().count(), shown_key(row.key));
}

Result<std::optional<GreylistWrite>> read_greylist_line(std::string_view line)
{
    line = trim(line);
    if (line.empty() || line.starts_with('#'))
        return std::nullopt;
    const auto kind = take_word(line);
    if (kind != "triplet" && kind != "client")
        return fail("begins with \"{}\", not with triplet or client", printable(kind, 40));
    const bool is_triplet = kind == "triplet";
    const auto first = read_number(take_word(line), is_triplet ? latest : most_passes);
    if (!first)
        return tl::unexpected(first.error());
    const auto last = read_number(take_word(line), latest);
    if (!last)
        return tl::unexpected(last.error());
    if (is_triplet && *last < *first)
        return fail("was seen last before it was seen first");
    auto key = read_shown_key(line);
    if (!key)
        return tl::unexpected(key.error());
    if (const auto ok = check_key(is_triplet, *key); !ok)
        return tl::unexpected(ok.error());
    if (is_triplet)
        return GreylistWrite{std::move(*key), TripletRow{timestamp(*first), timestamp(*last)}};
    return GreylistWrite{std::move(*key), ClientRow{*first, timestamp(*last)}};
}

GreylistKeyParts key_parts(std::string_view key)
{
    const auto first = key.find('/'); // no client holds one; a sender may
    const auto last = key.rfind('/');
    if (first == std::string_view::npos || first == last)
        return {key, {}, {}};
    return {key.substr(0, first), key.substr(first + 1, last - first - 1), key.substr(last + 1)};
}

std::string shown_time(Timestamp time)
{
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

} // namespace postern
