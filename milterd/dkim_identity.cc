#include "milterd/dkim_identity.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t shown_identity = 160;
constexpr std::size_t local_part_limit = 64; // RFC 5321 4.5.3.1.1

bool is_in_domain(std::string_view name, std::string_view domain)
{
    return name == domain
        || (name.size() > domain.size() && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.');
}

// RFC 6376 2.11
std::string quoted_printable(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c > ' ' && c <= '~' && c != ';' && c != '=')
            out += c;
        else
            out += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

} // namespace

Result<std::string> write_identity(std::string_view text, std::string_view signing_domain)
{
    const auto at = text.rfind('@');
    if (at == text.npos)
        return fail("\"{}\" is no identity: user@domain or @domain is wanted", printable(text, shown_identity));
    const auto local_part = text.substr(0, at);
    const auto domain = to_a_labels(text.substr(at + 1));
    const auto is_name_char = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
    if (!domain || domain->empty() || !std::all_of(domain->begin(), domain->end(), is_name_char)
        || local_part.size() > local_part_limit)
        return fail("\"{}\" is no identity: user@domain or @domain is wanted", printable(text, shown_identity));
    if (!is_in_domain(*domain, signing_domain)) // RFC 6376 3.5: anything else breaks the signature
        return fail("identity {} is not of {} or a domain below it", printable(text, shown_identity), signing_domain);
    return concat({quoted_printable(local_part), "@", *domain});
}

} // namespace postern
