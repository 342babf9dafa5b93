#include "common/redis/redis_slots.h"

#include "common/digits.h"
#include "common/text.h"

#include <algorithm>
#include <array>

namespace postern {
namespace {

constexpr std::size_t most_ranges = redis_slot_count; // each slot alone
constexpr std::size_t node_host_limit = 253;

// CRC-16/XMODEM: the polynomial 0x1021, from 0, the high bit first.
constexpr std::array<std::uint16_t, 256> crc_table()
{
    std::array<std::uint16_t, 256> table{};
    for (unsigned octet = 0; octet < 256; ++octet) {
        unsigned crc = octet << 8;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
        table[octet] = static_cast<std::uint16_t>(crc);
    }
    return table;
}

std::uint16_t crc16(std::string_view text)
{
    static constexpr auto table = crc_table();
    unsigned crc = 0;
    for (const char c : text)
        crc = ((crc << 8) ^ table[((crc >> 8) ^ static_cast<unsigned char>(c)) & 0xff]) & 0xffff;
    return static_cast<std::uint16_t>(crc);
}

// A name or an address, as it goes to getaddrinfo(3).
bool is_node_host(std::string_view host)
{
    return host.size() <= node_host_limit && std::all_of(host.begin(), host.end(), [](char c) {
        return is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
    });
}

std::optional<SocketAddress> address(std::string_view host, std::int64_t port, const SocketAddress& asked)
{
    if (port < 1 || port > 65535 || !is_node_host(host))
        return std::nullopt;
    SocketAddress address;
    address.host = host.empty() || host == "?" ? asked.host : std::string(host);
    address.port = static_cast<std::uint16_t>(port);
    return address.host.empty() ? std::nullopt : std::optional(address);
}

bool is_slot(const RedisReply& reply)
{
    return reply.kind == RedisReply::Kind::integer && reply.integer >= 0 && reply.integer < redis_slot_count;
}

// [FIRST LAST [HOST PORT ...] replicas...]
std::optional<RedisSlotRange> read_range(const RedisReply& reply, const SocketAddress& asked)
{
    const auto& items = reply.items;
    if (items.size() < 3 || !is_slot(items[0]) || !is_slot(items[1]) || items[0].integer > items[1].integer)
        return std::nullopt;
    const auto& server = items[2].items;
    if (server.size() < 2 || server[1].kind != RedisReply::Kind::integer)
        return std::nullopt;
    const auto found = address(server[0].text, server[1].integer, asked);
    if (!found)
        return std::nullopt;
    return RedisSlotRange{static_cast<std::uint16_t>(items[0].integer), static_cast<std::uint16_t>(items[1].integer),
                          *found};
}

} // namespace

std::uint16_t redis_slot(std::string_view key)
{
    const auto open = key.find('{');
    if (open != std::string_view::npos) {
        const auto close = key.find('}', open + 1);
        if (close != std::string_view::npos && close > open + 1)
            key = key.substr(open + 1, close - open - 1);
    }
    return crc16(key) % redis_slot_count;
}

std::optional<SocketAddress> read_redis_address(std::string_view text, const SocketAddress& asked)
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    return port ? address(text.substr(0, colon), *port, asked) : std::nullopt;
}

Result<std::vector<RedisSlotRange>> read_redis_slots(const RedisReply& reply, const SocketAddress& asked)
{
    if (reply.is_error())
        return fail("{}", printable(reply.text, 160));
    if (reply.kind != RedisReply::Kind::array || reply.items.size() > most_ranges)
        return fail("CLUSTER SLOTS: not a list of slots");
    std::vector<RedisSlotRange> ranges;
    for (const auto& item : reply.items) {
        const auto range = read_range(item, asked);
        if (!range)
            return fail("CLUSTER SLOTS: an item is no range of slots with its server");
        ranges.push_back(*range);
    }
    if (ranges.empty())
        return fail("the cluster has given its slots to no server");
    return ranges;
}

std::optional<RedisRedirection> read_redis_redirection(const RedisReply& reply, const SocketAddress& asked)
{
    RedisRedirection redirection;
    redirection.is_moved = reply.is_error("MOVED");
    if (!redirection.is_moved && !reply.is_error("ASK"))
        return std::nullopt;
    std::string_view text = reply.text;
    text.remove_prefix(std::min(text.find(' ') + 1, text.size()));
    const auto slot = parse_number<std::uint16_t>(text.substr(0, text.find(' ')), 0, redis_slot_count - 1);
    if (!slot || text.find(' ') == std::string_view::npos)
        return std::nullopt;
    const auto server = read_redis_address(text.substr(text.find(' ') + 1), asked);
    if (!server)
        return std::nullopt;
    redirection.slot = *slot;
    redirection.server = *server;
    return redirection;
}

Result<SocketAddress> read_sentinel_answer(const RedisReply& reply, const SocketAddress& asked)
{
    if (reply.is_error())
        return fail("{}", printable(reply.text, 160));
    if (reply.kind == RedisReply::Kind::nil)
        return fail("knows no master of this name");
    if (reply.items.size() != 2)
        return fail("not an address");
    const auto address = read_redis_address(reply.items[0].text + ":" + reply.items[1].text, asked);
    return address ? Result<SocketAddress>(*address) : fail("not an address");
}

} // namespace postern
