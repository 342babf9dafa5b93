#include "milterd/iprev_filter.h"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>
#include <exception>
#include <future>
#include <utility>

namespace postern {
namespace {

constexpr std::size_t most_names = 10;

std::string_view result_name(IprevAnswer::Result result)
{
    switch (result) {
    case IprevAnswer::Result::pass:
        return "pass";
    case IprevAnswer::Result::fail:
        return "fail";
    case IprevAnswer::Result::temperror:
        return "temperror";
    case IprevAnswer::Result::permerror:
        return "permerror";
    }
    return "temperror"; // unreachable: -Wswitch names a result without a case
}

FilterVerdict report(const IprevAnswer& answer, const Message& message, Findings& findings)
{
    AuthResult result{"iprev", std::string(result_name(answer.result)), answer.name, "", {}};
    result.properties.push_back({"policy", "iprev", message.client->text()}); // RFC 8601 2.7.3
    findings.auth_results.push_back(std::move(result));
    FilterVerdict verdict;
    verdict.reason = result_name(answer.result);
    if (!answer.name.empty())
        verdict.reason += " " + answer.name;
    return verdict;
}

// What Postfix knows already.
class KnownPass final : public FilterPass {
public:
    FilterVerdict verdict(const Message& message, Findings& findings, Deadline) override
    {
        return report({IprevAnswer::Result::pass, message.client_name}, message, findings);
    }
};

class AskingPass final : public FilterPass {
public:
    AskingPass(std::future<IprevAnswer> answer, Deadline deadline)
        : answer_(std::move(answer))
        , deadline_(deadline)
    {
    }

    FilterVerdict verdict(const Message& message, Findings& findings, Deadline deadline) override
    {
        return report(wait(std::min(deadline, deadline_)), message, findings);
    }

private:
    IprevAnswer wait(Deadline deadline)
    {
        if (answer_.wait_until(deadline) != std::future_status::ready)
            return {};
        try {
            return answer_.get();
        } catch (const std::exception&) {
            return {};
        }
    }

    std::future<IprevAnswer> answer_; // may be given up: the coroutine keeps what it needs
    Deadline deadline_;
};

bool is_unknown(std::string_view client_name)
{
    return client_name.empty() || client_name == "unknown"; // as Postfix has it
}

} // namespace

asio::awaitable<IprevAnswer> ask_iprev(Resolver& resolver, IpAddress client, Deadline deadline)
{
    const auto names = co_await resolver.lookup(client.reverse_name(), RrType::ptr, deadline);
    IprevAnswer answer;
    if (names.status == DnsStatus::tempfail)
        co_return answer;
    answer.result = names.status == DnsStatus::found ? IprevAnswer::Result::fail : IprevAnswer::Result::permerror;
    const auto type = client.is_v4() ? RrType::a : RrType::aaaa;
    for (std::size_t at = 0; at < std::min(names.records.size(), most_names); ++at) {
        const auto addresses = co_await resolver.lookup(names.records[at], type, deadline);
        if (addresses.status == DnsStatus::tempfail)
            answer.result = IprevAnswer::Result::temperror; // unless another name has the address
        for (const auto& text : addresses.records) {
            const auto address = parse_ip_address(text);
            if (address && *address == client) {
                answer.result = IprevAnswer::Result::pass;
                answer.name = names.records[at];
                co_return answer;
            }
        }
    }
    co_return answer;
}

IprevFilter::IprevFilter(std::chrono::milliseconds deadline, Resolver& resolver, asio::any_io_executor executor)
    : deadline_(deadline)
    , resolver_(resolver)
    , executor_(std::move(executor))
{
}

std::unique_ptr<FilterPass> IprevFilter::begin(const Message& message)
{
    if (message.origin != Origin::stranger || !message.client)
        return nullptr;
    if (!is_unknown(message.client_name))
        return std::make_unique<KnownPass>();
    const auto deadline = std::chrono::steady_clock::now() + deadline_;
    auto answer = asio::co_spawn(executor_, ask_iprev(resolver_, *message.client, deadline), asio::use_future);
    return std::make_unique<AskingPass>(std::move(answer), deadline);
}

} // namespace postern
