#include "policyd/recipient_check.h"

#include "common/text.h"

namespace postern {
namespace {

// RFC 5321 4.5.1, RFC 2142 4: they are there wherever there is mail.
bool is_always_there(std::string_view local_part)
{
    return equals_ignoring_case(local_part, "postmaster") || equals_ignoring_case(local_part, "abuse");
}

void fold(const MailAddress& address, std::string& folded)
{
    folded = to_lower(address.local_part);
    if (!address.domain.empty())
        folded.append("@").append(address.domain); // is in lower case
}

Verdict harvest_verdict()
{
    return {.action = Action::defer_if_permit,
            .status = "7.1",
            .text = "Too many unknown recipients from your network, try again later",
            .reason = "harvest"};
}

} // namespace

Verdict recipient_verdict(const RecipientAnswer& answer, const RecipientSettings& settings)
{
    switch (answer.status) {
    case RecipientStatus::exists:
        return {.reason = "exists"};
    case RecipientStatus::stale:
        return {.reason = "stale"};
    case RecipientStatus::unknown:
        if (settings.unknown == UnknownRecipient::defer)
            return {.action = Action::defer_if_permit, .status = "1.1", .text = settings.text, .reason = "unknown"};
        return {.action = Action::reject, .code = 550, .status = "1.1", .text = settings.text, .reason = "unknown"};
    case RecipientStatus::unavailable:
        break;
    }
    Verdict verdict{.status = "3.0",
                    .text = "Recipient cannot be verified at present",
                    .reason = concat({"unavailable (", answer.reason, ")"})};
    switch (settings.unavailable) {
    case UnavailableDirectory::defer:
        verdict.action = Action::defer_if_permit;
        break;
    case UnavailableDirectory::reject:
        verdict.action = Action::reject;
        verdict.code = 550;
        break;
    case UnavailableDirectory::pass:
        return {.reason = std::move(verdict.reason)};
    }
    return verdict;
}

RecipientCheck::RecipientCheck(Options options)
    : options_(std::move(options))
{
}

FunctionState RecipientCheck::state() const
{
    auto trouble = options_.trouble ? options_.trouble() : std::string();
    if (trouble.empty())
        return {name()};
    switch (options_.settings.unavailable) {
    case UnavailableDirectory::defer:
        return {name(), FunctionState::Kind::down, std::move(trouble), "defer"};
    case UnavailableDirectory::reject:
        return {name(), FunctionState::Kind::down, std::move(trouble), "reject"};
    case UnavailableDirectory::pass:
        return {name(), FunctionState::Kind::down, std::move(trouble), "pass"};
    }
    return {name()}; // unreachable: -Wswitch names a setting without a case
}

bool RecipientCheck::is_stranger(const PolicyRequest& request) const
{
    return request.client && options_.trusted->trust(request).empty();
}

bool RecipientCheck::is_in_scope(const PolicyRequest& request) const
{
    switch (options_.lookup->scope(request.recipient_address.domain)) {
    case RecipientLookup::Scope::named:
        return true;
    case RecipientLookup::Scope::outside:
        return false;
    case RecipientLookup::Scope::any_domain:
        break; // our own clients send mail to all the world
    }
    return options_.trusted->trust(request).empty();
}

void RecipientCheck::look_ahead(const PolicyRequest& request, Ahead what)
{
    if (what == Ahead::place) {
        fold(request.recipient_address, address_);
        request.ahead.recipient = options_.lookup->look_ahead(address_);
    } else if (what == Ahead::entry) {
        options_.lookup->look_ahead(request.ahead.recipient);
    }
}

VerdictSoon RecipientCheck::ask(const PolicyRequest& request, PolicyMessage&, Deadline deadline)
{
    const auto& recipient = request.recipient_address;
    if (is_always_there(recipient.local_part))
        return Verdict{.reason = "postmaster"};
    if (recipient.domain.empty())
        return Verdict{.reason = "outside"};
    fold(recipient, address_);

    const auto table = options_.table();
    const bool is_remembered = options_.lookup->remembers(address_, request.ahead.recipient);
    const bool may_be_caught = request.client && options_.harvest->is_caught(*request.client);
    if (is_remembered && !table && !may_be_caught)
        return Verdict{.reason = "exists"};

    const auto* const entry =
        table ? table->find(address_, without_extension(address_, options_.settings.delimiters)) : nullptr;
    const bool is_said = entry && entry->meaning != RecipientEntry::Meaning::unsaid;
    const bool is_in_scope_now = is_remembered || is_in_scope(request);
    if (may_be_caught && (is_said || is_in_scope_now) && is_stranger(request))
        return harvest_verdict();
    if (is_said && entry->meaning == RecipientEntry::Meaning::exists)
        return Verdict{.reason = "listed"};

    std::optional<Verdict> said;
    if (is_said) {
        said = entry->verdict;
        said->reason = "listed";
        if (said->weight() >= Weight::temporary || !is_in_scope_now)
            return std::move(*said);
    }
    if (!is_remembered && is_in_scope_now)
        return look_up(request, address_, std::move(said), deadline);
    return said ? std::move(*said) : Verdict{.reason = is_remembered ? "exists" : "outside"};
}

// Asks the directories; what the table has `said` holds for a recipient that they know.
asio::awaitable<Verdict> RecipientCheck::look_up(const PolicyRequest& request, std::string address,
                                                 std::optional<Verdict> said, Deadline deadline)
{
    auto base = without_extension(address, options_.settings.delimiters);
    const auto answer = co_await options_.lookup->find(std::move(address), std::move(base), deadline);
    if (answer.status == RecipientStatus::unknown && is_stranger(request)) {
        if (!request.notes) // see check.h
            options_.harvest->count_unknown(*request.client);
        if (options_.harvest->is_caught(*request.client))
            co_return harvest_verdict();
    }
    auto verdict = recipient_verdict(answer, options_.settings);
    if (said && verdict.weight() == Weight::none)
        co_return std::move(*said);
    co_return verdict;
}

} // namespace postern
