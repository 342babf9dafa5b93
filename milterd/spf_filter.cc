#include "milterd/spf_filter.h"

#include "common/text.h"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>
#include <exception>
#include <future>
#include <utility>

namespace postern {
namespace {

Identifier::Outcome outcome_of(SpfResult result)
{
    if (result == SpfResult::pass)
        return Identifier::Outcome::pass;
    return result == SpfResult::temperror ? Identifier::Outcome::temperror : Identifier::Outcome::other;
}

class SpfPass final : public FilterPass {
public:
    SpfPass(std::future<SpfAnswer> answer, Deadline deadline)
        : answer_(std::move(answer))
        , deadline_(deadline)
    {
    }

    FilterVerdict verdict(const Message& message, Findings& findings, Deadline deadline) override
    {
        const auto answer = wait(std::min(deadline, deadline_));
        findings.auth_results.push_back(spf_auth_result(answer, message));
        findings.identifiers.push_back({Identifier::Method::spf, outcome_of(answer.result), spf_domain(message)});
        FilterVerdict verdict;
        verdict.reason = spf_result_name(answer.result);
        return verdict;
    }

private:
    SpfAnswer wait(Deadline deadline)
    {
        SpfAnswer answer;
        answer.result = SpfResult::temperror;
        answer.problem = "no answer in time";
        if (answer_.wait_until(deadline) != std::future_status::ready)
            return answer;
        try {
            return answer_.get();
        } catch (const std::exception& error) {
            answer.problem = error.what();
            return answer;
        }
    }

    std::future<SpfAnswer> answer_; // may be given up: the coroutine keeps what it needs
    Deadline deadline_;
};

SpfQuery query_of(const Message& message, const std::string& receiver)
{
    SpfQuery query;
    query.ip = *message.client;
    query.local_part = message.sender.local_part;
    query.domain = message.sender.is_null() ? message.helo : message.sender.domain; // RFC 7208 2.4
    query.helo = message.helo;
    query.receiver = receiver;
    return query;
}

// Where the coroutine frame, not the caller, owns the function and its arguments.
asio::awaitable<SpfAnswer> ask_spf(CheckHost check_host, SpfQuery query, Deadline deadline)
{
    co_return co_await check_host(std::move(query), deadline);
}

} // namespace

std::string spf_domain(const Message& message)
{
    if (!message.sender.is_null())
        return message.sender.domain;
    return to_a_labels(message.helo).value_or(to_lower(message.helo));
}

AuthResult spf_auth_result(const SpfAnswer& answer, const Message& message)
{
    AuthResult result{"spf", std::string(spf_result_name(answer.result)), answer.problem, {}, {}};
    if (result.comment.empty() && !answer.mechanism.empty())
        result.comment = "matched " + answer.mechanism;
    if (message.sender.is_null())
        result.properties.push_back({"smtp", "helo", message.helo});
    else
        result.properties.push_back({"smtp", "mailfrom", message.sender.text()});
    return result;
}

SpfFilter::SpfFilter(asio::io_context& io, CheckHost check_host, SpfFilterOptions options)
    : io_(io)
    , check_host_(std::move(check_host))
    , options_(std::move(options))
{
}

std::unique_ptr<FilterPass> SpfFilter::begin(const Message& message)
{
    if (message.origin != Origin::stranger || !message.client)
        return nullptr;
    const auto deadline = std::chrono::steady_clock::now() + options_.deadline;
    auto answer =
        asio::co_spawn(io_, ask_spf(check_host_, query_of(message, options_.receiver), deadline), asio::use_future);
    return std::make_unique<SpfPass>(std::move(answer), deadline);
}

} // namespace postern
