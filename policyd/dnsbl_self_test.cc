#include "policyd/dnsbl_self_test.h"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <exception>
#include <fmt/format.h>

namespace postern {
namespace {

using State = DnsblHealth::State;
using Kind = DnsblAnswer::Kind;

// A reply whatever the operator's filters: listed is any answer that is no error.
DnsblAnswer any_answer(const DnsblList& list, const DnsReply& reply)
{
    DnsblList without_filters;
    without_filters.rules.resize(1);
    without_filters.errors = list.errors;
    return read_dnsbl_answer(without_filters, reply);
}

// An answer to what nobody lists: a listing, or an address of the world outside.
bool is_wild(const DnsblList& list, const DnsReply& reply)
{
    const auto answer = any_answer(list, reply);
    return answer.kind == Kind::listed || (answer.kind == Kind::error && answer.code.octets()[0] != 127);
}

} // namespace

DnsblTestNames dnsbl_test_names(const DnsblList& list)
{
    DnsblTestNames names;
    if (list.type == DnsblZoneType::address) {
        // ::FFFF:7F00:1, nibble by nibble: an IpAddress would be 127.0.0.1
        constexpr std::string_view mapped_1 = "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
        names.listed = {"2.0.0.127." + list.zone};
        names.unlisted = "1.0.0.127." + list.zone;
        names.unlisted_ipv6 = fmt::format("{}.{}", mapped_1, list.zone);
    } else {
        for (const auto& name : list.test_names)
            names.listed.push_back(fmt::format("{}.{}", name, list.zone));
        names.unlisted = "invalid." + list.zone;
    }
    return names;
}

DnsblHealth::Finding judge_dnsbl_test(const DnsblList& list, const DnsblTestReplies& replies)
{
    const auto down = [](std::string reason) { return DnsblHealth::Finding{State::down, std::move(reason)}; };
    if (is_wild(list, replies.unlisted))
        return down(fmt::format("lists {}, which nobody should: it lists everything",
                                list.type == DnsblZoneType::address ? "127.0.0.1" : "INVALID"));

    bool is_listed = false, has_failed = replies.unlisted.status == DnsStatus::tempfail;
    std::string error; // one name of several may be a question that the list does not take
    for (const auto& reply : replies.listed) {
        const auto answer = any_answer(list, reply);
        is_listed |= answer.kind == Kind::listed;
        has_failed |= answer.kind == Kind::failure;
        if (answer.kind == Kind::error)
            error = answer.code.text();
    }
    if (is_listed && replies.unlisted.status != DnsStatus::tempfail)
        return {State::ready, "", is_wild(list, replies.unlisted_ipv6)};
    if (!is_listed && !error.empty())
        return down(fmt::format("answers its test entry with {}: it refuses us", error));
    if (has_failed)
        return {};
    return down(fmt::format("does not list its test entry {}: it is dead, or has none (then self_test = false)",
                            list.type == DnsblZoneType::address ? "127.0.0.2" : "TEST"));
}

struct DnsblSelfTest::State {
    State(asio::io_context& context, Resolver& asked, DnsblHealth& told, Options wanted)
        : io(context)
        , resolver(asked)
        , health(told)
        , options(wanted)
    {
    }

    struct Test {
        std::shared_ptr<asio::steady_timer> timer; // until the next; the test that waits holds it, too
        int failures = 0;                          // without any answer, in a row
        std::chrono::milliseconds retry{};
    };

    // How long to wait for the next.
    std::chrono::milliseconds conclude(std::size_t list, const DnsblTestReplies& replies);

    static asio::awaitable<void> run(std::weak_ptr<State> state, std::size_t list);
    static asio::awaitable<DnsReply> ask(std::weak_ptr<State> state, std::string name);

    asio::io_context& io;
    Resolver& resolver;
    DnsblHealth& health;
    Options options;
    std::vector<Test> tests; // one a list
};

std::chrono::milliseconds DnsblSelfTest::State::conclude(std::size_t list, const DnsblTestReplies& replies)
{
    auto& test = tests[list];
    auto finding = judge_dnsbl_test(health.lists()[list], replies);
    test.failures = finding.state == DnsblHealth::State::untested ? test.failures + 1 : 0;
    if (test.failures >= options.failures)
        finding = {DnsblHealth::State::down, "does not answer"};
    health.set(list, finding);
    if (finding.state == DnsblHealth::State::ready) {
        test.retry = options.first_retry;
        return options.interval;
    }
    return std::exchange(test.retry, std::min({test.retry * 2, options.last_retry, options.interval}));
}

asio::awaitable<DnsReply> DnsblSelfTest::State::ask(std::weak_ptr<State> state, std::string name)
{
    std::optional<asio::awaitable<DnsReply>> answer; // awaited without a hold on the state
    if (const auto alive = state.lock(); alive && !name.empty())
        answer = alive->resolver.lookup(std::move(name), RrType::a,
                                        std::chrono::steady_clock::now() + alive->options.deadline);
    if (!answer)
        co_return DnsReply{};
    try {
        co_return co_await std::move(*answer);
    } catch (const std::exception&) {
        co_return DnsReply{}; // no answer
    }
}

asio::awaitable<void> DnsblSelfTest::State::run(std::weak_ptr<State> state, std::size_t list)
{
    for (;;) {
        DnsblTestNames names;
        if (const auto alive = state.lock())
            names = dnsbl_test_names(alive->health.lists()[list]);
        DnsblTestReplies replies;
        for (auto& name : names.listed)
            replies.listed.push_back(co_await ask(state, std::move(name)));
        replies.unlisted = co_await ask(state, std::move(names.unlisted));
        replies.unlisted_ipv6 = co_await ask(state, std::move(names.unlisted_ipv6));

        std::shared_ptr<asio::steady_timer> timer;
        if (const auto alive = state.lock()) {
            timer = alive->tests[list].timer;
            timer->expires_after(alive->conclude(list, replies));
        }
        if (!timer)
            co_return;
        asio::error_code ended_early; // suspicion, or the end
        co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ended_early));
    }
}

DnsblSelfTest::DnsblSelfTest(asio::io_context& io, Resolver& resolver, DnsblHealth& health, Options options)
    : state_(std::make_shared<State>(io, resolver, health, options))
{
    for (std::size_t i = 0; i < health.lists().size(); ++i) {
        state_->tests.push_back({std::make_shared<asio::steady_timer>(io), 0, options.first_retry});
        if (health.lists()[i].self_test)
            asio::co_spawn(io, State::run(state_, i), asio::detached);
    }
    health.on_suspicion = [weak = std::weak_ptr(state_)](std::size_t list) {
        if (const auto alive = weak.lock())
            alive->tests[list].timer->cancel();
    };
}

DnsblSelfTest::~DnsblSelfTest()
{
    for (auto& test : state_->tests)
        test.timer->cancel();
}

} // namespace postern
