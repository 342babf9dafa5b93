// dnsbl_scores - the lists, asked all at once and remembered
//
// A client's address, or one of its names, is looked up here first: a score
// that is remembered costs one hash look-up. What is not known is asked of all
// lists of its kind that can be believed; what is under way goes on by itself,
// whoever stops waiting, and is remembered when it is done: for the shortest
// time that an answer says, within dnsbl.min_ttl and dnsbl.max_ttl, or for ten
// seconds if a list has not answered.
// Failure: beyond `max_under_way` inquiries new ones score 0 and are counted;
// a list that does not answer does not count.
// May be destroyed at any time on its thread; inquiries that callers hold stay
// as they are then.
// Config: [dnsbl] timeout, min_ttl, max_ttl, cache_size
#pragma once

#include "common/clock.h"
#include "common/dns/resolver.h"
#include "common/lru_cache.h"
#include "policyd/dnsbl_health.h"
#include "policyd/dnsbl_inquiry.h"

#include <asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace postern {

struct DnsblScoresStats {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t joined = 0;  // under way already
    std::uint64_t refused = 0; // too many under way
    std::size_t under_way = 0;
    std::size_t entries = 0;
};

class DnsblScores {
public:
    struct Options {
        std::chrono::milliseconds timeout = std::chrono::seconds(10);
        std::chrono::seconds min_ttl{60};
        std::chrono::seconds max_ttl{3600};
        std::chrono::seconds incomplete_ttl{10};
        std::size_t capacity = 100'000;
        std::size_t max_under_way = 5'000;
        std::function<Deadline()> now = coarse_now;
    };

    // `resolver` and `health` outlive this.
    DnsblScores(asio::io_context& io, Resolver& resolver, DnsblHealth& health, Options options);
    ~DnsblScores();

    // `hash`: of look_ahead(), else 0.
    std::shared_ptr<DnsblInquiry> of_address(const IpAddress& address, std::uint64_t hash = 0);

    // As LruCache has it.
    std::uint64_t look_ahead(const IpAddress& address) const;
    const std::shared_ptr<DnsblInquiry>* look_ahead(std::uint64_t hash) const;

    // Of a name, as a client has said it: none if that is not a domain, or no list takes it.
    std::shared_ptr<DnsblInquiry> of_name(DnsblZoneType type, std::string_view name);

    bool has(DnsblZoneType type) const { return !by_type_[static_cast<std::size_t>(type)].empty(); }
    DnsblScoresStats stats() const;

private:
    struct State;

    std::vector<std::vector<std::size_t>> by_type_; // places of lists
    std::shared_ptr<State> state_; // questions under way hold it weakly
};

} // namespace postern
