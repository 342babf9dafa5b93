// resolver_thread - the DNS, on a thread of its own
//
// libmilter's threads wait, the resolver works: filters start coroutines on
// io() that ask resolver(), and wait for their end. resolver() is one object
// for the life of the daemon; a reload swaps what is behind it, and questions
// under way are answered by the one they were put to.
#pragma once

#include "common/dns/make_resolver.h"
#include "common/result.h"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <memory>
#include <thread>

namespace postern {

class ResolverThread {
public:
    // Starts the thread; all signals are blocked in it. `health` is told whether the servers answer.
    explicit ResolverThread(std::shared_ptr<ServerHealth> health = nullptr);
    ~ResolverThread();

    asio::io_context& io() { return io_; }
    Resolver& resolver(); // answers tempfail before the first configure()

    // For the questions from now on. With the options it has already, the cache is kept.
    Result<> configure(const ResolverOptions& options);

    CacheStats stats();

private:
    class Front;

    template <class Work>
    auto on_thread(Work work);

    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::unique_ptr<Front> front_;
    std::thread thread_;
};

} // namespace postern
