#include "policyd/policy_reply.h"

#include "common/digits.h"
#include "common/text.h"

#include <algorithm>
#include <string_view>

namespace postern {
namespace {

constexpr std::string_view dunno = "action=DUNNO\n\n";

std::string reply(std::string_view action, std::string_view text)
{
    return concat({"action=", action, text.empty() ? "" : " ", text, "\n\n"});
}

std::string clean_text(std::string_view text)
{
    return printable(trim(text), policy_text_limit);
}

// RFC 3463 2: subject "." detail, each of one to three digits
bool is_status(std::string_view status)
{
    const auto dot = status.find('.');
    return dot != std::string_view::npos && is_number(status.substr(0, dot), 3) && is_number(status.substr(dot + 1), 3);
}

// "550" or the word; then "5.7.23 text"
std::string refusal(std::string_view word, const Verdict& verdict)
{
    const bool is_temporary = verdict.weight() == Weight::temporary;
    const auto first_code = is_temporary ? 400 : 500;
    const bool has_code = verdict.code >= first_code && verdict.code < first_code + 100;

    auto text = clean_text(verdict.text);
    if (text.empty())
        text = is_temporary ? "Try again later" : "Access denied";
    const auto status = is_status(verdict.status) ? std::string_view(verdict.status) : std::string_view("7.1");

    const auto action = has_code ? std::to_string(verdict.code) : std::string(word);
    return reply(action, concat({is_temporary ? "4." : "5.", status, " ", text}));
}

// An argument that is a name or an address is right as it stands, or no use at all.
std::string with_argument(std::string_view word, std::string_view argument, char must_hold)
{
    const bool is_plain = std::all_of(argument.begin(), argument.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!is_plain || argument.size() > policy_text_limit || argument.find(must_hold) == std::string_view::npos)
        return std::string(dunno);
    return reply(word, argument);
}

// RFC 5322 2.2: a name of printable characters without a colon, then the colon
bool is_header(std::string_view header)
{
    const auto name = header.substr(0, header.find(':'));
    return !name.empty() && name.size() < header.size() && name.size() <= 78
        && std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void prepend(std::string_view header, std::string& reply)
{
    header = trim(header);
    if (!is_header(header.substr(0, policy_header_limit))) {
        reply = dunno;
        return;
    }
    reply = "action=PREPEND ";
    append_printable(reply, header, policy_header_limit);
    reply += "\n\n";
}

std::string action(const Verdict& verdict)
{
    switch (verdict.action) {
    case Action::dunno:
        break;
    case Action::reject:
        return refusal("REJECT", verdict);
    case Action::defer:
        return refusal("DEFER", verdict);
    case Action::defer_if_permit:
        return refusal("DEFER_IF_PERMIT", verdict);
    case Action::defer_if_reject:
        return refusal("DEFER_IF_REJECT", verdict);
    case Action::hold:
        return reply("HOLD", clean_text(verdict.text));
    case Action::discard:
        return reply("DISCARD", clean_text(verdict.text));
    case Action::filter:
        return with_argument("FILTER", verdict.text, ':');
    case Action::redirect:
        return with_argument("REDIRECT", verdict.text, '@');
    case Action::bcc:
        return with_argument("BCC", verdict.text, '@');
    case Action::warn:
        return reply("WARN", clean_text(verdict.text));
    }
    return std::string(dunno); // unreachable: -Wswitch names an action without a case
}

} // namespace

void write_policy_reply(const Verdict& verdict, std::string_view header, std::string& reply)
{
    if (verdict.action != Action::dunno)
        reply = action(verdict);
    else if (!header.empty())
        prepend(header, reply);
    else
        reply = dunno;
}

std::string policy_reply(const Verdict& verdict, std::string_view header)
{
    std::string reply;
    write_policy_reply(verdict, header, reply);
    return reply;
}

std::string policy_reply(const Verdict& verdict)
{
    return policy_reply(verdict, verdict.header);
}

} // namespace postern
