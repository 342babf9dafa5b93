#include "milterd/resolver_thread.h"

#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>
#include <csignal>
#include <optional>
#include <utility>

namespace postern {

// Everything but its construction is on the io_context's thread.
class ResolverThread::Front final : public Resolver {
public:
    explicit Front(std::shared_ptr<ServerHealth> health)
        : health_(std::move(health))
    {
    }

    asio::awaitable<DnsReply> lookup(std::string name, RrType type, Deadline deadline) override
    {
        const auto resolver = resolver_; // kept until it has answered, whatever a reload does
        if (!resolver)
            co_return DnsReply{};
        co_return co_await resolver->lookup(std::move(name), type, deadline);
    }

    Result<> configure(asio::io_context& io, const ResolverOptions& options)
    {
        if (options_ == options)
            return {};
        auto resolver = make_resolver(io, options, health_);
        if (!resolver)
            return tl::unexpected(resolver.error());
        resolver_ = std::move(*resolver);
        options_ = options;
        return {};
    }

    void end() { resolver_.reset(); }

    CacheStats stats() const { return resolver_ ? resolver_->stats() : CacheStats{}; }

private:
    std::shared_ptr<ServerHealth> health_;
    std::shared_ptr<CachedResolver> resolver_;
    std::optional<ResolverOptions> options_;
};

// Runs `work` on the thread and returns what it returns.
template <class Work>
auto ResolverThread::on_thread(Work work)
{
    using Value = decltype(work());
    return asio::co_spawn(
               io_, [](Work run) -> asio::awaitable<Value> { co_return run(); }(std::move(work)), asio::use_future)
        .get();
}

ResolverThread::ResolverThread(std::shared_ptr<ServerHealth> health)
    : work_(io_.get_executor())
    , front_(std::make_unique<Front>(std::move(health)))
{
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before); // which the thread inherits
    thread_ = std::thread([this] { io_.run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ResolverThread::~ResolverThread()
{
    on_thread([this] {
        front_->end();
        return true;
    });
    io_.stop();
    thread_.join();
}

Resolver& ResolverThread::resolver()
{
    return *front_;
}

Result<> ResolverThread::configure(const ResolverOptions& options)
{
    return on_thread([this, options] { return front_->configure(io_, options); });
}

CacheStats ResolverThread::stats()
{
    return on_thread([this] { return front_->stats(); });
}

} // namespace postern
