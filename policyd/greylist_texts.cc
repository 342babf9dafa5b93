#include "policyd/greylist_texts.h"

#include "common/text.h"

#include <algorithm>
#include <fmt/chrono.h>
#include <vector>

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

Action action_of(std::string_view word)
{
    if (word == "defer")
        return Action::defer;
    return word == "defer_if_reject" ? Action::defer_if_reject : Action::defer_if_permit;
}

// "7.1" of a text that begins with "4.7.1 "; empty if it does not begin so
std::string_view own_status(std::string_view text)
{
    const auto word = text.substr(0, text.find(' '));
    const auto parts = split(word, '.');
    const bool is_status = parts.size() == 3 && parts[0] == "4" && word.size() < text.size()
        && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
               return !part.empty() && part.size() <= 3 && std::all_of(part.begin(), part.end(), is_digit);
           });
    return is_status ? word.substr(2) : std::string_view();
}

} // namespace

GreylistTexts greylist_texts(const GreylistSettings& settings, std::string hostname, std::string version)
{
    GreylistTexts texts;
    const bool is_code = !settings.action.empty() && is_digit(settings.action[0]);
    texts.action = is_code ? Action::defer : action_of(settings.action);
    texts.code = is_code ? std::stoi(settings.action) : 0;
    const auto status = own_status(settings.text);
    texts.status = status.empty() ? "2.0" : status; // "other mailbox status": some senders take 4.7.x for lasting
    texts.reply = status.empty() ? settings.text : settings.text.substr(status.size() + 3);
    texts.header = settings.header;
    texts.hostname = settings.hostname.empty() ? std::move(hostname) : settings.hostname;
    texts.version = std::move(version);
    return texts;
}

std::string postgrey_line(const PolicyRequest& request, const Verdict& verdict, const GreylistDecision& decision)
{
    std::string line = request.queue_id.empty() ? "" : request.queue_id + ": ";
    line.append(verdict.is_refusal() ? "action=greylist, reason=" : "action=pass, reason=").append(verdict.reason);
    if (decision.is_first_pass)
        line.append(", delay=").append(std::to_string(decision.waited.count()));
    const std::pair<std::string_view, const std::string&> rest[] = {{"client_name", request.client_name},
                                                                    {"client_address", request.client_address},
                                                                    {"sender", request.sender},
                                                                    {"recipient", request.recipient}};
    for (const auto& [name, value] : rest)
        if (!value.empty())
            line.append(", ").append(name).append("=").append(value);
    return line;
}

Verdict greylist_verdict(const GreylistDecision& decision, const GreylistTexts& texts, const MailAddress& recipient,
                         Timestamp now)
{
    Verdict verdict;
    verdict.reason = greylist_reason(decision);
    if (decision.missing.count() > 0) {
        verdict.action = texts.action;
        verdict.code = texts.code;
        verdict.status = texts.status;
        verdict.text = filled(texts.reply, {{'s', std::to_string(decision.missing.count())}, {'r', recipient.domain}});
    } else if (decision.is_first_pass && !texts.header.empty()) {
        verdict.header = filled(texts.header, {{'t', std::to_string(decision.waited.count())},
                                               {'v', texts.version},
                                               {'h', texts.hostname},
                                               {'d', rfc5322_date(now)}});
    }
    return verdict;
}

} // namespace postern
