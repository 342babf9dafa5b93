// dns_packet - a DNS reply written down record by record
#pragma once

#include "common/dns/dns_reply.h"
#include "common/text.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

using DnsOctets = std::vector<std::uint8_t>;

// "example.org" as labels with their lengths; "" is the root.
inline std::string wire_name(std::string_view name)
{
    std::string wire;
    if (!name.empty())
        for (const auto label : split(name, '.'))
            wire.append(1, static_cast<char>(label.size())).append(label);
    return wire + '\0';
}

inline std::string wire_16(unsigned value)
{
    return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

inline std::string wire_32(std::uint32_t value)
{
    return wire_16(value >> 16) + wire_16(value & 0xffff);
}

// One <character-string> of RFC 1035 3.3
inline std::string wire_string(std::string_view text)
{
    return std::string(1, static_cast<char>(text.size())) + std::string(text);
}

class DnsPacket {
public:
    static constexpr int cname = 5, soa = 6, ns = 2, opt = 41;

    DnsPacket(std::string_view name, RrType type)
        : question_(wire_name(name) + wire_16(static_cast<unsigned>(type)) + wire_16(1))
    {
    }

    // The reply to a query: its id and question.
    explicit DnsPacket(const DnsOctets& query)
        : id_(static_cast<unsigned>(query[0] << 8 | query[1]))
    {
        std::size_t end = 12;
        while (query[end] != 0)
            end += query[end] + 1u;
        question_.assign(query.begin() + 12, query.begin() + static_cast<std::ptrdiff_t>(end) + 5);
    }

    DnsPacket& id(unsigned id) { return id_ = id, *this; }
    DnsPacket& rcode(unsigned rcode) { return rcode_ = rcode, *this; }
    DnsPacket& truncated() { return flags_ |= 0x0200, *this; }
    DnsPacket& authoritative() { return flags_ |= 0x0400, *this; }
    DnsPacket& is_query() { return flags_ &= ~0x8000u, *this; }
    DnsPacket& questions(unsigned count) { return questions_ = count, *this; }

    DnsPacket& answer(std::string_view owner, int type, std::uint32_t ttl, std::string_view data)
    {
        return put(0, owner, type, ttl, data);
    }
    DnsPacket& authority(std::string_view owner, int type, std::uint32_t ttl, std::string_view data)
    {
        return put(1, owner, type, ttl, data);
    }
    DnsPacket& soa_of(std::string_view zone, std::uint32_t ttl, std::uint32_t minimum)
    {
        return authority(zone, soa, ttl,
                         wire_name("ns." + std::string(zone)) + wire_name("hostmaster." + std::string(zone))
                             + wire_32(1) + wire_32(7200) + wire_32(900) + wire_32(86400) + wire_32(minimum));
    }

    DnsOctets octets() const
    {
        const std::string packet = wire_16(id_) + wire_16(flags_ | rcode_) + wire_16(questions_)
            + wire_16(sections_[0].count) + wire_16(sections_[1].count) + wire_16(0) + question_ + sections_[0].records
            + sections_[1].records;
        return {packet.begin(), packet.end()};
    }

private:
    DnsPacket& put(int section, std::string_view owner, int type, std::uint32_t ttl, std::string_view data)
    {
        auto& [records, count] = sections_[section];
        records += wire_name(owner) + wire_16(static_cast<unsigned>(type)) + wire_16(1) + wire_32(ttl)
            + wire_16(static_cast<unsigned>(data.size()));
        records += data;
        ++count;
        return *this;
    }

    struct Section {
        std::string records;
        unsigned count = 0;
    };

    unsigned id_ = 0;
    unsigned flags_ = 0x8180; // response, recursion desired and available
    unsigned rcode_ = 0;
    unsigned questions_ = 1;
    std::string question_;
    Section sections_[2];
};

} // namespace postern
