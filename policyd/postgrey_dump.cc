#include "policyd/postgrey_dump.h"

#include "common/digits.h"
#include "common/ip_address.h"
#include "common/text.h"
#include "policyd/greylist_text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t postgrey_key_limit = 2000; // octets
constexpr std::size_t hash_size = 40; // SHA-1 in hexadecimal digits
constexpr std::int64_t least_time = 100'000'000; // 1973: a smaller number is a count

bool is_hash(std::string_view key)
{
    return key.size() == hash_size && std::all_of(key.begin(), key.end(), [](char c) { return hex_digit(c) >= 0; });
}

// Until the year 3000.
std::optional<std::int64_t> time_of(std::string_view text)
{
    return parse_number<std::int64_t>(text, 0, 32'503'680'000);
}

// "192.0.2.0" or "192.0.2.7/32" before a triplet's next slash
struct ClientPart {
    IpAddress address;
    std::string_view rest; // "/sender/recipient"
};
std::optional<ClientPart> client_part(std::string_view key)
{
    const auto slash = key.find('/');
    const auto address = parse_ip_address(key.substr(0, slash));
    if (!address)
        return std::nullopt;
    auto rest = key.substr(slash);
    const std::string_view whole = address->is_v4() ? "/32/" : "/128/"; // --lookup-by-host
    if (rest.starts_with(whole) && std::count(rest.begin(), rest.end(), '/') > 2)
        rest.remove_prefix(whole.size() - 1);
    return ClientPart{*address, rest};
}

// "2001:db8:1:2:0:0:0:0": as NetAddr::IP writes it, without zeros before a number
std::string postgrey_address(const IpAddress& address)
{
    if (address.is_v4())
        return address.text();
    std::string text;
    for (std::size_t i = 0; i < 16; i += 2)
        text += fmt::format("{}{:x}", i == 0 ? "" : ":", address.octets()[i] * 256 + address.octets()[i + 1]);
    return text;
}

} // namespace

Result<std::string> PostgreyDump::decode(std::string_view text) const
{
    std::string out;
    while (!text.empty()) {
        const bool is_hex = !is_print_ || text[0] == '\\';
        if (is_print_ && text.starts_with("\\\\")) {
            out += '\\';
            text.remove_prefix(2);
        } else if (is_hex) {
            const std::size_t skipped = is_print_ ? 1 : 0;
            const int high = text.size() > skipped + 1 ? hex_digit(text[skipped]) : -1;
            const int low = high >= 0 ? hex_digit(text[skipped + 1]) : -1;
            if (low < 0)
                return fail("\"{}\" is not two hexadecimal digits", printable(text.substr(0, 3)));
            out += static_cast<char>(high * 16 + low);
            text.remove_prefix(skipped + 2);
        } else {
            out += text[0];
            text.remove_prefix(1);
        }
    }
    if (out.size() > postgrey_key_limit)
        return fail("{} octets; at most {} are read", out.size(), postgrey_key_limit);
    return out;
}

Result<std::optional<GreylistWrite>> PostgreyDump::add(std::string_view line)
{
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
        line.remove_suffix(1);
    if (line == "DATA=END") {
        state_ = State::end;
        return std::nullopt;
    }
    if (state_ == State::head || state_ == State::end) {
        if (line.starts_with("format="))
            is_print_ = line == "format=print";
        if (line.starts_with("VERSION="))
            state_ = State::head; // another dump behind the first
        if (line == "HEADER=END")
            state_ = State::key;
        return std::nullopt;
    }
    if (!line.starts_with(' '))
        return fail("\"{}\" is not a line of a dump", printable(line, 80));
    auto text = decode(line.substr(1));
    const bool is_key = std::exchange(state_, state_ == State::key ? State::value : State::key) == State::key;
    if (!text) {
        key_.clear();
        return tl::unexpected(text.error());
    }
    if (is_key) {
        key_ = std::move(*text);
        return std::nullopt;
    }
    return row(*text);
}

// "first,last" of a triplet, with a host name behind it from old versions; "count,last" of a client
Result<std::optional<GreylistWrite>> PostgreyDump::row(std::string_view value) const
{
    const auto parts = split(value, ',');
    const auto first = time_of(parts[0]);
    const auto last = parts.size() > 1 ? time_of(parts[1]) : std::nullopt;
    if (!first || !last || key_.empty())
        return fail("\"{}\": \"{}\" is not two numbers", printable(key_, 80), printable(value, 40));

    TripletRow triplet{timestamp(*first), timestamp(std::max(*first, *last))};
    if (triplet.last - triplet.first < rules_.delay)
        triplet.last = triplet.first; // it came again, but too early
    const ClientRow client{*first, timestamp(*last)};

    if (is_hash(key_)) {
        auto key = hashed_mark + to_lower(key_);
        return *first >= least_time ? GreylistWrite{std::move(key), triplet} : GreylistWrite{std::move(key), client};
    }
    if (key_.find('/') == std::string::npos) {
        const auto address = parse_ip_address(key_);
        if (!address)
            return fail("\"{}\" is not an address", printable(key_, 80));
        const auto prefix = address->is_v4() ? rules_.ipv4_prefix : rules_.ipv6_prefix;
        return GreylistWrite{rules_.client_by_address ? address->text() : address->masked(prefix).text(), client};
    }
    const auto part = client_part(key_);
    if (!part || std::count(part->rest.begin(), part->rest.end(), '/') < 2)
        return fail("\"{}\" is not client/sender/recipient", printable(key_, 80));
    const auto prefix = part->address.is_v4() ? rules_.ipv4_prefix : rules_.ipv6_prefix;
    return GreylistWrite{part->address.masked(prefix).text() + std::string(part->rest), triplet};
}

std::vector<std::string> postgrey_texts(std::string_view key)
{
    const auto slash = key.find('/');
    const auto address = parse_ip_address(key.substr(0, slash));
    if (!address)
        return {}; // a verified domain: postgrey knows of none
    const auto text = postgrey_address(*address);
    if (slash == std::string_view::npos) { // a client's letters stay as NetAddr::IP has them
        std::string upper = text;
        std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
        return {upper};
    }
    const auto rest = key.substr(slash);
    return {concat({text, rest}), concat({text, address->is_v4() ? "/32" : "/128", rest})};
}

} // namespace postern
