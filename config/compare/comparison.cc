#include "config/compare/comparison.h"

#include "common/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <utility>
#include <vector>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr auto window = 120s;    // between our answer and the old setup's last word on it
constexpr auto clock_skew = 2s;  // of two logs of one host
constexpr std::size_t most_waiting = 50'000;
constexpr std::size_t most_kinds = 500;

std::string mail_key(std::string_view client, std::string_view sender, std::string_view recipient)
{
    return to_lower(concat({client, "\n", sender, "\n", recipient}));
}

// Our actions, of both daemons: what they mean for the mail.
MailOutcome outcome_of_action(std::string_view action)
{
    constexpr std::pair<std::string_view, MailOutcome> outcomes[] = {
        {"reject", MailOutcome::rejected},        {"defer", MailOutcome::deferred},
        {"defer_if_permit", MailOutcome::deferred}, {"defer_if_reject", MailOutcome::let_in},
        {"discard", MailOutcome::discarded},      {"hold", MailOutcome::held},
        {"quarantine", MailOutcome::held}};
    const auto it = std::find_if(std::begin(outcomes), std::end(outcomes),
                                 [&](const auto& known) { return known.first == action; });
    return it == std::end(outcomes) ? MailOutcome::let_in : it->second;
}

// "early-retry (12s missing)" and "infected Eicar-Test": without what differs from mail to mail.
std::string kind_of_reason(std::string_view reason)
{
    if (const auto end = reason.find_first_of("(:;"); end != reason.npos)
        reason = reason.substr(0, end);
    for (const std::string_view head : {"infected", "suspicious"})
        if (reason.starts_with(head))
            reason = head;
    return std::string(trim(reason));
}

// The reason in "accept signed example.org 85us", "would-reject fail 85us".
std::string_view reason_in(std::string_view verdict)
{
    const auto first = verdict.find(' ');
    const auto last = verdict.rfind(' ');
    return first == verdict.npos || last <= first ? std::string_view() : verdict.substr(first + 1, last - first - 1);
}

std::string in_quotes(std::string_view word)
{
    constexpr std::string_view plain = "@.-_+=:[]/,";
    if (!word.empty() && std::all_of(word.begin(), word.end(),
                                     [&](char c) { return is_alnum(c) || plain.find(c) != plain.npos; }))
        return std::string(word);
    std::string text = "'";
    for (const char c : word)
        text += c == '\'' ? "'\\''" : std::string(1, c);
    return text + "'";
}

bool is_spf_result(std::string_view word)
{
    constexpr std::string_view results[] = {"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"};
    return std::find(std::begin(results), std::end(results), word) != std::end(results);
}

std::string ours_in_words(MailOutcome would, std::string_view check, const std::string& reason)
{
    if (would == MailOutcome::let_in)
        return "Postern would let it in";
    return fmt::format("Postern would {} it ({}{}{})", mail_outcome_name(would), check, reason.empty() ? "" : ": ", reason);
}

std::string old_in_words(const OldRefusal* refusal, const std::string& reason = {})
{
    if (!refusal)
        return "the old setup lets it in" + (reason.empty() ? "" : fmt::format(" (postgrey: {})", reason));
    return fmt::format("the old setup would {} it ({})", mail_outcome_name(refusal->outcome), refusal_reason(refusal->text));
}

} // namespace

template <class T>
void Comparison::Waiting<T>::add(T value)
{
    value.number = added++;
    all.push_back(std::move(value));
    const auto it = std::prev(all.end());
    by_key.emplace(std::pair(std::string_view(it->key), it->number), it);
}

template <class T>
void Comparison::Waiting<T>::take_out(Iterator it)
{
    by_key.erase({it->key, it->number});
    all.erase(it);
}

template <class T>
typename Comparison::Waiting<T>::Iterator Comparison::Waiting<T>::first(std::string_view key)
{
    const auto it = by_key.lower_bound({key, 0});
    return it == by_key.end() || it->first.first != key ? all.end() : it->second;
}

template <class T>
typename Comparison::Waiting<T>::Iterator Comparison::Waiting<T>::last(std::string_view key, LogTime before)
{
    for (auto it = by_key.lower_bound({key, added}); it != by_key.begin() && (--it)->first.first == key;)
        if (it->second->time <= before) // but for a skew of two logs, it is the first that is looked at
            return it->second;
    return all.end();
}

void Comparison::take_record(LogTime time, const LogFieldsRead& record)
{
    conclude(time);
    if (!record.has("would"))
        return;
    const auto& event = record.value("event");
    if (event == "decision")
        take_decision(time, record);
    else if (event == "message")
        take_message(time, record);
}

void Comparison::take_decision(LogTime time, const LogFieldsRead& record)
{
    Answer answer{time,
                  {},
                  record.value("client"),
                  record.value("client_name"),
                  record.value("helo"),
                  record.value("sender"),
                  record.value("recipient"),
                  record.value("sasl_username"),
                  outcome_of_action(record.value("would")),
                  record.value("check"),
                  record.value("reason"),
                  record.value("text")};
    answer.key = mail_key(answer.client, answer.sender, answer.recipient);

    const auto result = reason_in(record.value("spf"));
    if (const auto word = std::string(result.substr(0, result.find(' ')));
        is_spf_result(word.starts_with("helo=") ? word.substr(5) : word))
        spf_.add({time, mail_key(answer.client, answer.sender, word.starts_with("helo=") ? "helo" : ""),
                  word.starts_with("helo=") ? word.substr(5) : word, answer});

    const auto refused = refusals_.first(answer.key);
    if (refused == refusals_.all.end()) {
        answers_.add(std::move(answer));
        return;
    }
    conclude(answer, &refused->refusal);
    refusals_.take_out(refused);
}

void Comparison::take_message(LogTime time, const LogFieldsRead& record)
{
    const auto& queue_id = record.value("queue_id");
    if (queue_id.empty())
        return;
    auto& mail = message(time, queue_id);
    mail.is_ours = true;
    const auto& to = record.value("to");
    mail.answer = {time,
                   {},
                   record.value("client"),
                   record.value("client_name"),
                   record.value("helo"),
                   record.value("sender"),
                   to.substr(0, to.find(',')),
                   record.value("login"),
                   outcome_of_action(record.value("would")),
                   record.value("filter"),
                   record.value("reason"),
                   record.value("text")};
    mail.verified = reason_in(record.value("dkim_verify"));
    mail.signing = reason_in(record.value("dkim_sign"));
}

void Comparison::take_old(LogTime time, const OldLogLine& line)
{
    conclude(time);
    if (const auto* const refusal = std::get_if<OldRefusal>(&line))
        return take_refusal(time, *refusal);
    if (std::holds_alternative<std::monostate>(line))
        return;
    if (const auto* const signature = std::get_if<OldSignature>(&line)) {
        has_old_signer_ = true;
        message(time, signature->queue_id).old_signature = signature->domain;
    }
    if (const auto* const verification = std::get_if<OldVerification>(&line))
        message(time, verification->queue_id).old_verified = verification->result;
    if (const auto* const spf = std::get_if<OldSpf>(&line))
        take_spf(time, *spf);
    if (const auto* const greylist = std::get_if<OldGreylist>(&line))
        take_greylist(time, *greylist);
}

// The old setup speaks of the last one before.
void Comparison::take_greylist(LogTime time, const OldGreylist& greylist)
{
    const auto key = mail_key(greylist.client, greylist.sender, greylist.recipient);
    const auto answer = answers_.last(key, time + clock_skew);
    if (answer != answers_.all.end())
        answer->old_reason = printable(kind_of_reason(greylist.reason), 40);
}

void Comparison::take_refusal(LogTime time, const OldRefusal& refusal)
{
    if (refusal.is_milter && !refusal.queue_id.empty()) {
        message(time, refusal.queue_id).refusal = refusal;
        return;
    }
    if (refusal.stage != "RCPT")
        return;
    const auto key = mail_key(refusal.client, refusal.sender, refusal.recipient);
    const auto answer = answers_.last(key, time + clock_skew);
    if (answer == answers_.all.end()) {
        refusals_.add({time, key, refusal});
        return;
    }
    conclude(*answer, &refusal);
    answers_.take_out(answer);
}

void Comparison::take_spf(LogTime, const OldSpf& spf)
{
    const auto found = spf_.first(mail_key(spf.client, spf.sender, spf.is_helo ? "helo" : ""));
    if (found == spf_.all.end())
        return;
    const auto& ours = *found;
    ++counts_.spf;
    if (ours.result == spf.result)
        ++counts_.spf_alike;
    else
        differ(fmt::format("SPF: {} in the old setup, {} in Postern", printable(spf.result, 20), ours.result), ours.answer,
               fmt::format("SPF {} and {}", printable(spf.result, 20), ours.result), false);
    spf_.take_out(found);
}

Comparison::Message& Comparison::message(LogTime time, const std::string& queue_id)
{
    auto& place = messages_by_id_.try_emplace(queue_id, messages_.end()).first->second;
    if (place == messages_.end())
        place = messages_.insert(messages_.end(), Message{time, queue_id, false, {}, {}, {}, {}, {}, {}});
    else
        messages_.splice(messages_.end(), messages_, place); // the order is that of the times
    place->time = std::max(place->time, time);
    return *place;
}

void Comparison::conclude(LogTime now)
{
    const auto is_over = [&](const auto& waiting) {
        return !waiting.empty() && (waiting.front().time + window < now || waiting.size() > most_waiting);
    };
    while (is_over(answers_.all)) {
        conclude(answers_.all.front(), nullptr);
        answers_.take_out(answers_.all.begin());
    }
    while (is_over(refusals_.all)) {
        ++counts_.earlier_refusals;
        refusals_.take_out(refusals_.all.begin());
    }
    while (is_over(spf_.all))
        spf_.take_out(spf_.all.begin());
    while (is_over(messages_)) {
        conclude(messages_.front());
        messages_by_id_.erase(messages_.front().queue_id);
        messages_.pop_front();
    }
}

void Comparison::finish()
{
    conclude(LogTime::max());
}

void Comparison::conclude(const Answer& answer, const OldRefusal* refusal)
{
    ++counts_.recipients;
    const auto old = refusal ? refusal->outcome : MailOutcome::let_in;
    if (old == answer.would) {
        ++counts_.recipients_alike;
        return;
    }
    const auto what = fmt::format("{}, {}", old_in_words(refusal, answer.old_reason),
                                  ours_in_words(answer.would, answer.check, kind_of_reason(answer.reason)));
    differ("recipient: " + what, answer,
           fmt::format("old: {}; Postern: {}", refusal ? refusal->text : "let in",
                       answer.text.empty() ? std::string(mail_outcome_name(answer.would)) : answer.text),
           false);
}

void Comparison::conclude(const Message& message)
{
    if (!message.is_ours) {
        counts_.unseen_refusals += message.refusal.has_value();
        return;
    }
    ++counts_.messages;
    const auto* const refusal = message.refusal ? &*message.refusal : nullptr;
    const auto& answer = message.answer;
    const auto old = refusal ? refusal->outcome : MailOutcome::let_in;
    if (old == answer.would) {
        ++counts_.messages_alike;
    } else {
        const auto what = fmt::format("{}, {}", old_in_words(refusal),
                                      ours_in_words(answer.would, answer.check, kind_of_reason(answer.reason)));
        differ("message: " + what, answer,
               fmt::format("queue_id={} old: {}; Postern: {}", message.queue_id, refusal ? refusal->text : "let in",
                           answer.reason.empty() ? std::string(mail_outcome_name(answer.would)) : answer.reason),
               true);
    }
    compare_dkim(message);
}

void Comparison::compare_dkim(const Message& message)
{
    const bool is_signed = message.signing.starts_with("signed ");
    const bool was_signed = !message.old_signature.empty();
    const auto what = fmt::format("queue_id={} old: {}; Postern: {}", message.queue_id,
                                  was_signed ? "signed " + message.old_signature : "not signed",
                                  message.signing.empty() ? "not signed" : message.signing);
    if (was_signed && !is_signed)
        differ(fmt::format("DKIM: signed in the old setup, not in Postern ({})",
                           message.signing.empty() ? "not mail of ours" : kind_of_reason(message.signing)),
               message.answer, what, true);
    if (!was_signed && is_signed && has_old_signer_ && !message.refusal)
        differ("DKIM: not signed in the old setup, signed in Postern", message.answer, what, true);
    if (was_signed && is_signed && !equals_ignoring_case(message.signing.substr(7), message.old_signature))
        differ("DKIM: signed for another domain", message.answer, what, true);

    if (message.old_verified.empty() || message.verified.empty())
        return;
    const auto result = message.verified.substr(0, message.verified.find(' '));
    const std::string ours = result == "pass" || result == "none" ? result : "fail";
    if (ours != message.old_verified)
        differ(fmt::format("DKIM: {} in the old setup, {} in Postern", message.old_verified, result), message.answer,
               fmt::format("queue_id={} old: {}; Postern: {}", message.queue_id, message.old_verified, message.verified),
               true);
}

void Comparison::differ(const std::string& kind, const Answer& example, const std::string& what, bool is_message)
{
    const bool is_new = !differences_.contains(kind);
    auto& difference = differences_[is_new && differences_.size() >= most_kinds ? "others" : kind];
    if (difference.count++ > 0)
        return;
    difference.example = printable(
        fmt::format("{} client={} helo={} sender=<{}> recipient=<{}> {}", log_time_text(example.time), example.client,
                    example.helo, example.sender, example.recipient, what),
        2000);
    if (example.client.empty()) // mail of this host has none
        return;
    difference.explain = fmt::format("{} --client {}", explain_command_, in_quotes(printable(example.client)));
    const std::pair<std::string_view, const std::string&> options[] = {{"--client-name", example.client_name},
                                                                       {"--helo", example.helo},
                                                                       {"--sender", example.sender},
                                                                       {"--recipient", example.recipient},
                                                                       {"--login", example.login}};
    for (const auto& [name, value] : options)
        if (!value.empty() && value != "unknown")
            difference.explain += fmt::format(" {} {}", name, in_quotes(printable(value)));
    if (is_message)
        difference.explain += " --message FILE";
}

} // namespace postern
