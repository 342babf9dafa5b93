#include "container/render.h"

#include "common/text.h"
#include "config/old_programs.h"
#include "config/read_config.h"
#include "container/plan.h"

#include <algorithm>

namespace postern {
namespace {

constexpr const char* private_networks[] = {"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                            "[::1]/128"};
constexpr const char* loopback[] = {"127.0.0.0/8", "[::1]/128"};

// Which profile; a fault if nothing says.
Profile choose_profile(const Plan& plan)
{
    const auto& values = plan.values;
    const bool has_mailname = values.is_written("MAILNAME");
    const bool has_postmaster = values.is_written("POSTMASTER_EMAIL");
    const auto wanted = values.find("PROFILE");
    if (!wanted && has_mailname && has_postmaster)
        plan.fault("MAILNAME", "POSTMASTER_EMAIL is set, too: say PROFILE=relay or PROFILE=gateway");
    if (!wanted && !has_mailname && !has_postmaster)
        plan.fault("MAILNAME", "neither it (a relay for mail that leaves) nor POSTMASTER_EMAIL (a gateway for mail that "
                               "comes) is set");
    const auto profile = wanted ? (*wanted == "gateway" ? Profile::gateway : Profile::relay)
        : has_postmaster        ? Profile::gateway
                                : Profile::relay;
    if (wanted && profile == Profile::relay && !values.has("MAILNAME"))
        plan.fault("PROFILE", "relay wants MAILNAME, too");
    if (wanted && profile == Profile::gateway && !has_postmaster)
        plan.fault("PROFILE", "gateway wants POSTMASTER_EMAIL, too");
    return profile;
}

// Behind the gateway of the container's network all the world may hide (Docker's userland proxy, a
// masquerading router): unless somebody names networks himself, it is no client of ours.
void choose_networks(Plan& plan)
{
    plan.mynetworks = plan.values.list("MYNETWORKS");
    if (!plan.mynetworks.empty())
        return;
    if (!plan.is_relay()) {
        plan.mynetworks.assign(std::begin(loopback), std::end(loopback));
        return;
    }
    plan.mynetworks.assign(std::begin(private_networks), std::end(private_networks));
    for (const auto& gateway : plan.surroundings.gateways) {
        plan.excluded += "!" + gateway + " ";
        plan.warn(fmt::format("MYNETWORKS is not set: {}, the gateway of this container's network, may not relay, since "
                              "clients from anywhere may come with its address. To trust it, name it in MYNETWORKS.",
                              gateway));
    }
}

void choose_logins(Plan& plan)
{
    for (const auto& entry : plan.values.entries("SMTPD_USERS")) {
        const auto colon = entry.find(':');
        if (colon == std::string::npos || colon == 0 || colon + 1 == entry.size()) {
            plan.fault("SMTPD_USERS", "an entry is not USER:PASSWORD");
            continue;
        }
        const auto user = entry.substr(0, colon);
        const auto at = user.rfind('@');
        plan.image.sasl_users.push_back({user.substr(0, at), at == std::string::npos ? plan.host_name : user.substr(at + 1),
                                         entry.substr(colon + 1)});
    }
}

// What the daemons will make of postern.toml and the environment together.
void read_back(Plan& plan, const std::string& toml, const Environment& environment, const ReadFile& read_file)
{
    Environment ours;
    for (const auto& [name, value] : environment)
        if (name.starts_with("POSTERN_"))
            ours.emplace(name, value);
    const auto loaded = read_config({std::string(run_folder) + "/postern.toml", toml, ours, read_file});
    if (!loaded) {
        plan.faults.insert(plan.faults.end(), loaded.error().begin(), loaded.error().end());
        return;
    }
    for (const auto& warning : loaded->warnings)
        plan.warn(warning);
    plan.config = loaded->config;
    const auto& config = plan.config;
    plan.asks_policyd = config.spf.enable || config.greylist.enable || asks_dns_lists(config)
        || (config.recipient.enable && !config.ldap.empty());
    plan.asks_milterd = config.dkim.verify || (config.dkim.sign && (!config.dkim.domains.empty() || !config.dkim.key_table.empty())) || config.clamav.enable;
}

void watch_files(const Plan& plan, const Environment& environment)
{
    auto& watched = plan.image.watched;
    for (const auto* const name : {"TLS_KEY", "TLS_CRT", "TLS_CA", "CLIENT_TLS_KEY", "CLIENT_TLS_CRT", "CLIENT_TLS_CA",
                                   "POSTFIX_LDAP_TLS_CA", "OPENDKIM_KEYTABLE", "OPENDKIM_SIGNINGTABLE"})
        if (const auto path = plan.values.find(name))
            watched.push_back(*path);
    for (const auto* const name : {"POSTFIX_SMTPD_TLS_CHAIN_FILES", "POSTFIX_SMTP_TLS_CHAIN_FILES"})
        for (const auto& path : plan.values.list(name))
            watched.push_back(path);
    for (const auto& copy : plan.image.copies)
        watched.push_back(copy.from);
    for (const auto& [name, value] : environment) // secrets
        if (name.ends_with("_FILE") && value.starts_with('/')
            && (name.starts_with("POSTERN_") || find_variable(name.substr(0, name.size() - 5))))
            watched.push_back(value);
    std::sort(watched.begin(), watched.end());
    watched.erase(std::unique(watched.begin(), watched.end()), watched.end());
}

} // namespace

void Plan::fault(std::string_view variable, std::string_view what) const
{
    faults.push_back({fmt::format("environment: {}: {}", variable, what)});
}

std::string Plan::in_postfix(std::string_view name) const
{
    return concat({postfix_folder, "/", name});
}

tl::expected<Image, std::vector<Error>> render(const Environment& environment, const Surroundings& surroundings,
                                               const ReadFile& read_file)
{
    auto read = read_values(environment, read_file);
    Image image;
    image.warnings = std::move(read.warnings);
    Plan plan{read.values, surroundings, read_file, image, read.faults};
    image.profile = choose_profile(plan);
    plan.host_name = to_lower(plan.values.text("MAILNAME", surroundings.host_name));
    choose_networks(plan);
    choose_logins(plan);
    if (plan.values.flag("ENABLE_CLAMAV", false) && !surroundings.has_clamd)
        plan.fault("ENABLE_CLAMAV", "this image has no clamd: use the one that does");
    if (!read.faults.empty())
        return tl::unexpected(std::move(read.faults));
    const auto toml = render_settings(plan);
    read_back(plan, toml, environment, read_file);
    render_maps(plan);
    if (!read.faults.empty())
        return tl::unexpected(std::move(read.faults));
    render_main_cf(plan);
    render_master_cf(plan);
    render_clamav(plan);
    watch_files(plan, environment);
    render_services(plan);
    if (!read.faults.empty())
        return tl::unexpected(std::move(read.faults));
    return image;
}

std::vector<TableFile> table_files()
{
    return {{"client_access.cidr", "update_client_access"},
            {"dnsbl_reply.texthash", "update_dnsbl_reply"},
            {"header_checks.pcre", "update_header_checks"},
            {"helo_access.hash", "update_helo_access"},
            {"milter_header_checks.pcre", "update_milter_header_checks"},
            {"postscreen_access.cidr", "update_postscreen_access"},
            {"sender_access.hash", "update_sender_access"},
            {"recipient_access.hash", "update_recipient_access"}};
}

} // namespace postern
