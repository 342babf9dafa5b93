#include "common/spf/received_spf.h"

#include "common/text.h"

#include <algorithm>
#include <array>

namespace postern {
namespace {

constexpr std::size_t max_commented_domain = 100; // longer ones are in the key-value pairs only
constexpr std::size_t max_mechanism = 120, max_problem = 160;

// RFC 5322 3.2.3
constexpr auto atext = [] {
    std::array<bool, 256> table{};
    for (unsigned c = 0; c < 256; ++c)
        table[c] = is_alnum(static_cast<char>(c));
    for (const char c : std::string_view("!#$%&'*+-/=?^_`{|}~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_dot_atom(std::string_view value)
{
    char last = '.';
    for (const char c : value) {
        if (c == '.' ? last == '.' : !atext[static_cast<unsigned char>(c)])
            return false;
        last = c;
    }
    return last != '.';
}

// dot-atom / quoted-string
void append_quoted(std::string& field, std::string_view value)
{
    const auto plain = printable(value, value.size());
    if (is_dot_atom(plain)) {
        field += plain;
        return;
    }
    field += '"';
    for (const char c : plain) {
        if (c == '"' || c == '\\')
            field += '\\';
        field += c;
    }
    field += '"';
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
        return concat({domain, " has no SPF record"});
    case SpfResult::neutral:
        return concat({ip, " is neither permitted nor denied by domain of ", domain});
    case SpfResult::pass:
        return concat({"domain of ", domain, " designates ", ip, " as permitted sender"});
    case SpfResult::fail:
        return concat({"domain of ", domain, " does not designate ", ip, " as permitted sender"});
    case SpfResult::softfail:
        return concat({"transitioning domain of ", domain, " does not designate ", ip, " as permitted sender"});
    case SpfResult::temperror:
        return concat({"temporary error in processing the SPF record of ", domain});
    case SpfResult::permerror:
        return concat({"permanent error in processing the SPF record of ", domain});
    }
    return {}; // unreachable: -Wswitch names a result without a case
}

// Adds a pair if it says something and there is room for it.
void add(std::string& field, std::string_view key, std::string_view value)
{
    if (value.empty())
        return;
    const auto size_before = field.size();
    field.append(" ").append(key).append("=");
    append_quoted(field, value);
    field += ';';
    if (field.size() >= max_received_spf)
        field.resize(size_before);
}

} // namespace

std::string write_received_spf(SpfIdentity identity, std::string_view envelope_from, const SpfQuery& query,
                               const SpfAnswer& answer)
{
    std::string field;
    field.reserve(512);
    field.append("Received-SPF: ").append(spf_result_name(answer.result));
    if (!query.domain.empty() && query.domain.size() <= max_commented_domain)
        field.append(" (").append(comment(query, answer.result)).append(")");

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
