// spf_source - whoever knows what SPF says of a client and a domain
//
// check_host() behind an interface, for those who ask it with every mail: what
// is remembered is had at once, without a coroutine.
// Everything on the thread of the io_context.
#pragma once

#include "common/clock.h"
#include "common/spf/spf_answer.h"

#include <asio/awaitable.hpp>
#include <cstdint>
#include <string_view>

namespace postern {

class SpfSource {
public:
    virtual ~SpfSource() = default;

    // The answer for any sender of that domain (A-labels in lower case), if it is remembered and
    // still true; nullptr: check_host() has to find out.
    virtual SharedSpfAnswer known(const IpAddress& client, std::string_view domain, std::uint64_t hash) = 0;
    SharedSpfAnswer known(const IpAddress& client, std::string_view domain) { return known(client, domain, 0); }

    // As LruCache has it: known() of the same is going to come, which may be given the hash then. 0: that is of no use.
    virtual std::uint64_t look_ahead(const IpAddress&, std::string_view) { return 0; }
    virtual const SharedSpfAnswer* look_ahead(std::uint64_t) { return nullptr; }

    // Never null. Not to be destroyed while one is under way.
    virtual asio::awaitable<SharedSpfAnswer> check_host(SpfQuery query, Deadline deadline) = 0;
};

} // namespace postern
