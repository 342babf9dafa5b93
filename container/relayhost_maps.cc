#include "container/relayhost_maps.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

bool is_port(std::string_view text)
{
    return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

// How many octets of "host:port:user:password" are the host, with its port if it has one.
std::size_t host_size(std::string_view entry)
{
    auto end = entry.starts_with('[') ? entry.find(']') : 0;
    if (end == std::string_view::npos)
        return end;
    end = entry.find(':', end);
    if (end == std::string_view::npos)
        return end;
    const auto next = entry.find(':', end + 1);
    // A number that more than a password follows is a port.
    if (next != std::string_view::npos && is_port(entry.substr(end + 1, next - end - 1))
        && entry.find(':', next + 1) != std::string_view::npos)
        return next;
    return end;
}

} // namespace

Result<MapEntry> parse_relayhost_password(std::string_view entry, std::string_view relayhost)
{
    const auto end = host_size(entry);
    if (end == std::string_view::npos || end == 0)
        return fail("an entry is not HOST:USER:PASSWORD");
    const auto rest = entry.substr(end + 1);
    if (rest.find(':') == std::string_view::npos) { // two parts: who, and the password
        if (relayhost.empty())
            return fail("USER:PASSWORD without a host wants RELAYHOST");
        return MapEntry{std::string(relayhost), std::string(entry)};
    }
    if (rest.starts_with(':'))
        return fail("the entry of {} has no user", printable(entry.substr(0, end), 80));
    return MapEntry{std::string(entry.substr(0, end)), std::string(rest)};
}

Result<MapEntry> parse_relayhost_sender(std::string_view entry)
{
    const auto colon = entry.find(':');
    const auto sender = entry.substr(0, colon);
    if (colon == std::string_view::npos || colon + 1 == entry.size() || sender.find('@') == std::string_view::npos)
        return fail("\"{}\" is not SENDER:HOST", printable(entry, 80));
    return MapEntry{std::string(sender), std::string(entry.substr(colon + 1))};
}

} // namespace postern
