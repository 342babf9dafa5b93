#include "common/spf/received_spf.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t max_commented_domain = 100; // longer ones are in the key-value pairs only
constexpr std::size_t max_mechanism = 120, max_problem = 160;

bool is_atext(char c) // RFC 5322 3.2.3
{
    return is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view value)
{
    const auto atoms = split(value, '.');
    return std::all_of(atoms.begin(), atoms.end(), [](std::string_view atom) {
        return !atom.empty() && std::all_of(atom.begin(), atom.end(), is_atext);
    });
}

// dot-atom / quoted-string
std::string quoted(std::string_view value)
{
    const auto plain = printable(value, value.size());
    if (is_dot_atom(plain))
        return plain;
    std::string text = "\"";
    for (const char c : plain) {
        if (c == '"' || c == '\\')
            text += '\\';
        text += c;
    }
    return text + '"';
}

// For the comment: nothing there can end it or nest in it.
std::string without_parentheses(std::string_view value)
{
    auto text = printable(value, value.size());
    const auto ends_comment = [](char c) { return c == '(' || c == ')' || c == '\\' || c == '"'; };
    std::replace_if(text.begin(), text.end(), ends_comment, '?');
    return text;
}

std::string comment(const SpfQuery& query, SpfResult result)
{
    const auto domain = without_parentheses(query.domain);
    const auto ip = query.ip.text();
    switch (result) {
    case SpfResult::none:
        return fmt::format("{} has no SPF record", domain);
    case SpfResult::neutral:
        return fmt::format("{} is neither permitted nor denied by domain of {}", ip, domain);
    case SpfResult::pass:
        return fmt::format("domain of {} designates {} as permitted sender", domain, ip);
    case SpfResult::fail:
        return fmt::format("domain of {} does not designate {} as permitted sender", domain, ip);
    case SpfResult::softfail:
        return fmt::format("transitioning domain of {} does not designate {} as permitted sender", domain, ip);
    case SpfResult::temperror:
        return fmt::format("temporary error in processing the SPF record of {}", domain);
    case SpfResult::permerror:
        return fmt::format("permanent error in processing the SPF record of {}", domain);
    }
    return {}; // unreachable: -Wswitch names a result without a case
}

// Adds a pair if it says something and there is room for it.
void add(std::string& field, std::string_view key, std::string_view value)
{
    if (value.empty())
        return;
    const auto pair = fmt::format("{}={};", key, quoted(value));
    if (field.size() + 1 + pair.size() < max_received_spf)
        field.append(" ").append(pair);
}

} // namespace

std::string write_received_spf(SpfIdentity identity, std::string_view envelope_from, const SpfQuery& query,
                               const SpfAnswer& answer)
{
    auto field = fmt::format("Received-SPF: {}", spf_result_name(answer.result));
    if (!query.domain.empty() && query.domain.size() <= max_commented_domain)
        field += fmt::format(" ({})", comment(query, answer.result));

    // The pairs that a reader cannot do without come first.
    add(field, "identity", identity == SpfIdentity::helo ? "helo" : "mailfrom");
    add(field, "client-ip", query.ip.text());
    add(field, "envelope-from", envelope_from.empty() ? "<>" : envelope_from);
    add(field, "helo", query.helo);
    add(field, "receiver", query.receiver);
    add(field, "mechanism", std::string_view(answer.mechanism).substr(0, max_mechanism));
    add(field, "problem", std::string_view(answer.problem).substr(0, max_problem));
    field.pop_back(); // the last semicolon
    return field;
}

} // namespace postern
