#include "common/dns/make_resolver.h"

#include "test/fake/loopback_dns.h"

#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_future.hpp>
#include <doctest/doctest.h>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace postern {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

TEST_CASE("make_resolver names the server that is none")
{
    asio::io_context io;
    const auto resolver = make_resolver(io, {{"127.0.0.1", "dns.example.org:53"}});
    REQUIRE_FALSE(resolver.has_value());
    CHECK(resolver.error().what.find("dns.example.org:53") != std::string::npos);
}

// As a daemon with threads of its own uses it: the resolver on one thread, waited for on others.
TEST_CASE("make_resolver: many threads ask the same few names")
{
    constexpr int threads = 4, each = 50, names = 5;
    asio::io_context io;
    auto guard = asio::make_work_guard(io);
    LoopbackDns server(io, [](const DnsOctets& query, bool) {
        const std::string label(query.begin() + 13, query.begin() + 13 + query[12]);
        return DnsPacket(query).answer(label, 16, 300, wire_string("of " + label)).octets();
    });
    auto resolver =
        make_resolver(io, {{server.address().address.text() + ":" + std::to_string(server.address().port)}});
    REQUIRE(resolver.has_value());
    std::thread io_thread([&] { io.run(); });

    std::vector<std::future<int>> askers;
    for (int t = 0; t < threads; ++t)
        askers.push_back(std::async(std::launch::async, [&] {
            int right = 0;
            for (int i = 0; i < each; ++i) {
                const auto name = "name" + std::to_string(i % names);
                auto reply = asio::co_spawn(io, (*resolver)->lookup(name, RrType::txt, steady_clock::now() + 10s),
                                            asio::use_future);
                right += reply.get().records == std::vector{"of " + name};
            }
            return right;
        }));
    for (auto& asker : askers)
        CHECK(asker.get() == each);

    CacheStats stats;
    asio::post(io, [&] {
        stats = (*resolver)->stats();
        server.close();
        guard.reset();
    });
    io_thread.join();
    CHECK(server.udp_queries == names);
    CHECK(stats.misses == names);
    CHECK(stats.hits + stats.joined == threads * each - names);
    CHECK(stats.in_flight == 0);
}

} // namespace postern
