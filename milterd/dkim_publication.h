// dkim_publication - warns of keys that sign and whose records nobody can find
//
// They sign all the same: mail does not stop for its signature's sake. Asked in
// the background, one record after the other, so that neither a start nor a
// reload waits; DNS trouble says nothing.
// Log: event=dkim_key, problem="S._domainkey.D: missing: ..."
#pragma once

#include "common/dns/resolver.h"
#include "common/log.h"
#include "milterd/dkim_keys.h"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <vector>

namespace postern {

constexpr std::size_t most_publications = 100; // of very many keys, the first

asio::awaitable<void> look_at_publications(std::vector<DkimKeyEntry> keys, Resolver& resolver, Log& log);

// Starts it. All but the keys must outlive the executor's work.
void start_to_look_at_publications(std::vector<DkimKeyEntry> keys, Resolver& resolver,
                                   const asio::any_io_executor& executor, Log& log);

} // namespace postern
