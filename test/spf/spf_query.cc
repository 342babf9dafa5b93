// Asks SPF about clients and senders, by the DNS of a server that is named: for comparing with other programs.
//
// usage: spf_query SERVER < QUESTIONS
// SERVER is ADDRESS:PORT. Each line of QUESTIONS is a client's address, a sender's address and a HELO name; each line of
// the answer is the result, and what went wrong if it is an error.
#include "common/dns/make_resolver.h"
#include "common/mail_address.h"
#include "common/spf/check_host.h"
#include "common/text.h"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <cstdio>
#include <iostream>

namespace postern {
namespace {

asio::awaitable<SpfAnswer> ask(Resolver& resolver, SpfQuery query)
{
    co_return co_await check_host(resolver, std::move(query), {}, std::chrono::steady_clock::now() + std::chrono::seconds(20));
}

SpfAnswer answer(asio::io_context& io, Resolver& resolver, const std::vector<std::string_view>& words)
{
    const auto sender = parse_mail_address(words.at(1));
    SpfQuery query{parse_ip_address(words.at(0)).value(), sender.local_part, sender.domain, std::string(words.at(2)),
                   "mx.test.example"};
    SpfAnswer answer;
    asio::co_spawn(io, ask(resolver, std::move(query)), [&](std::exception_ptr fault, SpfAnswer got) {
        if (fault)
            std::rethrow_exception(fault);
        answer = std::move(got);
        io.stop();
    });
    io.restart();
    io.run();
    return answer;
}

} // namespace
} // namespace postern

int main(int argc, char** argv)
{
    using namespace postern;
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s SERVER < QUESTIONS\n", argv[0]);
        return 2;
    }
    asio::io_context io{1};
    const auto resolver = make_resolver(io, {.servers = {argv[1]}});
    if (!resolver) {
        std::fprintf(stderr, "%s\n", resolver.error().what.c_str());
        return 2;
    }
    for (std::string line; std::getline(std::cin, line);) {
        const auto got = answer(io, **resolver, split_words(line));
        std::printf("%s\t%s\n", std::string(spf_result_name(got.result)).c_str(), got.problem.c_str());
    }
}
