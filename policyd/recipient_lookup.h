// recipient_lookup - which recipients exist, as the directories said
//
// "Exists" is remembered long, "unknown" for a short time (a new mailbox), and
// what was known to exist goes on to do so while the directory cannot say.
// Several directories may answer for one domain: an address exists if one says
// so, and is unknown if all do. An address with an extension exists, too, if
// it does without. Equal questions under way are asked once; beyond
// `most_asked` none is asked. Addresses are texts in lower case.
// Everything on the io_context's thread. May be destroyed while questions are
// under way.
#pragma once

#include "common/clock.h"
#include "common/ldap/directory.h"
#include "common/lru_cache.h"
#include "common/text_set.h"

#include <asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct RecipientSource {
    std::vector<std::string> domains; // A-labels in lower case; empty: all
    std::shared_ptr<Directory> directory;
};

enum class RecipientStatus {
    exists,
    stale,   // it did exist, and the directory cannot say
    unknown,
    unavailable,
};

struct RecipientAnswer {
    RecipientStatus status = RecipientStatus::unavailable;
    std::string reason{}; // why it is unavailable
};

struct RecipientLookupStats {
    std::uint64_t hits = 0;   // answered from memory
    std::uint64_t misses = 0; // asked
    std::uint64_t joined = 0; // waited for a question that was under way
    std::uint64_t refused = 0; // too many under way
    std::uint64_t stale = 0;
    std::uint64_t unavailable = 0;
    std::size_t in_flight = 0;
    std::size_t entries = 0;
};

class RecipientLookup {
public:
    struct Options {
        std::chrono::seconds exists_ttl{21'600};
        std::chrono::seconds unknown_ttl{60};
        std::chrono::seconds stale_ttl{604'800};
        std::size_t capacity = 50'000;
        std::size_t most_asked = 5'000;
        std::function<Deadline()> now = coarse_now;
    };

    RecipientLookup(asio::io_context& io, std::vector<RecipientSource> sources, Options options);

    enum class Scope { outside, any_domain, named };

    // Does a directory answer for the domain: because it names it, or because it names none?
    Scope scope(std::string_view domain) const;

    // Is it remembered that the address exists? `hash`: of look_ahead(), else 0.
    bool remembers(std::string_view address, std::uint64_t hash = 0);

    // As LruCache has it.
    std::uint64_t look_ahead(std::string_view address) const;
    void look_ahead(std::uint64_t hash) const;

    // `without_extension` empty: the address has none. Both texts are in lower case.
    asio::awaitable<RecipientAnswer> find(std::string address, std::string without_extension, Deadline deadline);

    RecipientLookupStats stats() const;

private:
    struct State;

    std::shared_ptr<State> state_; // questions under way hold it weakly
};

} // namespace postern
