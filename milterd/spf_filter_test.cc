#include "milterd/spf_filter.h"

#include <asio/executor_work_guard.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>
#include <mutex>
#include <thread>

namespace postern {
namespace {

using namespace std::chrono_literals;

// The resolver's thread.
struct IoThread {
    ~IoThread()
    {
        io.stop();
        thread.join();
    }

    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::thread thread{[this] { io.run(); }};
};

Message a_message(const char* sender)
{
    Message message;
    message.client = IpAddress::v4({192, 0, 2, 1});
    message.helo = "helo.example.org";
    message.sender = parse_mail_address(sender);
    return message;
}

SpfAnswer an_answer(SpfResult result, std::string mechanism = {}, std::string problem = {})
{
    SpfAnswer answer;
    answer.result = result;
    answer.mechanism = std::move(mechanism);
    answer.problem = std::move(problem);
    return answer;
}

FilterVerdict judge(SpfFilter& filter, const Message& message, Findings& findings,
                    std::chrono::milliseconds patience = 10s)
{
    const auto pass = filter.begin(message);
    REQUIRE(pass);
    pass->header_complete(message);
    pass->message_complete(message);
    return pass->verdict(message, findings, std::chrono::steady_clock::now() + patience);
}

} // namespace

TEST_CASE("spf_auth_result")
{
    struct Case {
        const char* name;
        SpfAnswer answer;
        const char* sender;
        std::string want;
    };
    const Case cases[] = {
        {"pass", an_answer(SpfResult::pass, "ip4:192.0.2.0/24"), "alice@example.org",
         "spf=pass (matched ip4:192.0.2.0/24) smtp.mailfrom=alice@example.org"},
        {"none", an_answer(SpfResult::none), "alice@example.org", "spf=none smtp.mailfrom=alice@example.org"},
        {"the null sender's is of HELO", an_answer(SpfResult::fail, "-all"), "",
         "spf=fail (matched -all) smtp.helo=helo.example.org"},
        {"an error says why", an_answer(SpfResult::permerror, "include:a", "void lookups"), "a@b",
         "spf=permerror (void lookups) smtp.mailfrom=a@b"},
        {"a sender without a domain", an_answer(SpfResult::none), "alice", "spf=none smtp.mailfrom=alice"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto written = write_auth_results("mx", {spf_auth_result(c.answer, a_message(c.sender))});
        CHECK(written == "mx;\n\t" + c.want);
    }
}

TEST_CASE("SpfFilter asks about MAIL FROM, and about HELO for the null sender")
{
    IoThread thread;
    std::mutex mutex;
    std::vector<SpfQuery> asked;
    SpfFilter filter(thread.io,
                     [&](SpfQuery query, Deadline) -> asio::awaitable<SpfAnswer> {
                         const std::lock_guard lock(mutex);
                         asked.push_back(std::move(query));
                         co_return an_answer(SpfResult::softfail);
                     },
                     {10s, "mx.example.com"});

    Findings findings;
    const auto verdict = judge(filter, a_message("alice@example.org"), findings);
    judge(filter, a_message(""), findings);
    CHECK(verdict.action == FilterAction::accept);
    CHECK(verdict.reason == "softfail");
    REQUIRE(asked.size() == 2);
    CHECK(asked[0].ip.text() == "192.0.2.1");
    CHECK(asked[0].local_part == "alice");
    CHECK(asked[0].domain == "example.org");
    CHECK(asked[0].helo == "helo.example.org");
    CHECK(asked[0].receiver == "mx.example.com");
    CHECK(asked[1].local_part == "");
    CHECK(asked[1].domain == "helo.example.org");
    REQUIRE(findings.auth_results.size() == 2);
    CHECK(findings.auth_results[0].properties[0].property == "mailfrom");
    CHECK(findings.auth_results[1].properties[0].property == "helo");
}

TEST_CASE("SpfFilter asks about strangers only, and where there is an address")
{
    IoThread thread;
    SpfFilter filter(thread.io, [](SpfQuery, Deadline) -> asio::awaitable<SpfAnswer> { co_return SpfAnswer{}; },
                     {10s, "mx"});
    auto message = a_message("alice@example.org");
    for (const auto origin : {Origin::relay, Origin::ours}) {
        message.origin = origin;
        CHECK_FALSE(filter.begin(message));
    }
    message.origin = Origin::stranger;
    message.client.reset();
    CHECK_FALSE(filter.begin(message));
}

TEST_CASE("SpfFilter: no answer in time, and an exception, are temperror")
{
    IoThread thread;
    Findings findings;
    SpfFilter silent(thread.io,
                     [](SpfQuery, Deadline) -> asio::awaitable<SpfAnswer> {
                         asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
                         co_await timer.async_wait(asio::use_awaitable);
                         co_return SpfAnswer{};
                     },
                     {10s, "mx"});
    CHECK(judge(silent, a_message("a@b"), findings, 20ms).reason == "temperror");
    SpfFilter impatient(thread.io,
                        [](SpfQuery, Deadline) -> asio::awaitable<SpfAnswer> {
                            asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
                            co_await timer.async_wait(asio::use_awaitable);
                            co_return SpfAnswer{};
                        },
                        {20ms, "mx"});
    CHECK(judge(impatient, a_message("a@b"), findings).reason == "temperror");

    SpfFilter broken(thread.io,
                     [](SpfQuery, Deadline) -> asio::awaitable<SpfAnswer> {
                         throw std::runtime_error("out of luck");
                         co_return SpfAnswer{};
                     },
                     {10s, "mx"});
    CHECK(judge(broken, a_message("a@b"), findings).reason == "temperror");
    REQUIRE(findings.auth_results.size() == 3);
    CHECK(findings.auth_results[0].comment == "no answer in time");
    CHECK(findings.auth_results[2].comment == "out of luck");
}

TEST_CASE("SpfFilter: the questions go on by themselves when the mail is given up, and when the filter is gone")
{
    IoThread thread;
    std::atomic<int> ended{0};
    {
        auto filter = std::make_unique<SpfFilter>(
            thread.io,
            [&](SpfQuery query, Deadline) -> asio::awaitable<SpfAnswer> {
                asio::steady_timer timer(co_await asio::this_coro::executor, 30ms);
                co_await timer.async_wait(asio::use_awaitable);
                if (query.domain == "example.org")
                    ++ended;
                co_return SpfAnswer{};
            },
            SpfFilterOptions{10s, "mx"});
        auto given_up = filter->begin(a_message("alice@example.org"));
        auto outliving = filter->begin(a_message("bob@example.org"));
        given_up.reset();
        filter.reset(); // a reload
        Findings findings;
        CHECK(outliving->verdict(a_message("bob@example.org"), findings, std::chrono::steady_clock::now() + 10s).reason
              == "none");
    }
    for (int i = 0; ended < 2 && i < 1000; ++i)
        std::this_thread::sleep_for(5ms);
    CHECK(ended == 2);
}

} // namespace postern
