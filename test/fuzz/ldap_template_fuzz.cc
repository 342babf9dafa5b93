#include "common/ldap/ldap_template.h"

#include "common/text.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

// Commas and plus signs that no backslash hides: what a DN is cut at.
static std::ptrdiff_t parts_of(std::string_view dn)
{
    std::ptrdiff_t parts = 0;
    for (std::size_t i = 0; i < dn.size(); ++i)
        if (dn[i] == '\\')
            ++i;
        else if (dn[i] == ',' || dn[i] == '+' || dn[i] == ';')
            ++parts;
    return parts;
}

static std::ptrdiff_t parentheses(std::string_view filter)
{
    return std::count_if(filter.begin(), filter.end(), [](char c) { return c == '(' || c == ')' || c == '*'; });
}

// The first line is a template, the rest an address. Whatever the address, what comes out is a
// filter of the same shape, or a name of as many parts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto line = text.substr(0, text.find('\n'));
    const auto address = postern::parse_mail_address(text.substr(std::min(line.size() + 1, text.size())));
    const postern::MailAddress harmless{"a", "a.a.a.a.a.a.a.a.a"};

    if (const auto filter = postern::LdapTemplate::parse_filter(line))
        if (const auto got = filter->expand(address)) {
            if (!postern::check_ldap_filter(*got) || parentheses(*got) != parentheses(*filter->expand(harmless)))
                std::abort();
        }
    if (const auto base = postern::LdapTemplate::parse_base(line))
        if (const auto got = base->expand(address); got && parts_of(*got) != parts_of(*base->expand(harmless)))
            std::abort();
    return 0;
}
