#include "common/dns/ares_reply.h"

#include <cstdlib>
#include <iterator>

// The first octet picks the type, the rest is the packet.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using postern::DnsStatus;
    using postern::RrType;
    if (size == 0)
        return 0;
    constexpr RrType types[] = {RrType::a, RrType::ptr, RrType::mx, RrType::txt, RrType::aaaa, RrType::ns, RrType::cname};
    const auto type = types[data[0] % std::size(types)];
    const auto reply = postern::read_ares_reply(0 /* ARES_SUCCESS */, {data + 1, size - 1}, type);

    // What callers build on
    if ((reply.status == DnsStatus::found) == reply.records.empty())
        std::abort();
    if (reply.ttl < reply.ttl.zero() || (reply.status == DnsStatus::tempfail && reply.ttl != reply.ttl.zero()))
        std::abort();
    if (type == RrType::mx || type == RrType::ptr || type == RrType::ns || type == RrType::cname)
        for (const auto& name : reply.records)
            for (const char c : name)
                if (c <= ' ' || c > '~')
                    std::abort();
    return 0;
}
