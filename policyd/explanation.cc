#include "policyd/explanation.h"

#include "common/attribute_list.h"
#include "common/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {
namespace {

constexpr std::string_view names[] = {"client_address", "client_name", "reverse_client_name", "helo_name",
                                      "sender",         "recipient",   "sasl_username",       "policy_context"};

// "412us", "12.3ms", "2.50s"
std::string duration(std::chrono::nanoseconds time)
{
    const auto us = static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
    if (us < 1e3)
        return fmt::format("{}us", us);
    return us < 1e6 ? fmt::format("{:.1f}ms", us / 1e3) : fmt::format("{:.2f}s", us / 1e6);
}

void add_line(std::string& text, std::string_view name, std::string_view value)
{
    text += fmt::format("{:<10} {}\n", name, printable(value, 1000));
}

std::string address_and_name(const PolicyRequest& request)
{
    return fmt::format("{} ({})", request.client_address, request.client_name);
}

std::string described(const CheckExplanation& part)
{
    if (!part.not_asked.empty())
        return fmt::format("not asked: {}", part.not_asked);
    const bool is_held_back = part.is_observed && part.verdict.weight() != Weight::none;
    return fmt::format("{}{:<{}} {:>8}  {}", is_held_back ? "would-" : "", action_name(part.verdict.action),
                       is_held_back ? 9 : 15, duration(part.time), part.verdict.reason);
}

} // namespace

Result<PolicyRequest> parse_explain_request(std::string_view line)
{
    const auto attributes = parse_attributes(line);
    if (!attributes)
        return tl::unexpected(attributes.error());
    // Of an attribute that stands twice the last counts, so these are for those that are not given. Postfix
    // always sends them.
    std::string text = "request=smtpd_access_policy\nprotocol_state=RCPT\nsender=\n"
                       "client_name=unknown\nreverse_client_name=unknown\n";
    for (const auto& [name, value] : *attributes) {
        if (std::find(std::begin(names), std::end(names), name) == std::end(names))
            return fail("no such attribute: {}", printable(name, 80));
        if (value.find('\n') != std::string::npos || value.find('\0') != std::string::npos)
            return fail("{}: holds a line feed or a NUL", name);
        text += fmt::format("{}={}\n", name, value);
    }
    auto request = parse_policy_request(text);
    if (!request)
        return request;
    if (!request->client)
        return fail("client_address: \"{}\" is no IP address", printable(request->client_address, 80));
    if (request->recipient.empty())
        return fail("recipient: is missing");
    return request;
}

std::string write_explanation(const PolicyRequest& request, const Explanation& explanation)
{
    std::string text;
    add_line(text, "client", address_and_name(request));
    add_line(text, "helo", request.helo_name);
    add_line(text, "sender", request.sender.empty() ? "<>" : request.sender);
    add_line(text, "recipient", request.recipient);
    if (!request.sasl_username.empty())
        add_line(text, "login", request.sasl_username);
    if (!request.policy_context.empty())
        add_line(text, "context", request.policy_context);
    text += '\n';
    for (const auto& part : explanation.checks) {
        add_line(text, part.check, described(part));
        for (const auto& note : part.notes)
            add_line(text, "", "  " + note);
        if (!part.verdict.header.empty())
            add_line(text, "", "  header " + part.verdict.header);
    }
    text += '\n';
    if (!explanation.decided_by.empty())
        add_line(text, "decided by", explanation.decided_by);
    add_line(text, "Postfix is told", trim(explanation.reply));
    return text;
}

} // namespace postern
