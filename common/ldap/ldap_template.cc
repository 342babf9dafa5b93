#include "common/ldap/ldap_template.h"

#include "common/digits.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t longest_ldap_template = 2000;
constexpr int deepest_filter = 30;

void append_hex(std::string& out, char c)
{
    constexpr char digits[] = "0123456789abcdef";
    const auto octet = static_cast<unsigned char>(c);
    out += '\\';
    out += digits[octet >> 4];
    out += digits[octet & 15];
}

bool is_printable(char c)
{
    return c >= 0x20 && c <= 0x7e;
}

// RFC 4515 3: "*", "(", ")", "\" and NUL must be \xx. Any other octet may be, and one of a text that
// is no UTF-8 has to be.
void append_filter_value(std::string& out, std::string_view value)
{
    for (const char c : value)
        if (!is_printable(c) || c == '*' || c == '(' || c == ')' || c == '\\')
            append_hex(out, c);
        else
            out += c;
}

// RFC 4514 2.4: specials, a blank or # at the beginning and a blank at the end must be escaped;
// \xx may stand for any octet.
void append_dn_value(std::string& out, std::string_view value)
{
    constexpr std::string_view special = "\"+,;<>\\=#";
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        const bool is_outer_blank = c == ' ' && (i == 0 || i + 1 == value.size());
        if (!is_printable(c) || is_outer_blank || special.find(c) != std::string_view::npos)
            append_hex(out, c);
        else
            out += c;
    }
}

// The label of that number from the right, from 1.
std::optional<std::string_view> domain_label(std::string_view domain, int number)
{
    const auto labels = split(domain, '.');
    const auto count = static_cast<int>(labels.size());
    if (domain.empty() || number > count)
        return std::nullopt;
    return labels[static_cast<std::size_t>(count - number)];
}

class FilterReader {
public:
    explicit FilterReader(std::string_view text)
        : all_(text)
        , rest_(text)
    {
    }

    Result<> whole()
    {
        if (const auto ok = filter(0); !ok)
            return ok;
        return rest_.empty() ? Result<>{} : at("something follows the last )");
    }

private:
    tl::unexpected<Error> at(std::string_view what) const
    {
        return fail("{}, at character {} of \"{}\"", what, all_.size() - rest_.size() + 1, printable(all_, 200));
    }

    bool take(char c)
    {
        if (!rest_.starts_with(c))
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    Result<> filter(int depth)
    {
        if (depth > deepest_filter)
            return at("too many parentheses inside each other");
        if (!take('('))
            return at("( is missing");
        if (take('&') || take('|')) {
            while (rest_.starts_with('('))
                if (const auto ok = filter(depth + 1); !ok)
                    return ok;
        } else if (take('!')) {
            if (const auto ok = filter(depth + 1); !ok)
                return ok;
        } else if (const auto ok = item(); !ok) {
            return ok;
        }
        return take(')') ? Result<>{} : at(") is missing");
    }

    // attribute = value; with ~=, >=, <= and := too
    Result<> item()
    {
        const auto equals = rest_.find('=');
        const auto end = rest_.find_first_of("()\\");
        if (equals == std::string_view::npos || equals == 0 || end < equals)
            return at("an attribute and = are missing");
        auto attribute = rest_.substr(0, equals);
        if (attribute.find_last_of("~<>:") == attribute.size() - 1)
            attribute.remove_suffix(1);
        const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == ';' || c == ':' || c == '_'; };
        if (attribute.empty() || !std::all_of(attribute.begin(), attribute.end(), fits))
            return at("what stands before = is not an attribute");
        rest_.remove_prefix(equals + 1);
        return value();
    }

    Result<> value()
    {
        while (!rest_.empty() && rest_.front() != '(' && rest_.front() != ')') {
            if (rest_.front() == '\0')
                return at("a NUL");
            if (rest_.front() == '\\') {
                if (rest_.size() < 3 || hex_digit(rest_[1]) < 0 || hex_digit(rest_[2]) < 0)
                    return at("a backslash without two hexadecimal digits");
                rest_.remove_prefix(2);
            }
            rest_.remove_prefix(1);
        }
        return {};
    }

    std::string_view all_;
    std::string_view rest_;
};

// Each part of a DN must be attribute=value (RFC 4514 3). What is inside a value is the server's to judge.
Result<> check_dn(std::string_view dn)
{
    std::string part;
    const auto is_part = [](std::string_view text) {
        const auto equals = text.find('=');
        const auto type = trim(text.substr(0, equals));
        const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '.'; };
        return equals != std::string_view::npos && !type.empty() && std::all_of(type.begin(), type.end(), fits);
    };
    for (std::size_t i = 0; i <= dn.size(); ++i) {
        const bool is_end = i == dn.size() || dn[i] == ',' || dn[i] == ';' || dn[i] == '+';
        if (!is_end) {
            part += dn[i];
            if (dn[i] == '\\' && i + 1 < dn.size())
                part += dn[++i];
            if (part.ends_with("\\%"))
                return fail("\"{}\": a backslash before a placeholder", printable(dn, 200));
            continue;
        }
        if (!is_part(part))
            return fail("\"{}\" is not a name such as ou=people,dc=example,dc=org", printable(dn, 200));
        part.clear();
    }
    return {};
}

} // namespace

Result<> check_ldap_filter(std::string_view filter)
{
    return FilterReader(filter).whole();
}

Result<LdapTemplate> LdapTemplate::parse(std::string_view text, Quoting quoting)
{
    if (text.size() > longest_ldap_template)
        return fail("has {} octets; at most {} make sense", text.size(), longest_ldap_template);
    LdapTemplate result;
    result.quoting_ = quoting;
    Piece piece;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            piece.text += text[i];
            continue;
        }
        const char letter = ++i < text.size() ? to_lower(text[i]) : '\0';
        if (letter == '%') {
            piece.text += '%';
        } else if (letter == 's' || letter == 'u' || letter == 'd' || (letter >= '1' && letter <= '9')) {
            piece.placeholder = letter;
            result.pieces_.push_back(std::exchange(piece, {}));
            result.is_dynamic_ = true;
        } else {
            return fail("%{} stands for nothing here; %s, %u, %d, %1 to %9 and %% do",
                        letter ? printable(text.substr(i, 1)) : "");
        }
    }
    if (!piece.text.empty())
        result.pieces_.push_back(std::move(piece));
    return result;
}

Result<LdapTemplate> LdapTemplate::parse_filter(std::string_view text)
{
    text = trim(text);
    const auto filter = text.starts_with('(') ? std::string(text) : concat({"(", text, ")"});
    // With its placeholders it is a filter too, and % is no part of an attribute: they stand in values only.
    if (const auto ok = check_ldap_filter(filter); !ok)
        return tl::unexpected(ok.error());
    return parse(filter, Quoting::filter);
}

Result<LdapTemplate> LdapTemplate::parse_base(std::string_view text)
{
    text = trim(text);
    if (const auto ok = text.empty() ? Result<>{} : check_dn(text); !ok)
        return tl::unexpected(ok.error());
    return parse(text, Quoting::base);
}

std::optional<std::string> LdapTemplate::expand(const MailAddress& address) const
{
    std::string out;
    const auto append = [&](std::string_view value) {
        if (quoting_ == Quoting::filter)
            append_filter_value(out, value);
        else
            append_dn_value(out, value);
    };
    for (const auto& piece : pieces_) {
        out += piece.text;
        switch (piece.placeholder) {
        case '\0':
            break;
        case 's':
            append(address.text());
            break;
        case 'u':
            if (address.local_part.empty())
                return std::nullopt;
            append(address.local_part);
            break;
        case 'd':
            if (address.domain.empty())
                return std::nullopt;
            append(address.domain);
            break;
        default:
            const auto label = domain_label(address.domain, piece.placeholder - '0');
            if (!label)
                return std::nullopt;
            append(*label);
        }
    }
    return out;
}

} // namespace postern
