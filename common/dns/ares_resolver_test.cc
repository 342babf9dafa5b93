#include "common/dns/ares_resolver.h"

#include "common/dns/ares_reply.h"
#include "test/fake/loopback_dns.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_future.hpp>
#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace postern {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using std::chrono::steady_clock;
using Texts = std::vector<std::string>;

constexpr int txt = 16;

DnsOctets silence()
{
    return {};
}

DnsOctets txt_reply(const DnsOctets& query, const std::string& text)
{
    return DnsPacket(query).answer("example.org", txt, 300, wire_string(text)).octets();
}

// Asks once and runs until the answer is there and every socket is closed.
DnsReply ask(asio::io_context& io, AresResolver& resolver, std::vector<LoopbackDns*> servers,
             std::string name = "example.org", steady_clock::duration patience = 10s)
{
    DnsReply reply{DnsStatus::found, {"no answer at all"}, {}};
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            reply = co_await resolver.lookup(name, RrType::txt, steady_clock::now() + patience);
            for (auto* server : servers)
                server->close();
        },
        asio::detached);
    io.run();
    return reply;
}

std::unique_ptr<AresResolver> make(asio::io_context& io, std::vector<IpEndpoint> servers,
                                   std::chrono::milliseconds timeout = 250ms /* busy machines halt */, int tries = 2)
{
    auto resolver = AresResolver::create(io, {std::move(servers), timeout, tries});
    REQUIRE(resolver.has_value());
    return std::move(*resolver);
}

} // namespace

TEST_CASE("AresResolver asks one server")
{
    struct {
        const char* name;
        std::function<DnsOctets(const DnsOctets& query, bool tcp, int nth)> answer; // nth: from 1
        DnsStatus want_status;
        Texts want_records{};
        int want_udp = 1;
        int want_tcp = 0;
    } const cases[] = {
        {"found",
         [](auto& query, bool, int) { return txt_reply(query, "v=spf1 -all"); },
         DnsStatus::found,
         {"v=spf1 -all"}},
        {"no such name", [](auto& query, bool, int) { return DnsPacket(query).rcode(3).octets(); },
         DnsStatus::nxdomain},
        {"no such record", [](auto& query, bool, int) { return DnsPacket(query).octets(); }, DnsStatus::nodata},
        {"SERVFAIL, and again",
         [](auto& query, bool, int) { return DnsPacket(query).rcode(2).octets(); },
         DnsStatus::tempfail,
         {},
         2},
        {"REFUSED, and again",
         [](auto& query, bool, int) { return DnsPacket(query).rcode(5).octets(); },
         DnsStatus::tempfail,
         {},
         2},
        {"SERVFAIL once",
         [](auto& query, bool, int nth) {
             return nth == 1 ? DnsPacket(query).rcode(2).octets() : txt_reply(query, "x");
         },
         DnsStatus::found,
         {"x"},
         2},
        {"silent once",
         [](auto& query, bool, int nth) { return nth == 1 ? silence() : txt_reply(query, "x"); },
         DnsStatus::found,
         {"x"},
         2},
        {"silent", [](auto&, bool, int) { return silence(); }, DnsStatus::tempfail, {}, 2},
        {"truncated: TCP",
         [](auto& query, bool tcp, int) {
             return tcp ? txt_reply(query, "whole") : DnsPacket(query).truncated().octets();
         },
         DnsStatus::found,
         {"whole"},
         1,
         1},
        {"larger than a datagram may be: TCP",
         [](auto& query, bool tcp, int) {
             auto packet = DnsPacket(query);
             if (!tcp)
                 return packet.truncated().octets();
             for (int i = 0; i < 40; ++i) // 10,000 octets
                 packet.answer("example.org", txt, 300, wire_string(std::string(250, 'a')));
             return packet.octets();
         },
         DnsStatus::found, Texts(40, std::string(250, 'a')), 1, 1},
        {"1,200 octets fit into a datagram (EDNS)",
         [](auto& query, bool, int) {
             auto packet = DnsPacket(query);
             for (int i = 0; i < 4; ++i)
                 packet.answer("example.org", txt, 300, wire_string(std::string(250, 'a')));
             return packet.octets();
         },
         DnsStatus::found, Texts(4, std::string(250, 'a'))},
        {"a server that does not know EDNS",
         [](auto& query, bool, int nth) {
             return nth == 1 ? DnsPacket(query).rcode(1).octets() : txt_reply(query, "plain");
         },
         DnsStatus::found,
         {"plain"},
         2},
        {"not a DNS packet: ignored, then asked again",
         [](auto& query, bool, int nth) {
             return nth == 1 ? DnsOctets{1, 2, 3} : txt_reply(query, "x");
         },
         DnsStatus::found,
         {"x"},
         2},
        {"a packet of garbage behind a right start",
         [](auto& query, bool, int) {
             auto octets = DnsPacket(query).octets();
             octets[7] = 9; // nine answers that are not there
             return octets;
         },
         DnsStatus::tempfail},
        {"another id: ignored, then asked again",
         [](auto& query, bool, int nth) {
             auto reply = txt_reply(query, nth == 1 ? "forged" : "right");
             reply[0] ^= nth == 1 ? 0x55 : 0;
             return reply;
         },
         DnsStatus::found,
         {"right"},
         2},
        {"another question: ignored, then asked again",
         [](auto& query, bool, int nth) {
             if (nth > 1)
                 return txt_reply(query, "right");
             return DnsPacket("other.example", RrType::txt)
                 .id(static_cast<unsigned>(query[0] << 8 | query[1]))
                 .answer("other.example", txt, 300, wire_string("forged"))
                 .octets();
         },
         DnsStatus::found,
         {"right"},
         2},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        asio::io_context io;
        int nth = 0;
        LoopbackDns server(io, [&](const DnsOctets& query, bool tcp) { return c.answer(query, tcp, ++nth); });
        const auto resolver = make(io, {server.address()});
        const auto reply = ask(io, *resolver, {&server});
        CHECK(reply.status == c.want_status);
        CHECK(reply.records == c.want_records);
        CHECK(server.udp_queries == c.want_udp);
        CHECK(server.tcp_queries == c.want_tcp);
    }
}

TEST_CASE("AresResolver goes on to the next server")
{
    struct {
        const char* name;
        std::function<DnsOctets(const DnsOctets& query)> first;
    } const cases[] = {
        {"SERVFAIL", [](auto& query) { return DnsPacket(query).rcode(2).octets(); }},
        {"REFUSED", [](auto& query) { return DnsPacket(query).rcode(5).octets(); }},
        {"silent", [](auto&) { return silence(); }},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        asio::io_context io;
        LoopbackDns first(io, [&](const DnsOctets& query, bool) { return c.first(query); });
        LoopbackDns second(io, [](const DnsOctets& query, bool) { return txt_reply(query, "second"); });
        const auto resolver = make(io, {first.address(), second.address()});
        CHECK(ask(io, *resolver, {&first, &second}).records == Texts{"second"});
        CHECK(second.udp_queries == 1);
    }
}

TEST_CASE("AresResolver: nobody listens there")
{
    asio::io_context io;
    LoopbackDns gone(io, [](const DnsOctets&, bool) { return silence(); });
    const auto address = gone.address();
    gone.close();
    const auto resolver = make(io, {address}, 5s);
    const auto start = steady_clock::now();
    CHECK(ask(io, *resolver, {}).status == DnsStatus::tempfail);
    CHECK(steady_clock::now() - start < 5s); // refused, on each socket that c-ares opens, not timed out
}

TEST_CASE("AresResolver completes by the caller's deadline, whatever c-ares waits for")
{
    asio::io_context io;
    LoopbackDns server(io, [](const DnsOctets&, bool) { return silence(); });
    const auto resolver = make(io, {server.address()}, 400ms, 1);
    const auto start = steady_clock::now();
    steady_clock::duration took{};
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            const auto reply = co_await resolver->lookup("example.org", RrType::txt, start + 50ms);
            CHECK(reply.status == DnsStatus::tempfail);
            took = steady_clock::now() - start;
            // One that has passed already asks nothing of anybody's patience
            CHECK((co_await resolver->lookup("example.org", RrType::txt, start)).status == DnsStatus::tempfail);
            server.close();
        },
        asio::detached);
    io.run();
    CHECK(took >= 50ms);
    CHECK(took < 300ms);
    CHECK(steady_clock::now() - start >= 400ms); // the questions ended by themselves, later
}

TEST_CASE("AresResolver asks for names, and only for such")
{
    const std::string label63(63, 'a');
    const std::string name253 = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b');
    struct {
        const char* name;
        std::string asked;
        std::string want_question; // on the wire; empty: no question
    } const cases[] = {
        {"plain", "example.org", "\7example\3org\0"s},
        {"absolute", "example.org.", "\7example\3org\0"s},
        {"underscores", "_spf._x.example.org", "\4_spf\2_x\7example\3org\0"s},
        {"any octet", "a\xff b\"$@(;.example.org", "\11a\xff b\"$@(;\7example\3org\0"s},
        {"a backslash is an octet", R"(a\b.a\.\\.\046.org)", "\3a\\b\2a\\\2\\\\\4\\046\3org\0"s},
        {"the longest label and name", name253, wire_name(name253)},
        {"empty", "", ""},
        {"the root", ".", ""},
        {"an empty label", "a..b", ""},
        {"starts with a dot", ".a", ""},
        {"two last dots", "a..", ""},
        {"a label too long", label63 + "a.org", ""},
        {"a name too long", name253 + "b", ""},
        {"NUL", "a\0b.org"s, ""},
        {"RFC 7686 2: .onion", "example.onion", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        asio::io_context io;
        std::string question;
        LoopbackDns server(io, [&](const DnsOctets& query, bool) {
            question.assign(query.begin() + 12,
                            query.begin() + 12 + static_cast<std::ptrdiff_t>(c.want_question.size()));
            return DnsPacket(query).octets();
        });
        const auto resolver = make(io, {server.address()});
        const auto reply = ask(io, *resolver, {&server}, c.asked);
        CHECK(reply.status == (c.want_question.empty() ? DnsStatus::nxdomain : DnsStatus::nodata));
        CHECK(reply.ttl == negative_ttl_without_soa);
        CHECK(server.udp_queries == (c.want_question.empty() ? 0 : 1));
        CHECK(question == c.want_question);
    }
}

TEST_CASE("AresResolver destroyed while it is asked: who waits gets tempfail")
{
    asio::io_context io;
    LoopbackDns server(io, [](const DnsOctets&, bool) { return silence(); });
    auto resolver = make(io, {server.address()}, 5s);
    int ended = 0;
    for (int i = 0; i < 3; ++i)
        asio::co_spawn(
            io,
            [&]() -> asio::awaitable<void> {
                const auto reply = co_await resolver->lookup("example.org", RrType::txt, steady_clock::now() + 10s);
                CHECK(reply.status == DnsStatus::tempfail);
                ++ended;
            },
            asio::detached);
    asio::post(io, [&] {
        resolver.reset();
        server.close();
    });
    const auto start = steady_clock::now();
    io.run();
    CHECK(ended == 3);
    CHECK(steady_clock::now() - start < 5s);
}

TEST_CASE("AresResolver: the io_context ends first, with lookups under way")
{
    std::unique_ptr<AresResolver> resolver;
    bool ended = false;
    {
        asio::io_context io;
        LoopbackDns server(io, [](const DnsOctets&, bool) { return silence(); });
        resolver = make(io, {server.address()}, 5s);
        asio::co_spawn(
            io,
            [&]() -> asio::awaitable<void> {
                co_await resolver->lookup("example.org", RrType::txt, steady_clock::now() + 10s);
                ended = true;
            },
            asio::detached);
        io.run_for(20ms);
        resolver.reset();
    }
    CHECK_FALSE(ended);
}

TEST_CASE("AresResolver: the system's servers by default")
{
    asio::io_context io;
    CHECK(AresResolver::create(io, {}).has_value());
}

TEST_CASE("AresResolver: many questions at once, from other threads")
{
    constexpr int threads = 4, each = 50;
    asio::io_context io;
    auto guard = asio::make_work_guard(io);
    std::set<std::pair<std::uint8_t, std::uint8_t>> ids;
    LoopbackDns server(io, [&](const DnsOctets& query, bool tcp) {
        ids.insert({query[0], query[1]});
        // Every third by TCP: one connection carries many questions
        if (!tcp && (query[13] - '0') % 3 == 0)
            return DnsPacket(query).truncated().octets();
        const std::string label(query.begin() + 13, query.begin() + 13 + query[12]);
        return DnsPacket(query).answer(label, txt, 300, wire_string("of " + label)).octets();
    });
    const auto resolver = make(io, {server.address()}, 2s);
    std::thread io_thread([&] { io.run(); });

    std::atomic<int> right = 0;
    std::vector<std::thread> askers;
    for (int t = 0; t < threads; ++t)
        askers.emplace_back([&, t] {
            std::vector<std::pair<std::string, std::future<DnsReply>>> asked;
            for (int i = 0; i < each; ++i) {
                auto name = std::to_string(i) + "-" + std::to_string(t);
                auto reply = asio::co_spawn(io, resolver->lookup(name, RrType::txt, steady_clock::now() + 10s),
                                            asio::use_future);
                asked.emplace_back(std::move(name), std::move(reply));
            }
            for (auto& [name, reply] : asked)
                if (reply.get().records == Texts{"of " + name})
                    ++right;
        });
    for (auto& asker : askers)
        asker.join();
    asio::post(io, [&] {
        server.close();
        guard.reset();
    });
    io_thread.join();
    CHECK(right == threads * each);
    CHECK(ids.size() > threads * each - 20); // they are not counted up from somewhere
}

} // namespace postern
