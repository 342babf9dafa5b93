#include "common/domain_list.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>
#include <functional>

namespace postern {
namespace {

constexpr std::size_t longest_domain = 253, longest_label = 63; // RFC 1035 2.3.4, as text

bool is_domain_label(std::string_view label)
{
    const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
    return !label.empty() && label.size() <= longest_label && std::all_of(label.begin(), label.end(), fits);
}

} // namespace

Result<DomainList> DomainList::parse(std::span<const std::string> entries)
{
    DomainList list;
    for (const auto& entry : entries) {
        const bool is_below = entry.starts_with('.');
        const auto domain = to_a_labels(std::string_view(entry).substr(is_below ? 1 : 0));
        const auto labels = domain ? split(*domain, '.') : std::vector<std::string_view>{};
        if (labels.empty() || domain->size() > longest_domain
            || !std::all_of(labels.begin(), labels.end(), is_domain_label))
            return fail("\"{}\" is not a domain such as example.org, or .example.org for all below it",
                        printable(entry, 160));
        list.entries_.push_back((is_below ? "." : "") + *domain);
    }
    std::sort(list.entries_.begin(), list.entries_.end());
    return list;
}

bool DomainList::contains(std::string_view domain) const
{
    const auto has = [this](std::string_view wanted) {
        return std::binary_search(entries_.begin(), entries_.end(), wanted, std::less<std::string_view>());
    };
    if (entries_.empty() || domain.empty() || domain.front() == '.')
        return false;
    if (has(domain))
        return true;
    for (auto dot = domain.find('.', 1); dot != std::string_view::npos; dot = domain.find('.', dot + 1))
        if (has(domain.substr(dot)))
            return true;
    return false;
}

} // namespace postern
