#include "common/spf/record.h"

#include "common/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>

namespace postern {
namespace {

constexpr std::string_view version = "v=spf1";
constexpr std::size_t quoted_term_octets = 64; // octets of a faulty term that an error quotes

// The digits after a slash; like ip4-network they have no leading zero (RFC 7208 5.6).
std::optional<int> parse_prefix(std::string_view digits, int max)
{
    int prefix = 0;
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0'))
        return std::nullopt;
    for (const char c : digits) {
        if (!is_digit(c))
            return std::nullopt;
        prefix = prefix * 10 + (c - '0');
    }
    return prefix <= max ? std::optional(prefix) : std::nullopt;
}

// Takes one "/digits" from the end of `text`, and the slash before it with "//".
std::optional<std::string_view> take_digits(std::string_view& text, std::string_view slashes)
{
    const auto last = text.find_last_not_of("0123456789");
    if (last == std::string_view::npos || last + 1 == text.size() || !text.substr(0, last + 1).ends_with(slashes))
        return std::nullopt;
    const auto digits = text.substr(last + 1);
    text.remove_suffix(digits.size() + slashes.size());
    return digits;
}

// dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ], at the end of `text`, which loses it.
Result<> take_dual_cidr(std::string_view& text, SpfDirective& directive)
{
    if (const auto digits = take_digits(text, "//")) {
        const auto prefix = parse_prefix(*digits, 128);
        if (!prefix)
            return fail("//{} is not an IPv6 prefix length", printable(*digits, quoted_term_octets));
        directive.ip6_prefix = *prefix;
    }
    if (const auto digits = take_digits(text, "/")) {
        const auto prefix = parse_prefix(*digits, 32);
        if (!prefix)
            return fail("/{} is not an IPv4 prefix length", printable(*digits, quoted_term_octets));
        directive.ip4_prefix = *prefix;
    }
    return {};
}

// ":" domain-spec; empty is allowed where the record's own domain stands for it.
Result<> parse_domain(std::string_view text, bool required, SpfDirective& directive)
{
    if (text.empty() && !required)
        return {};
    if (text.empty() || text.front() != ':')
        return fail("there should be a colon and a domain");
    auto domain_spec = parse_domain_spec(text.substr(1));
    if (!domain_spec)
        return tl::unexpected(domain_spec.error());
    directive.domain_spec = std::move(*domain_spec);
    return {};
}

// ":" ip4-network [ ip4-cidr-length ], and the same of ip6.
Result<> parse_network(std::string_view text, SpfDirective& directive)
{
    const bool is_ip4 = directive.mechanism == SpfMechanism::ip4;
    const int bits = is_ip4 ? 32 : 128;
    if (text.empty() || text.front() != ':')
        return fail("there should be a colon and an address");
    const auto slash = text.find('/');
    const std::string address(text.substr(1, slash == std::string_view::npos ? slash : slash - 1));

    directive.network.prefix = bits;
    if (slash != std::string_view::npos) {
        const auto prefix = parse_prefix(text.substr(slash + 1), bits);
        if (!prefix)
            return fail("the prefix length is not between 0 and {}", bits);
        directive.network.prefix = *prefix;
    }
    if (is_ip4) {
        std::array<std::uint8_t, 4> octets;
        if (inet_pton(AF_INET, address.c_str(), octets.data()) != 1)
            return fail("not an IPv4 address");
        directive.network.address = IpAddress::v4(octets);
        return {};
    }
    std::array<std::uint8_t, 16> octets;
    if (inet_pton(AF_INET6, address.c_str(), octets.data()) != 1)
        return fail("not an IPv6 address");
    // Masked first: "::ffff:192.0.2.1/0" is a network of IPv6, "::ffff:192.0.2.1" one that no client is in,
    // because a client with such an address is an IPv4 one (RFC 7208 5).
    for (int i = 0; i < 16; ++i)
        octets[static_cast<std::size_t>(i)] &=
            static_cast<std::uint8_t>(0xff00 >> std::clamp(directive.network.prefix - i * 8, 0, 8));
    directive.network.address = IpAddress::v6(octets);
    return {};
}

Result<> parse_arguments(std::string_view text, SpfDirective& directive)
{
    switch (directive.mechanism) {
    case SpfMechanism::all:
        return text.empty() ? Result<>() : fail("takes no argument");
    case SpfMechanism::include:
    case SpfMechanism::exists:
        return parse_domain(text, true, directive);
    case SpfMechanism::ptr:
        return parse_domain(text, false, directive);
    case SpfMechanism::a:
    case SpfMechanism::mx:
        if (auto taken = take_dual_cidr(text, directive); !taken)
            return taken;
        return parse_domain(text, false, directive);
    case SpfMechanism::ip4:
    case SpfMechanism::ip6:
        return parse_network(text, directive);
    }
    return fail("unknown mechanism"); // unreachable: -Wswitch names a mechanism without a case
}

std::optional<SpfResult> qualifier_result(char qualifier)
{
    switch (qualifier) { // RFC 7208 4.6.2
    case '+':
        return SpfResult::pass;
    case '-':
        return SpfResult::fail;
    case '~':
        return SpfResult::softfail;
    case '?':
        return SpfResult::neutral;
    }
    return std::nullopt;
}

std::optional<SpfMechanism> mechanism_named(std::string_view name)
{
    constexpr std::pair<std::string_view, SpfMechanism> names[] = {
        {"all", SpfMechanism::all}, {"include", SpfMechanism::include}, {"a", SpfMechanism::a},
        {"mx", SpfMechanism::mx},   {"ptr", SpfMechanism::ptr},         {"ip4", SpfMechanism::ip4},
        {"ip6", SpfMechanism::ip6}, {"exists", SpfMechanism::exists},
    };
    for (const auto& [known, mechanism] : names)
        if (equals_ignoring_case(name, known))
            return mechanism;
    return std::nullopt;
}

Result<> parse_directive(std::string_view term, SpfRecord& record)
{
    SpfDirective& directive = record.directives.emplace_back();
    directive.text = term;
    if (const auto result = qualifier_result(term.front())) {
        directive.result = *result;
        term.remove_prefix(1);
    }
    const auto end = std::find_if_not(term.begin(), term.end(), is_alnum);
    const auto name = term.substr(0, static_cast<std::size_t>(end - term.begin()));
    const auto mechanism = mechanism_named(name);
    if (!mechanism)
        return fail("unknown mechanism");
    directive.mechanism = *mechanism;
    return parse_arguments(term.substr(name.size()), directive);
}

// The name before "=", or nothing: name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." )
std::optional<std::string_view> modifier_name(std::string_view term)
{
    const auto end = std::find_if_not(term.begin(), term.end(),
                                      [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
    if (end == term.begin() || end == term.end() || *end != '=' || !is_alpha(term.front()))
        return std::nullopt;
    return term.substr(0, static_cast<std::size_t>(end - term.begin()));
}

Result<> parse_modifier(std::string_view name, std::string_view value, SpfRecord& record)
{
    const bool is_redirect = equals_ignoring_case(name, "redirect");
    if (!is_redirect && !equals_ignoring_case(name, "exp")) {
        const auto ignored = parse_macro_string(value, MacroPlace::explanation); // RFC 7208 6: unknown, but sound
        return ignored ? Result<>() : tl::unexpected(ignored.error());
    }
    if (is_redirect ? record.redirect.has_value() : !record.exp.empty())
        return fail("given twice"); // RFC 7208 6
    auto domain_spec = parse_domain_spec(value);
    if (!domain_spec)
        return tl::unexpected(domain_spec.error());
    if (is_redirect)
        record.redirect = std::move(*domain_spec);
    else
        record.exp = value;
    return {};
}

} // namespace

bool is_spf_record(std::string_view text)
{
    return equals_ignoring_case(text.substr(0, version.size()), version)
        && (text.size() == version.size() || text[version.size()] == ' ');
}

Result<SpfRecord> parse_spf_record(std::string_view text)
{
    if (!is_spf_record(text))
        return fail("does not begin with \"v=spf1\"");
    text.remove_prefix(version.size());
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; }))
        return fail("holds a character that is not printable ASCII"); // RFC 7208 3.1

    SpfRecord record;
    while (!text.empty()) {
        const auto term = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(term.size() + 1, text.size()));
        if (term.empty())
            continue;
        const auto name = modifier_name(term);
        const auto parsed
            = name ? parse_modifier(*name, term.substr(name->size() + 1), record) : parse_directive(term, record);
        if (!parsed)
            return fail("{}: {}", printable(term, quoted_term_octets), parsed.error().what);
    }
    return record;
}

} // namespace postern
