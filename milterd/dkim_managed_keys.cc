#include "milterd/dkim_managed_keys.h"

#include "common/mail_address.h"
#include "milterd/dkim_key_store.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace postern {
namespace {

struct Managed {
    std::vector<DkimDomain> keys;
    std::vector<std::pair<std::string, std::string>> broken; // domain, fault
};

Result<Managed> load_managed(const std::string& folder)
{
    Managed managed;
    if (folder.empty())
        return managed;
    const DkimKeyStore store(folder);
    const auto domains = store.domains();
    if (!domains)
        return fail("dkim.managed: {}", domains.error().what);
    for (const auto& name : *domains) {
        const auto domain = store.load(name);
        if (!domain) {
            managed.broken.emplace_back(name, domain.error().what);
            continue;
        }
        if (!*domain) // it went while we looked
            continue;
        for (const auto& key : (*domain)->keys)
            if (key.state == DkimKeyState::active)
                managed.keys.push_back(DkimDomain{.domain = name, .selector = key.selector,
                                                  .key = store.key_path(name, key.selector),
                                                  .subdomains = (*domain)->has_subdomains});
    }
    return managed;
}

bool is_same(const DkimDomain& a, const DkimDomain& b)
{
    return to_a_labels(a.domain).value_or(a.domain) == to_a_labels(b.domain).value_or(b.domain)
        && to_a_labels(a.selector).value_or(a.selector) == to_a_labels(b.selector).value_or(b.selector);
}

} // namespace

Result<DkimKeys> load_dkim_keys(const Config& config, const DkimKeys* in_hand)
{
    auto managed = load_managed(config.dkim.managed);
    if (!managed)
        return tl::unexpected(managed.error());
    auto domains = config.dkim.domains;
    for (auto& key : managed->keys)
        if (std::none_of(config.dkim.domains.begin(), config.dkim.domains.end(),
                         [&](const DkimDomain& named) { return is_same(named, key); }))
            domains.push_back(std::move(key));
    auto keys = DkimKeys::load(domains, in_hand, key_file_rules(config));
    for (auto& [domain, fault] : managed->broken)
        keys.add_broken(std::move(domain), std::move(fault));
    return keys;
}

} // namespace postern
