// What one evaluation costs when the DNS answers from memory.
//
// usage: spf_bench [EVALUATIONS]
// Prints nanoseconds for each record; the resolver's part, a hash look-up and a copy, is in it.
#include "common/spf/check_host.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>

namespace postern {
namespace {

class MemoryResolver final : public Resolver {
public:
    asio::awaitable<DnsReply> lookup(std::string name, RrType, Deadline) override
    {
        const auto it = records.find(name);
        co_return it == records.end() ? DnsReply{DnsStatus::nxdomain, {}, {}} : it->second;
    }

    std::unordered_map<std::string, DnsReply> records;
};

asio::awaitable<void> evaluate(Resolver& resolver, std::string domain, int evaluations)
{
    const auto ip = *parse_ip_address("192.0.2.1");
    const SpfQuery query{ip, "some.user", std::move(domain), "mail.example.org", "mx.example.net"};
    const auto begin = std::chrono::steady_clock::now();
    int passed = 0;
    for (int i = 0; i < evaluations; ++i) {
        const auto answer = co_await check_host(resolver, query, {}, begin + std::chrono::minutes(10));
        passed += answer.result == SpfResult::pass;
    }
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    std::printf("%8.0f ns  %-18s (%d of %d pass)\n", spent.count() / evaluations, query.domain.c_str(), passed,
                evaluations);
}

} // namespace
} // namespace postern

int main(int argc, char** argv)
{
    using namespace postern;
    const int evaluations = argc > 1 ? std::atoi(argv[1]) : 500'000;
    MemoryResolver resolver;
    const auto txt = [&](const char* name, const char* record) {
        resolver.records[name] = {DnsStatus::found, {record}, {}};
    };
    txt("short.example", "v=spf1 ip4:192.0.2.1 -all");
    txt("fail.example", "v=spf1 ip4:198.51.100.0/24 -all");
    txt("ten-ip4.example", "v=spf1 ip4:198.51.100.0/24 ip4:198.51.100.1 ip4:198.51.100.2 ip4:198.51.100.3 "
                           "ip4:198.51.100.4 ip4:198.51.100.5 ip4:198.51.100.6 ip4:198.51.100.7 ip4:198.51.100.8 "
                           "ip4:192.0.2.0/24 -all");
    txt("include.example", "v=spf1 include:_spf.include.example ~all");
    txt("_spf.include.example", "v=spf1 include:_netblocks.include.example include:ten-ip4.example ~all");
    txt("_netblocks.include.example", "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32 ~all");
    txt("macro.example", "v=spf1 exists:%{ir}.%{l1r-}.ok.example -all");
    resolver.records["1.2.0.192.some.user.ok.example"] = {DnsStatus::found, {"127.0.0.2"}, {}};

    for (const auto* domain :
         {"short.example", "fail.example", "ten-ip4.example", "include.example", "macro.example"}) {
        asio::io_context io;
        asio::co_spawn(io, evaluate(resolver, domain, evaluations), asio::detached);
        io.run();
    }
}
