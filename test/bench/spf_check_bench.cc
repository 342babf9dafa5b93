// What the SPF check costs a request when all its answers are remembered.
//
// usage: spf_check_bench [REQUESTS [SENDERS]]
// Each request is a message of its own, of one of SENDERS domains, and passes for MAIL FROM and HELO. Prints
// nanoseconds; under `valgrind --tool=callgrind --toggle-collect='*ask_all*'` it gives instructions. What is left of
// it with REQUESTS 0 is the set-up, and the look-ups that fill the memory.
#include "common/spf/spf_cache.h"
#include "policyd/spf_check.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

// Every domain has a record, and every host one of its own.
class OneRecord final : public Resolver {
public:
    asio::awaitable<DnsReply> lookup(std::string, RrType, Deadline) override
    {
        co_return DnsReply{DnsStatus::found, {"v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.0/24 -all"}, 1h};
    }
};

std::vector<PolicyRequest> requests_of(int senders)
{
    std::vector<PolicyRequest> requests;
    for (int i = 0; i < senders; ++i) {
        PolicyRequest request;
        request.protocol_state = "RCPT";
        request.client_address = fmt::format("192.0.2.{}", i % 250 + 1);
        request.client = *parse_ip_address(request.client_address);
        request.helo_name = fmt::format("mail.sender-{}.example", i);
        request.sender = fmt::format("newsletter@sender-{}.example", i);
        request.sender_address = parse_mail_address(request.sender);
        request.recipient = "user@postern.example";
        requests.push_back(std::move(request));
    }
    return requests;
}

asio::awaitable<void> ask_all(SpfCheck& check, const std::vector<PolicyRequest>& requests, int count)
{
    const auto begin = std::chrono::steady_clock::now();
    std::size_t octets = 0;
    for (int i = 0; i < count; ++i) {
        PolicyMessage message;
        const auto verdict =
            co_await check.check(requests[static_cast<std::size_t>(i) % requests.size()], message, begin + 1h);
        octets += verdict.header.size();
    }
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    if (count > 0)
        std::printf("%8.0f ns a request, header of %.0f octets\n", spent.count() / count,
                    static_cast<double>(octets) / count);
}

} // namespace
} // namespace postern

int main(int argc, char** argv)
{
    using namespace postern;
    const int count = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
    const int senders = argc > 2 ? std::atoi(argv[2]) : 1'000;

    OneRecord resolver;
    SpfCache cache(resolver, {});
    SpfSettings settings;
    settings.helo = SpfHeloRejectOn::fail;
    settings.mail_from = SpfRejectOn::fail;
    settings.header = SpfHeader::received_spf;
    settings.deadline = std::chrono::seconds(20);
    settings.receiver = "mx.postern.example";
    SpfCheck check({settings, std::shared_ptr<SpfSource>(std::shared_ptr<void>(), &cache),
                    std::make_shared<TrustedClients>()});
    const auto requests = requests_of(senders);
    for (const int n : {senders, count}) {
        asio::io_context io;
        asio::co_spawn(io, ask_all(check, requests, n), asio::detached);
        io.run();
    }
    const auto stats = cache.stats();
    std::printf("cache: %llu hits, %llu misses\n", static_cast<unsigned long long>(stats.hits),
                static_cast<unsigned long long>(stats.misses));
}
