// ldap_server - one server of a directory, asked by a thread of its own
//
// Everything but the thread is on the io_context's thread. The thread keeps
// one connection and has many searches under way on it; it connects when
// something is to be searched. A kept connection that turns out to be lost is
// made anew once, without a word. No answer within the timeout: the connection
// is given up, and all that waits for it fails at once.
// Bounded: beyond `most_waiting` a search fails without being asked.
// May be destroyed at any time: who waits is told that it failed.
#pragma once

#include "common/clock.h"
#include "common/ldap/ldap_connection.h"
#include "common/ldap/ldap_options.h"
#include "common/ldap/ldap_search.h"
#include "common/pending.h"

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

namespace postern {

class LdapServer {
public:
    static constexpr std::size_t most_waiting = 5'000;

    // `on_fault` is told, on the io_context's thread, why the server as it is now would fail anybody:
    // also when nobody waits for the answer any more.
    LdapServer(asio::io_context& io, const LdapOptions& options, const LdapUrl& url,
               std::function<void(const std::string& trouble)> on_fault);
    ~LdapServer();

    // What nobody waits for after `deadline` is not sent any more.
    asio::awaitable<SearchOutcome> search(LdapSearch search, Deadline deadline);

private:
    class Worker;

    std::shared_ptr<int> alive_ = std::make_shared<int>(); // for what is posted and arrives after the end
    std::unique_ptr<Worker> worker_;
};

} // namespace postern
