#include "policyd/dnsbl_check.h"

#include "common/dnsbl/public_name.h"
#include "common/prefetch.h"
#include "common/text.h"
#include "policyd/dnsbl_reply.h"

#include <algorithm>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <fmt/format.h>

namespace postern {
namespace {

using Outcome = DnsblMarks::Outcome;

constexpr std::chrono::seconds longest_wait_for_reason{3}; // the verdict is there already
constexpr std::size_t longest_reason = 200;
constexpr std::size_t longest_txt = 4096; // of which the reason is made

DnsblRange range_of(std::span<const std::shared_ptr<DnsblInquiry>> inquiries)
{
    DnsblRange range;
    for (const auto& inquiry : inquiries)
        if (inquiry) {
            range.lowest += inquiry->range().lowest;
            range.highest += inquiry->range().highest;
        }
    return range;
}

int score_of(std::span<const std::shared_ptr<DnsblInquiry>> inquiries)
{
    int score = 0;
    for (const auto& inquiry : inquiries)
        score += inquiry ? inquiry->score() : 0;
    return score;
}

bool is_refusal(Outcome outcome)
{
    return outcome == Outcome::defer || outcome == Outcome::action;
}

// "score=3 zen.spamhaus.org=127.0.0.4"
std::string record(int score, std::span<const std::shared_ptr<DnsblInquiry>> inquiries)
{
    auto text = "score=" + std::to_string(score);
    for (const auto& inquiry : inquiries)
        if (inquiry)
            text += inquiry->summary();
    return text;
}

} // namespace

DnsblCheck::DnsblCheck(std::shared_ptr<Dnsbl> dnsbl, DnsblMarks marks, std::shared_ptr<const TrustedClients> trusted)
    : dnsbl_(std::move(dnsbl))
    , marks_(std::move(marks))
    , trusted_(std::move(trusted))
{
}

FunctionState DnsblCheck::state() const
{
    FunctionState state{name(), FunctionState::Kind::down, "no list can be believed", "no score"};
    for (std::size_t i = 0; i < dnsbl_->lists().size(); ++i) {
        const auto list = dnsbl_->health().entry(i).state;
        if (list == DnsblHealth::State::ready)
            return {name()};
        if (list == DnsblHealth::State::untested)
            state = {name(), FunctionState::Kind::warming, "its lists are tested", "no score"};
    }
    return state;
}

void DnsblCheck::look_ahead(const PolicyRequest& request, Ahead what)
{
    auto& hash = request.ahead.dnsbl_address;
    if (what == Ahead::place)
        hash = request.client ? dnsbl_->scores().look_ahead(*request.client) : 0;
    else if (const auto* const inquiry = dnsbl_->scores().look_ahead(hash); inquiry && what == Ahead::value)
        prefetch(inquiry->get());
}

VerdictSoon DnsblCheck::ask(const PolicyRequest& request, PolicyMessage& message, Deadline deadline)
{
    if (const auto trust = trusted_->trust(request); !trust.empty())
        return Verdict{.reason = std::string(trust)};
    if (!request.client)
        return Verdict{.reason = "no client address"};

    auto inquiries = inquire(request);
    if (!is_known(inquiries) || is_refusal(marks_.outcome(score_of(inquiries))))
        return decide(std::move(inquiries), request, message, deadline);
    note_score(inquiries, message);
    return conclude({}, inquiries, request);
}

asio::awaitable<Verdict> DnsblCheck::decide(Inquiries inquiries, const PolicyRequest& request, PolicyMessage& message,
                                            Deadline deadline)
{
    if (!is_known(inquiries))
        co_await wait(inquiries, deadline);
    Verdict verdict;
    if (const auto outcome = note_score(inquiries, message); is_refusal(outcome))
        verdict = co_await refuse(outcome, inquiries, request, deadline);
    co_return conclude(std::move(verdict), inquiries, request);
}

// What lists have not said in time does not count, also where it could.
Outcome DnsblCheck::note_score(const Inquiries& inquiries, PolicyMessage& message) const
{
    const int score = score_of(inquiries);
    const auto outcome = marks_.outcome(score);
    if (!dnsbl_->settings().observe) { // else it must change nothing, also not by what other checks do
        message.dnsbl_score = score;
        message.is_dnsbl_allowed = outcome == Outcome::allow;
    }
    return outcome;
}

Verdict DnsblCheck::conclude(Verdict verdict, const Inquiries& inquiries, const PolicyRequest& request) const
{
    verdict.reason = record(score_of(inquiries), inquiries);
    if (request.notes)
        add_notes(inquiries, request);
    return verdict;
}

void DnsblCheck::add_notes(const Inquiries& inquiries, const PolicyRequest& request) const
{
    auto& notes = *request.notes;
    const std::string subjects[] = {concat({"address ", request.client_address}), concat({"helo ", request.helo_name}),
                                    concat({"client_name ", request.client_name}),
                                    concat({"sender_domain ", request.sender_address.domain})};
    for (std::size_t i = 0; i < inquiries.size(); ++i)
        if (inquiries[i])
            notes.push_back(fmt::format("{}: {} lookups, {} answered, listed by {}", subjects[i], inquiries[i]->asked(),
                                        inquiries[i]->answered(), inquiries[i]->listings().size()));
    std::size_t usable = 0;
    for (std::size_t i = 0; i < dnsbl_->lists().size(); ++i) {
        const auto& entry = dnsbl_->health().entry(i);
        if (entry.state == DnsblHealth::State::ready)
            ++usable;
        else
            notes.push_back(concat({dnsbl_->lists()[i].public_name, " is not asked: ", dnsbl_state_name(entry),
                                    entry.reason.empty() ? "" : ", ", entry.reason}));
    }
    notes.push_back(concat({Decimal(static_cast<std::int64_t>(usable)), " of ",
                            Decimal(static_cast<std::int64_t>(dnsbl_->lists().size())), " lists can be asked"}));
}

DnsblCheck::Inquiries DnsblCheck::inquire(const PolicyRequest& request)
{
    auto& scores = dnsbl_->scores();
    Inquiries inquiries{scores.of_address(*request.client, request.ahead.dnsbl_address)};
    if (scores.has(DnsblZoneType::helo))
        inquiries[1] = scores.of_name(DnsblZoneType::helo, request.helo_name);
    if (scores.has(DnsblZoneType::client_name))
        inquiries[2] = scores.of_name(DnsblZoneType::client_name, request.client_name);
    if (scores.has(DnsblZoneType::sender_domain))
        inquiries[3] = scores.of_name(DnsblZoneType::sender_domain, request.sender_address.domain);
    return inquiries;
}

bool DnsblCheck::is_known(const Inquiries& inquiries) const
{
    const bool is_done = std::all_of(inquiries.begin(), inquiries.end(),
                                     [](const auto& inquiry) { return !inquiry || inquiry->is_done(); });
    return is_done || marks_.is_certain(range_of(inquiries));
}

asio::awaitable<void> DnsblCheck::wait(const Inquiries& inquiries, Deadline deadline) const
{
    const auto limit = std::min(deadline, std::chrono::steady_clock::now() + dnsbl_->settings().timeout);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    std::array<std::optional<DnsblInquiry::Waiting>, 4> places;
    for (std::size_t i = 0; i < inquiries.size(); ++i)
        if (inquiries[i])
            places[i].emplace(*inquiries[i], timer);
    while (!is_known(inquiries) && std::chrono::steady_clock::now() < limit) {
        timer.expires_at(limit);
        asio::error_code woken;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

asio::awaitable<Verdict> DnsblCheck::refuse(Outcome outcome, const Inquiries& inquiries, const PolicyRequest& request,
                                            Deadline deadline)
{
    DnsblInquiry* heaviest = nullptr;
    for (const auto& inquiry : inquiries)
        if (inquiry && inquiry->heaviest()
            && (!heaviest || inquiry->heaviest()->weight > heaviest->heaviest()->weight))
            heaviest = inquiry.get();
    if (!heaviest) // no list speaks against it: a score that is positive has one
        co_return Verdict{};
    const auto listing = *heaviest->heaviest(); // a copy: others may answer meanwhile
    const auto& list = dnsbl_->lists()[listing.list];
    const auto& rule = list.rules[listing.rule];
    std::string reason;
    if (heaviest->reason)
        reason = *heaviest->reason;
    else if (dnsbl_->settings().reasons && rule.reply->uses("rbl_reason"))
        reason = co_await ask_for_reason(*heaviest, listing, deadline);
    co_return dnsbl_verdict({outcome, list, rule, reason}, dnsbl_->settings(), request);
}

asio::awaitable<std::string> DnsblCheck::ask_for_reason(DnsblInquiry& inquiry, const DnsblListing& listing,
                                                        Deadline deadline)
{
    const auto& list = dnsbl_->lists()[listing.list];
    const auto limit = std::min(deadline, std::chrono::steady_clock::now() + longest_wait_for_reason);
    auto name = inquiry.name + "." + list.zone;
    const auto reply = co_await dnsbl_->resolver().lookup(std::move(name), RrType::txt, limit);
    if (reply.status == DnsStatus::tempfail)
        co_return std::string();
    std::string reason;
    if (!reply.records.empty()) // Postfix shows one, too
        reason = without_key(printable(reply.records.front(), longest_txt), list.zone, list.public_name);
    reason.resize(std::min(reason.size(), longest_reason)); // not before: half a key would not be found
    if (inquiry.is_done()) // else another list may yet weigh more
        inquiry.reason = reason;
    co_return reason;
}

} // namespace postern
