// ares_reply - what c-ares brought back, as a DnsReply
//
// Pure: a status and a packet in, an answer out. The packet is read whole and
// strictly; one broken record makes it unreadable, which is tempfail, because
// half of an answer is a different answer.
// See: RFC 1035 4, RFC 2308
#pragma once

#include "common/dns/dns_reply.h"

#include <cstdint>
#include <span>

namespace postern {

// How long an answer without records may be kept: what its SOA says, at most
// the three hours of RFC 2308 5, and a moment if it brought none.
inline constexpr std::chrono::seconds longest_negative_ttl = std::chrono::hours(3);
inline constexpr std::chrono::seconds negative_ttl_without_soa{5};

// `ares_status` as ares_query(3) hands it to its callback, with the packet.
DnsReply read_ares_reply(int ares_status, std::span<const std::uint8_t> packet, RrType type);

} // namespace postern
