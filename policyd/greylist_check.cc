#include "policyd/greylist_check.h"

#include <fmt/chrono.h>

namespace postern {
namespace {

struct Placeholder {
    char letter;
    std::string value;
};

// "%%" is a percent sign; a letter that is not there stays as it is
std::string filled(std::string_view text, const std::vector<Placeholder>& placeholders)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = i + 1 < text.size() ? text[i + 1] : '\0';
        const auto* value = [&]() -> const std::string* {
            for (const auto& p : placeholders)
                if (text[i] == '%' && p.letter == next)
                    return &p.value;
            return nullptr;
        }();
        if (value)
            out += *value;
        else if (text[i] == '%' && next == '%')
            out += '%';
        else {
            out += text[i];
            continue;
        }
        ++i;
    }
    return out;
}

std::string rfc5322_date(Timestamp time)
{
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

int prefix(std::int64_t setting)
{
    return static_cast<int>(setting);
}

} // namespace

GreylistPolicy greylist_policy(const GreylistSettings& settings)
{
    return {settings.delay, settings.retry_window, settings.max_age, settings.auto_whitelist_after};
}

Verdict greylist_verdict(const GreylistDecision& decision, const GreylistTexts& texts, const MailAddress& recipient,
                         Timestamp now)
{
    Verdict verdict;
    verdict.reason = greylist_reason(decision);
    if (decision.missing.count() > 0) {
        verdict.action = Action::defer_if_permit;
        verdict.status = "2.0"; // "other mailbox status": some senders take 4.7.x for a lasting refusal
        verdict.text = filled(texts.reply, {{'s', std::to_string(decision.missing.count())}, {'r', recipient.domain}});
    } else if (decision.is_first_pass && !texts.header.empty()) {
        verdict.header = filled(texts.header, {{'t', std::to_string(decision.waited.count())},
                                               {'v', texts.version},
                                               {'h', texts.hostname},
                                               {'d', rfc5322_date(now)}});
    }
    return verdict;
}

GreylistCheck::GreylistCheck(GreylistStore& store, const Clock& clock, Options options)
    : store_(store)
    , clock_(clock)
    , options_(std::move(options))
    , policy_(greylist_policy(options_.settings))
    , texts_{options_.settings.text, options_.settings.header, options_.hostname, options_.version}
{
}

asio::awaitable<Verdict> GreylistCheck::check(const PolicyRequest& request, PolicyMessage&, Deadline deadline)
{
    if (!request.client || request.recipient.empty())
        co_return Verdict{.reason = "no triplet"};
    if (const auto trust = options_.trusted->trust(request); !trust.empty())
        co_return Verdict{.reason = std::string(trust)};

    const auto client = network_key(*request.client, prefix(options_.settings.ipv4_prefix),
                                    prefix(options_.settings.ipv6_prefix));
    const auto keys = greylist_keys(client, request.sender_address, request.recipient_address);
    const auto rows = co_await store_.find(keys, deadline);
    if (!rows)
        co_return Verdict{.reason = "store unavailable"};
    const auto now = clock_.now();
    const auto decision = greylist_decide(*rows, now, policy_);
    store_.apply(keys, decision.writes);
    co_return greylist_verdict(decision, texts_, request.recipient_address, now);
}

} // namespace postern
