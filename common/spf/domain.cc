#include "common/spf/domain.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t max_label = 63, max_domain_name = 253; // RFC 1035 2.3.4, in octets as written

} // namespace

std::string_view without_last_dot(std::string_view name)
{
    if (!name.empty() && name.back() == '.')
        name.remove_suffix(1);
    return name;
}

bool is_askable(std::string_view name)
{
    if (name.size() > max_domain_name || !std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7f; }))
        return false;
    std::size_t begin = 0;
    for (;;) {
        const auto end = std::min(name.find('.', begin), name.size());
        if (end == begin || end - begin > max_label)
            return false;
        if (end == name.size())
            return true;
        begin = end + 1;
    }
}

bool is_spf_domain(std::string_view name)
{
    return is_askable(name) && name.front() != '[' && name.find('.') != std::string_view::npos
        && name.find(' ') == std::string_view::npos;
}

bool is_within(std::string_view name, std::string_view domain)
{
    name = without_last_dot(name);
    domain = without_last_dot(domain);
    if (name.size() <= domain.size())
        return equals_ignoring_case(name, domain);
    const auto above = name.size() - domain.size();
    return name[above - 1] == '.' && equals_ignoring_case(name.substr(above), domain);
}

} // namespace postern
