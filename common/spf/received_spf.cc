#include "common/spf/received_spf.h"

#include "common/text.h"

#include <algorithm>
#include <array>

namespace postern {
namespace {

constexpr std::size_t max_commented_domain = 100; // longer ones are in the key-value pairs only
constexpr std::size_t max_mechanism = 120, max_problem = 160, max_domain = 253;

// What an octet is to a dot-atom (RFC 5322 3.2.3) and to a quoted string: bits, so that one pass
// without a branch tells what a whole value needs. This is on the way of every mail.
constexpr unsigned char dot = 1, to_quote = 2, to_escape = 4, unprintable = 8; // none of them: atext

constexpr auto octet_kinds = [] {
    std::array<unsigned char, 256> table{};
    for (unsigned c = 0; c < 256; ++c)
        table[c] = is_alnum(static_cast<char>(c)) ? 0 : c >= 0x20 && c <= 0x7e ? to_quote : unprintable;
    for (const char c : std::string_view("!#$%&'*+-/=?^_`{|}~"))
        table[static_cast<unsigned char>(c)] = 0;
    table['.'] = dot;
    table['"'] = table['\\'] = to_escape;
    return table;
}();

unsigned char octet(char c)
{
    return octet_kinds[static_cast<unsigned char>(c)];
}

unsigned char all_octets(std::string_view value)
{
    unsigned char bits = 0;
    for (const char c : value)
        bits |= octet(c);
    return bits;
}

bool has_single_dots(std::string_view value)
{
    return value.front() != '.' && value.back() != '.' && value.find("..") == std::string_view::npos;
}

void append_quoted_string(std::string& field, std::string_view value)
{
    field += '"';
    if (all_octets(value) < to_escape) {
        field += value;
    } else {
        for (const char c : value) {
            if (octet(c) == to_escape)
                field += '\\';
            field += octet(c) == unprintable ? '?' : c;
        }
    }
    field += '"';
}

// dot-atom / quoted-string (RFC 7208 9.1)
void append_value(std::string& field, std::string_view value)
{
    const auto bits = all_octets(value);
    if (!value.empty() && (bits == 0 || (bits == dot && has_single_dots(value))))
        field += value;
    else
        append_quoted_string(field, value);
}

// domain-name / quoted-string: of the characters of an atom some end a value of that field (RFC 8601 2.2).
void append_domain(std::string& field, std::string_view value)
{
    const auto is_of_domain = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
    if (std::all_of(value.begin(), value.end(), is_of_domain))
        field += value;
    else
        append_quoted_string(field, value);
}

// For the comment: nothing there can end it or nest in it.
std::string without_parentheses(std::string_view value)
{
    auto text = printable(value, value.size());
    const auto ends_comment = [](char c) { return c == '(' || c == ')' || c == '\\' || c == '"'; };
    std::replace_if(text.begin(), text.end(), ends_comment, '?');
    return text;
}

std::string comment(std::string_view ip, std::string_view asked, SpfResult result)
{
    const auto domain = without_parentheses(asked);
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
    ((field += ' ') += key) += '=';
    append_value(field, value);
    field += ';';
    if (field.size() >= max_received_spf)
        field.resize(size_before);
}

// "Received-SPF: pass (domain of example.org designates ...) client-ip=192.0.2.1;"
std::string write_head(const IpAddress& client, std::string_view domain, SpfResult result)
{
    const auto ip = client.text();
    auto head = concat({"Received-SPF: ", spf_result_name(result)});
    if (!domain.empty() && domain.size() <= max_commented_domain)
        head.append(" (").append(comment(ip, domain, result)).append(")");
    add(head, "client-ip", ip);
    return head;
}

std::string write_tail(const SpfAnswer& answer)
{
    std::string tail;
    add(tail, "mechanism", std::string_view(answer.mechanism).substr(0, max_mechanism));
    add(tail, "problem", std::string_view(answer.problem).substr(0, max_problem));
    return tail;
}

void add_envelope(std::string& field, const SpfMail& mail)
{
    add(field, "envelope-from", mail.envelope_from.empty() ? "<>" : mail.envelope_from);
    add(field, "helo", mail.helo);
    add(field, "receiver", mail.receiver);
}

} // namespace

void prepare_received_spf(const IpAddress& client, std::string_view domain, SpfAnswer& answer)
{
    answer.field_head = write_head(client, domain, answer.result);
    answer.field_tail = write_tail(answer);
}

std::string write_received_spf(const SpfMail& mail, const SpfAnswer& answer)
{
    if (answer.field_head.empty()) {
        auto prepared = answer;
        prepare_received_spf(mail.client, mail.domain, prepared);
        return write_received_spf(mail, prepared);
    }
    std::string field;
    field.reserve(512);
    field += answer.field_head;

    // The pairs that a reader cannot do without come first.
    field += mail.identity == SpfIdentity::helo ? " identity=helo;" : " identity=mailfrom;";
    add_envelope(field, mail);
    const auto size_before = field.size();
    field += answer.field_tail;
    if (field.size() >= max_received_spf)
        field.resize(size_before);
    field.pop_back(); // the last semicolon
    return field;
}

// The domain alone: a local part says nothing of whom SPF has vouched for (RFC 8601 2.7.2 lets it be left out).
std::string write_spf_auth_results(std::string_view authserv_id, const SpfMail& mail, const SpfAnswer& answer)
{
    std::string field("Authentication-Results: ");
    append_domain(field, authserv_id);
    field.append("; spf=").append(spf_result_name(answer.result));
    if (!answer.problem.empty()) {
        field += " reason=";
        append_quoted_string(field, std::string_view(answer.problem).substr(0, max_problem));
    }
    if (!mail.domain.empty() && mail.domain.size() <= max_domain) {
        field += mail.identity == SpfIdentity::helo ? " smtp.helo=" : " smtp.mailfrom=";
        append_domain(field, mail.domain);
    }
    return field;
}

std::string write_spf_skipped(std::string_view why, const SpfMail& mail)
{
    auto field = concat({"X-Comment: ", why, " -"});
    add(field, "client-ip", mail.client.text());
    add_envelope(field, mail);
    field.pop_back(); // the last semicolon
    return field;
}

} // namespace postern
