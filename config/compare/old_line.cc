#include "config/compare/old_line.h"

#include "common/text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace postern {
namespace {

constexpr std::size_t longest_reason = 60;

// What stands between the two; empty if one is not there.
std::string_view between(std::string_view text, std::string_view begin, std::string_view end)
{
    const auto at = text.find(begin);
    if (at == text.npos)
        return {};
    const auto rest = text.substr(at + begin.size());
    const auto stop = rest.find(end);
    return stop == rest.npos ? std::string_view() : rest.substr(0, stop);
}

// Takes what stands before `mark`, and the mark.
std::optional<std::string_view> take_before(std::string_view& text, std::string_view mark)
{
    const auto at = text.find(mark);
    if (at == text.npos)
        return std::nullopt;
    const auto taken = text.substr(0, at);
    text.remove_prefix(at + mark.size());
    return taken;
}

struct Verb {
    std::string_view word;
    bool is_milter;
    std::optional<MailOutcome> outcome; // none: the reply says it
};
constexpr std::array<Verb, 6> verbs = {{{"reject", false, std::nullopt},
                                        {"milter-reject", true, std::nullopt},
                                        {"milter-hold", true, MailOutcome::held},
                                        {"milter-discard", true, MailOutcome::discarded},
                                        {"hold", false, MailOutcome::held},
                                        {"discard", false, MailOutcome::discarded}}};

// "QUEUEID: reject: RCPT from name[address]: reply; from=<> to=<> proto=SMTP helo=<>"
OldLogLine parse_refusal(std::string_view text)
{
    const auto queue_id = take_before(text, ": ");
    const auto word = queue_id ? take_before(text, ": ") : std::nullopt;
    const auto verb = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& known) { return word == known.word; });
    if (verb == verbs.end())
        return {};
    const auto stage = take_before(text, " from ");
    const auto peer = stage ? take_before(text, ": ") : std::nullopt;
    const auto tail = text.rfind("; from=<");
    if (!peer || tail == text.npos)
        return {};
    const auto reply = text.substr(0, tail);
    const auto envelope = text.substr(tail + 2);
    OldRefusal refusal;
    refusal.outcome = verb->outcome.value_or(reply.starts_with('4') ? MailOutcome::deferred : MailOutcome::rejected);
    refusal.is_milter = verb->is_milter;
    refusal.queue_id = *queue_id == "NOQUEUE" ? "" : *queue_id;
    refusal.stage = *stage;
    const auto open = peer->rfind('[');
    refusal.client = open == peer->npos ? "" : between(peer->substr(open), "[", "]");
    refusal.sender = between(envelope, "from=<", ">");
    refusal.recipient = between(envelope, " to=<", ">");
    refusal.helo = between(envelope, " helo=<", ">");
    refusal.text = reply;
    return refusal;
}

// "QUEUEID: what"
OldLogLine parse_opendkim(std::string_view text)
{
    const auto queue_id = take_before(text, ": ");
    if (!queue_id)
        return {};
    const std::string id(*queue_id);
    if (text.starts_with("DKIM-Signature field added"))
        return OldSignature{id, std::string(between(text, "d=", ")"))};
    if (text.starts_with("DKIM verification successful"))
        return OldVerification{id, "pass"};
    if (text.starts_with("no signature data"))
        return OldVerification{id, "none"};
    if (text.starts_with("bad signature data") || text.find("signature verification failed") != text.npos)
        return OldVerification{id, "fail"};
    return {};
}

// Of the Python program: "prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=...; ..."
OldLogLine parse_policyd_spf(std::string_view text)
{
    const auto field = text.find("Received-SPF: ");
    if (field == text.npos)
        return {};
    text.remove_prefix(field + std::string_view("Received-SPF: ").size());
    OldSpf spf;
    spf.result = to_lower(text.substr(0, text.find(' ')));
    spf.client = between(text, "client-ip=", ";");
    spf.sender = between(text, "envelope-from=", ";");
    spf.is_helo = between(text, "identity=", ";") == "helo";
    if (spf.client.empty())
        return {};
    if (spf.sender == "<>")
        spf.sender.clear();
    return spf;
}

// "4XyZ: action=pass, reason=triplet found, delay=300, client_name=..., ..."
OldLogLine parse_postgrey(std::string_view text)
{
    const auto value = [&](std::string_view name) { // up to the next, or to the end
        const auto at = text.find(name);
        const auto rest = at == text.npos ? std::string_view() : text.substr(at + name.size());
        return std::string(rest.substr(0, rest.find(", ")));
    };
    if (text.find("action=") == text.npos)
        return {};
    OldGreylist greylist{value("client_address="), value("sender="), value("recipient="), value("reason=")};
    if (greylist.client.empty() || greylist.reason.empty())
        return {};
    return greylist;
}

} // namespace

std::string_view mail_outcome_name(MailOutcome outcome)
{
    switch (outcome) {
    case MailOutcome::let_in:
        return "let in";
    case MailOutcome::held:
        return "hold";
    case MailOutcome::deferred:
        return "defer";
    case MailOutcome::discarded:
        return "discard";
    case MailOutcome::rejected:
        return "reject";
    }
    return ""; // unreachable: -Wswitch names an outcome without a case
}

OldLogLine parse_old_line(std::string_view program, std::string_view text)
{
    if (program.starts_with("postfix")) { // "postfix/submission/smtpd", "postfix-out/smtpd"
        const auto part = program.substr(program.rfind('/') + 1);
        if (part == "smtpd" || part == "cleanup")
            return parse_refusal(text);
        return {};
    }
    if (program == "postgrey")
        return parse_postgrey(text);
    if (program == "opendkim")
        return parse_opendkim(text);
    if (program == "policyd-spf" || program == "python-policyd-spf")
        return parse_policyd_spf(text);
    return {};
}

std::string refusal_reason(std::string_view text)
{
    for (const std::string_view head : {"address rejected: ", "command rejected: ", "host rejected: "})
        if (const auto at = text.find(head); at != text.npos) {
            text.remove_prefix(at + head.size());
            break;
        }
    if (const auto at = text.find("due to: "); at != text.npos)
        text.remove_prefix(at + std::string_view("due to: ").size());
    while (!text.empty() && (is_digit(text.front()) || text.front() == '.' || text.front() == ' '))
        text.remove_prefix(1);
    if (text.starts_with('<'))
        if (const auto end = text.find(">: "); end != text.npos)
            text.remove_prefix(end + 3);
    const auto end = std::min({text.find_first_of(",;(<["), text.find(". "), text.find("http"), text.size()});
    return printable(trim(text.substr(0, end)), longest_reason);
}

} // namespace postern
