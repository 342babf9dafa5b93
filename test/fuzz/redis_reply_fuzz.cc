// Whatever the octets: in one piece or in two, the same replies come out, and what they are taken for is read without
// fault.
#include "common/redis/redis_slots.h"

#include <cstdlib>

namespace {

const postern::SocketAddress asked{"", "192.0.2.1", 7000};

std::size_t take(postern::RedisReplyReader& reader, std::string_view octets, bool& is_broken)
{
    std::size_t replies = 0;
    is_broken = is_broken || !reader.feed(octets);
    while (!is_broken) {
        const auto reply = reader.next();
        is_broken = !reply;
        if (!reply || !*reply)
            break;
        ++replies;
        (void)postern::read_redis_slots(**reply, asked);
        (void)postern::read_redis_redirection(**reply, asked);
        if (const auto master = postern::read_sentinel_answer(**reply, asked); master && (master->host.empty() || master->port == 0))
            std::abort();
    }
    return replies;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    bool is_broken = false, is_broken_in_two = false;
    postern::RedisReplyReader whole, in_two;
    const auto replies = take(whole, octets, is_broken);
    auto replies_in_two = take(in_two, octets.substr(0, size / 2), is_broken_in_two);
    replies_in_two += take(in_two, octets.substr(size / 2), is_broken_in_two);
    if (replies != replies_in_two || is_broken != is_broken_in_two)
        std::abort();
    (void)postern::read_redis_address(octets, asked);
    (void)postern::redis_slot(octets);
    return 0;
}
