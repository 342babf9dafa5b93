#include "config/old_programs.h"

#include "config/signing_keys.h"

#include <algorithm>
#include <span>

namespace postern {
namespace {

constexpr OldProgram policy_services[] = {
    {"postgrey", "postgrey", Duty::greylist, "postgrey"},
    {":10023", "postgrey", Duty::greylist, "postgrey"},
    {":60000", "postgrey", Duty::greylist, "postgrey"},
    {"policyd-spf", "policyd-spf", Duty::spf, ""},
    {"policy-spf", "policyd-spf", Duty::spf, ""},
    {"policyspf", "policyd-spf", Duty::spf, ""},
    {"spfpolicy", "policyd-spf", Duty::spf, ""},
    {"private/spf", "policyd-spf", Duty::spf, ""},
};

constexpr OldProgram milter_services[] = {
    {"opendkim", "opendkim", Duty::dkim, "opendkim"},
    {":8891", "opendkim", Duty::dkim, "opendkim"},
    {":12301", "opendkim", Duty::dkim, "opendkim"},
    {"dkimpy", "dkimpy-milter", Duty::dkim, "dkimpy-milter"},
    {":8892", "dkimpy-milter", Duty::dkim, "dkimpy-milter"},
    {"clamav", "clamav-milter", Duty::clamav, "clamav-milter"},
    {"clmilter", "clamav-milter", Duty::clamav, "clamav-milter"},
};

const OldProgram* find_by_sign(std::span<const OldProgram> programs, std::string_view address)
{
    const auto it = std::find_if(programs.begin(), programs.end(), [&](const OldProgram& program) {
        return address.find(program.sign) != std::string_view::npos;
    });
    return it == programs.end() ? nullptr : &*it;
}

std::string_view why_not_checked(const Config& config, std::string_view name, bool enable, bool observe)
{
    const auto& checks = config.policyd.checks;
    if (!enable || std::find(checks.begin(), checks.end(), name) == checks.end())
        return "that is not enabled here";
    return observe ? "Postern only observes that" : "";
}

std::string_view why_not_dkim(const DkimSettings& dkim)
{
    if (!dkim.verify)
        return "dkim.verify is false";
    const bool signs = dkim.sign && has_signing_keys(dkim);
    return signs ? "" : "it may be what signs your mail, and there is no [[dkim.domain]] yet";
}

std::string_view why_not_clamav(const ClamavSettings& clamav)
{
    if (!clamav.enable)
        return "that is not enabled here";
    return clamav.observe ? "Postern only observes that" : "";
}

} // namespace

const OldProgram* find_old_policy_service(std::string_view address)
{
    return find_by_sign(policy_services, address);
}

const OldProgram* find_old_milter(std::string_view address)
{
    return find_by_sign(milter_services, address);
}

std::string_view section_of(Duty duty)
{
    switch (duty) {
    case Duty::spf:
        return "spf";
    case Duty::greylist:
        return "greylist";
    case Duty::dkim:
        return "dkim";
    case Duty::clamav:
        return "clamav";
    }
    return ""; // unreachable: -Wswitch names a duty without a case
}

bool asks_dns_lists(const Config& config)
{
    const auto& dnsbl = config.dnsbl;
    return why_not_checked(config, "dnsbl", dnsbl.enable, false).empty()
        && !(dnsbl.sites.empty() && dnsbl.zones.empty());
}

std::string_view why_not_ours(const Config& config, Duty duty)
{
    switch (duty) {
    case Duty::spf:
        return why_not_checked(config, "spf", config.spf.enable, config.spf.observe);
    case Duty::greylist:
        return why_not_checked(config, "greylist", config.greylist.enable, config.greylist.observe);
    case Duty::dkim:
        return why_not_dkim(config.dkim);
    case Duty::clamav:
        return why_not_clamav(config.clamav);
    }
    return ""; // unreachable, as above
}

} // namespace postern
