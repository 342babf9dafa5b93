#include "config/validate_ldap.h"

#include "common/ip_address.h"
#include "common/ldap/ldap_template.h"
#include "common/ldap/ldap_url.h"

#include <algorithm>

namespace postern {
namespace {

bool is_url_of_this_host(const LdapUrl& url)
{
    const auto address = parse_ip_address(url.host);
    const bool is_loopback = address
        && (*address == *parse_ip_address("::1") || (address->is_v4() && address->octets()[0] == 127));
    return url.scheme == LdapScheme::ldapi || url.host == "localhost" || is_loopback;
}

class DirectoryValidator {
public:
    DirectoryValidator(const LdapSettings& ldap, SettingOrigin origin, ConfigProblems& problems)
        : ldap_(ldap)
        , origin_(std::move(origin))
        , problems_(problems)
    {
        for (const auto& server : ldap.servers)
            if (const auto url = parse_ldap_url(server))
                urls_.push_back(*url);
    }

    void validate()
    {
        if (!ldap_.table.empty())
            beside_a_table();
        else
            by_itself();
    }

private:
    void fault(std::string what) { problems_.faults.push_back({origin_, fmt::format("{}: {}", ldap_.name, what)}); }
    void warning(std::string what) { problems_.warnings.push_back({origin_, fmt::format("{}: {}", ldap_.name, what)}); }

    bool has_preset() const { return ldap_.preset != "none"; }

    void beside_a_table()
    {
        const std::pair<std::string_view, bool> rivals[] = {
            {"servers", !ldap_.servers.empty()},     {"base", !ldap_.base.empty()},
            {"filter", !ldap_.filter.empty()},       {"preset", has_preset()},
            {"bind_dn", !ldap_.bind_dn.empty()},     {"bind_password", !ldap_.bind_password.empty()},
            {"ca", !ldap_.ca.empty()},               {"ca_folder", !ldap_.ca_folder.empty()},
            {"certificate", !ldap_.certificate.empty()}, {"key", !ldap_.key.empty()},
            {"start_tls", ldap_.start_tls},
        };
        for (const auto& [name, is_set] : rivals)
            if (is_set)
                fault(fmt::format("{} has no place beside table, which says it", name));
    }

    void by_itself()
    {
        if (ldap_.servers.empty())
            fault("servers is missing, or table");
        if (ldap_.base.empty())
            fault("base is missing");
        if (ldap_.filter.empty() != has_preset())
            fault(ldap_.filter.empty() ? "filter is missing, or preset" : "filter and preset: which of them counts?");
        const auto base = LdapTemplate::parse_base(ldap_.base);
        const auto filter = LdapTemplate::parse_filter(ldap_.filter);
        if (!ldap_.filter.empty() && base && filter && !base->is_dynamic() && !filter->is_dynamic())
            fault("filter asks for no part of the address: every address would exist");
        login();
        tls();
    }

    void login()
    {
        if (!ldap_.bind_dn.empty() && ldap_.bind_password.empty())
            warning("bind_dn without bind_password: nobody is asked, mail waits");
        if (ldap_.bind_dn.empty() && !ldap_.bind_password.empty())
            warning("bind_password is not used without bind_dn");
        const auto in_the_clear = [&](const LdapUrl& url) {
            return url.scheme == LdapScheme::ldap && !ldap_.start_tls && !is_url_of_this_host(url);
        };
        const auto open = std::find_if(urls_.begin(), urls_.end(), in_the_clear);
        if (!ldap_.bind_dn.empty() && open != urls_.end())
            warning(fmt::format("bind_password goes to {} as everybody on the way may read it; start_tls or ldaps:// "
                                "would hide it",
                                open->host));
    }

    void tls()
    {
        const auto is_ldaps = [](const LdapUrl& url) { return url.scheme == LdapScheme::ldaps; };
        const bool some_ldaps = std::any_of(urls_.begin(), urls_.end(), is_ldaps);
        if (ldap_.start_tls && some_ldaps)
            fault("start_tls: an ldaps:// server has TLS already");
        if (!ldap_.verify && (ldap_.start_tls || some_ldaps))
            warning("verify is false: whoever stands in between can be the server");
        if (ldap_.certificate.empty() != ldap_.key.empty())
            fault("certificate and key go together");
    }

    const LdapSettings& ldap_;
    SettingOrigin origin_;
    ConfigProblems& problems_;
    std::vector<LdapUrl> urls_;
};

} // namespace

void validate_ldap(const ConfigCandidate& candidate, std::string_view path, ConfigProblems& problems)
{
    const auto& config = candidate.config;
    for (std::size_t i = 0; i < config.ldap.size(); ++i) {
        const auto it = candidate.origins.find(fmt::format("ldap.{}", i));
        const auto origin = it == candidate.origins.end() ? SettingOrigin{0, fmt::format("{}: ldap", path)} : it->second;
        DirectoryValidator(config.ldap[i], origin, problems).validate();
        if (config.recipient.enable && config.ldap[i].timeout >= config.policyd.deadline)
            problems.warnings.push_back(
                {origin, fmt::format("{}: timeout ({} ms) is cut short by policyd.deadline ({}s)", config.ldap[i].name,
                                     config.ldap[i].timeout.count(), config.policyd.deadline.count())});
    }
    const auto& checks = config.policyd.checks;
    const bool is_asked = std::find(checks.begin(), checks.end(), "recipient") != checks.end();
    if (!config.ldap.empty() && config.recipient.enable && !is_asked)
        problems.warnings.push_back({{0, fmt::format("{}: policyd.checks", path)},
                                     "does not name recipient: the directories of [[ldap]] are not asked"});
}

} // namespace postern
