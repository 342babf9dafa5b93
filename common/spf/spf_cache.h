// spf_cache - check_host() that remembers
//
// What SPF says of a client and a domain hangs on the DNS alone, unless a
// record asks about the sender by a macro. So an answer is kept, for every
// sender of that domain, as long as the shortest-lived DNS answer it was made
// from. Not kept: temperror, and answers for which a TXT record with a '%' was
// read (RFC 7208 7: macros; also those of an explanation).
// Bounded: what was used last stays. Everything on the thread of the
// io_context; may not be destroyed while a check_host() of it is under way.
#pragma once

#include "common/clock.h"
#include "common/lru_cache.h"
#include "common/spf/check_host.h"
#include "common/spf/spf_source.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace postern {

struct SpfCacheStats {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::size_t entries = 0;
};

class SpfCache final : public SpfSource {
public:
    struct Options {
        std::size_t capacity = 5'000; // answers
        std::function<Deadline()> now = coarse_now;
    };

    // `resolver` outlives this.
    SpfCache(Resolver& resolver, SpfLimits limits, Options options);
    SpfCache(Resolver& resolver, SpfLimits limits)
        : SpfCache(resolver, limits, Options())
    {
    }

    using SpfSource::known;
    // The same answer for everyone who asks while it is kept, with the parts of its header field.
    SharedSpfAnswer known(const IpAddress& client, std::string_view domain, std::uint64_t hash) override;
    std::uint64_t look_ahead(const IpAddress& client, std::string_view domain) override;
    const SharedSpfAnswer* look_ahead(std::uint64_t hash) override;
    asio::awaitable<SharedSpfAnswer> check_host(SpfQuery query, Deadline deadline) override;

    SpfCacheStats stats() const { return {hits_, misses_, answers_.size()}; }

private:
    struct Kept {
        SharedSpfAnswer answer;
        Deadline until;
    };

    Resolver& resolver_;
    SpfLimits limits_;
    Options options_;
    LruCache<Kept> answers_; // by client and domain
    std::string key_;        // of the look-up under way
    std::uint64_t hits_ = 0;
    std::uint64_t misses_ = 0;
};

} // namespace postern
