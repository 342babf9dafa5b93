#include "milterd/dkim_keys.h"

#include "common/mail_address.h"
#include "common/text.h"
#include "milterd/dkim_identity.h"

#include <algorithm>

namespace postern {
namespace {

Result<DkimKeyEntry> names_of(const DkimDomain& setting)
{
    auto domain = to_a_labels(setting.domain);
    if (!domain)
        return tl::unexpected(domain.error());
    auto selector = to_a_labels(setting.selector);
    if (!selector)
        return tl::unexpected(selector.error());
    const auto key_name = *selector + "._domainkey." + *domain;
    constexpr std::size_t name_limit = 253; // RFC 1035 2.3.4
    const auto is_name_char = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
    if (domain->empty() || selector->empty() || key_name.size() > name_limit
        || !std::all_of(key_name.begin(), key_name.end(), is_name_char) || key_name.find("..") != key_name.npos)
        return fail("{} is no name for a key", printable(key_name));
    auto identity = setting.identity.empty() ? Result<std::string>("") : write_identity(setting.identity, *domain);
    if (!identity)
        return tl::unexpected(identity.error());
    return DkimKeyEntry{*domain, *selector, setting.key, setting.subdomains, *identity, setting.canonicalization,
                        nullptr, ""};
}

const DkimKeyEntry* find_entry(const std::vector<DkimKeyEntry>& entries, const DkimKeyEntry& like)
{
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const DkimKeyEntry& entry) {
        return entry.domain == like.domain && entry.selector == like.selector;
    });
    return found == entries.end() ? nullptr : &*found;
}

} // namespace

DkimKeys DkimKeys::load(std::span<const DkimDomain> domains, const DkimKeys* in_hand, const KeyFileRules& rules)
{
    DkimKeys keys;
    for (const auto& setting : domains)
        keys.add(setting, in_hand, rules);
    return keys;
}

void DkimKeys::add(const DkimDomain& setting, const DkimKeys* in_hand, const KeyFileRules& rules)
{
    auto entry = names_of(setting);
    if (!entry) {
        faults_.push_back(fmt::format("dkim.domain {}: {}", setting.domain, entry.error().what));
        return;
    }
    if (find_entry(entries_, *entry) != nullptr) {
        faults_.push_back(fmt::format("dkim.domain {}: selector {} stands twice", entry->domain, entry->selector));
        return;
    }
    load_key(*entry, in_hand != nullptr ? find_entry(in_hand->entries_, *entry) : nullptr, rules);
    if (!entry->fault.empty())
        faults_.push_back(fmt::format("dkim.domain {}: {}", entry->domain, entry->fault));
    entries_.push_back(std::move(*entry));
}

void DkimKeys::load_key(DkimKeyEntry& entry, const DkimKeyEntry* old, const KeyFileRules& rules)
{
    auto loaded = load_dkim_key(entry.path, rules);
    if (loaded) {
        entry.key = std::move(loaded->key);
        warnings_.insert(warnings_.end(), loaded->warnings.begin(), loaded->warnings.end());
    } else if (loaded.error().is_permission && old != nullptr && old->path == entry.path && old->key != nullptr) {
        entry.key = old->key;
        warnings_.push_back(loaded.error().what + "; the key that was read before stays");
    } else {
        entry.fault = loaded.error().what;
    }
}

void DkimKeys::add_broken(std::string domain, std::string fault)
{
    faults_.push_back(fault);
    DkimKeyEntry entry;
    entry.domain = std::move(domain);
    entry.has_subdomains = true; // as far as anybody knows
    entry.fault = std::move(fault);
    entries_.push_back(std::move(entry));
}

std::vector<DkimKeyEntry> DkimKeys::for_author(std::string_view author) const
{
    std::string_view domain = author; // then the domains above it, nearest first
    for (;;) {
        std::vector<DkimKeyEntry> matching;
        for (const auto& entry : entries_)
            if (entry.domain == domain && (entry.has_subdomains || domain == author))
                matching.push_back(entry);
        const auto dot = domain.find('.');
        if (!matching.empty() || dot == domain.npos)
            return matching;
        domain.remove_prefix(dot + 1);
    }
}

} // namespace postern
