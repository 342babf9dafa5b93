// cached_resolver - Resolver that remembers what another one said
//
// An answer is kept as long as it says (also "no such name" and "no data",
// RFC 2308), at most max_ttl; what was used last stays longest. A tempfail is
// kept for a second: a broken zone is not asked again for each recipient of
// one message, and a zone that is mended is seen at once. An answer from
// memory completes without a trip through the executor, with what is left of
// its TTL.
// Equal questions under way are asked once: each caller waits until its own
// deadline, and an answer too late for all of them is still kept.
// Failure: beyond max_in_flight questions under way, tempfail at once.
// Threads: everything on the one that runs the io_context. May be destroyed at
// any time on that thread: who waits gets tempfail.
#pragma once

#include "common/clock.h"
#include "common/dns/resolver.h"
#include "common/facts.h"

#include <asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace postern {

struct CacheOptions {
    std::size_t capacity = 10'000; // answers; 0: none are kept
    std::size_t max_octets = 8 * 1024 * 1024; // of all answers together
    std::chrono::seconds max_ttl = std::chrono::hours(24);
    std::chrono::seconds tempfail_ttl{1};
    std::size_t max_in_flight = 5'000;
    std::function<Deadline()> now = coarse_now; // what TTLs are measured on
};

struct CacheStats {
    std::uint64_t hits = 0; // answered from memory
    std::uint64_t misses = 0; // asked
    std::uint64_t joined = 0; // waited for a question that was under way
    std::uint64_t refused = 0; // too many under way
    std::size_t in_flight = 0;
    std::size_t entries = 0;
    std::size_t octets = 0;
};

void add_facts(const CacheStats& stats, Facts& facts);

class CachedResolver final : public Resolver {
public:
    CachedResolver(asio::io_context& io, std::unique_ptr<Resolver> resolver, CacheOptions options = {});
    ~CachedResolver() override;

    asio::awaitable<DnsReply> lookup(std::string name, RrType type, Deadline deadline) override;

    CacheStats stats() const;

private:
    struct State;

    std::shared_ptr<State> state_; // questions under way hold it weakly
};

} // namespace postern
