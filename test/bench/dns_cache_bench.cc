// dns_cache_bench - what an answer from memory costs
//
// usage: dns_cache_bench [names [lookups]]
#include "common/dns/cached_resolver.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace postern;

class EveryName final : public Resolver {
public:
    asio::awaitable<DnsReply> lookup(std::string, RrType, Deadline) override
    {
        co_return DnsReply{DnsStatus::found, {"v=spf1 include:_spf.example.net -all"}, std::chrono::hours(1)};
    }
};

asio::awaitable<void> ask_all(CachedResolver& cache, const std::vector<std::string>& names, std::size_t lookups)
{
    for (std::size_t i = 0; i < lookups; ++i)
        (void)co_await cache.lookup(names[i % names.size()], RrType::txt, Deadline::max());
}

double seconds_for(asio::io_context& io, asio::awaitable<void> work)
{
    const auto start = std::chrono::steady_clock::now();
    asio::co_spawn(io, std::move(work), asio::detached);
    io.restart();
    io.run();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

int main(int argc, char** argv)
{
    const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
    const std::size_t lookups = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2'000'000;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i)
        names.push_back("mail" + std::to_string(i) + ".Customers.Example.ORG");

    asio::io_context io;
    CacheOptions options;
    options.capacity = count;
    options.max_octets = count * 512;
    CachedResolver cache(io, std::make_unique<EveryName>(), options);
    const double filled = seconds_for(io, ask_all(cache, names, count));
    const double took = seconds_for(io, ask_all(cache, names, lookups));
    const auto stats = cache.stats();
    std::printf("dns cache: %.0f ns a hit, %.0f ns a miss (a resolver that knows at once); %zu answers in %zu octets\n",
        took / static_cast<double>(lookups) * 1e9, filled / static_cast<double>(count) * 1e9, stats.entries, stats.octets);
    return stats.hits == lookups ? 0 : 1;
}
