#include "container/restrictions.h"

#include "common/text.h"
#include "config/old_programs.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::chrono::seconds policy_margin{10}; // Postfix waits longer than the daemon may take

std::string policy_service(const Plan& plan, std::string_view context, bool is_guard = false)
{
    const auto& config = plan.config;
    return fmt::format("check_policy_service {{ {}, timeout={}s, {}{} }}", config.policyd.listen,
                       (config.policyd.deadline + policy_margin).count(),
                       is_guard ? "{ default_action = 451 4.3.0 Recipients cannot be verified at present }"
                                : "default_action=DUNNO",
                       context.empty() ? "" : fmt::format(", policy_context={}", context));
}

class RecipientRestrictions {
public:
    explicit RecipientRestrictions(const Plan& plan)
        : plan_(plan)
    {
    }

    std::vector<std::string> list()
    {
        add("permit_mynetworks");
        table("client_access.cidr", "check_client_access cidr:");
        if (plan_.is_relay() || flag("POSTFIX_SMTPD_RECIPIENT_RESTRICTIONS_PERMIT_SASL_AUTHENTICATED", plan_.has_logins()))
            add("permit_sasl_authenticated");
        table("sender_access.hash", "check_sender_access hash:");
        add("reject_unauth_destination");
        strangers();
        sound_addresses();
        recipients();
        return std::move(list_);
    }

private:
    void add(std::string item) { list_.push_back(std::move(item)); }
    bool flag(std::string_view name, bool fallback) const { return plan_.values.flag(name, fallback); }

    void table(std::string_view file, std::string_view restriction)
    {
        if (plan_.has_table(file))
            add(concat({restriction, plan_.in_postfix(file)}));
    }

    bool is_asked(std::string_view check, bool is_enabled) const
    {
        const auto& checks = plan_.config.policyd.checks;
        return is_enabled && std::find(checks.begin(), checks.end(), check) != checks.end();
    }

    void strangers()
    {
        const bool asks_lists = is_asked("dnsbl", asks_dns_lists(plan_.config));
        const bool asks_spf = is_asked("spf", plan_.config.spf.enable);
        if (asks_lists || asks_spf)
            add(policy_service(plan_, asks_lists && asks_spf ? "dnsbl+spf" : asks_spf ? "spf" : "dnsbl"));
    }

    void sound_addresses()
    {
        if (plan_.is_relay())
            return;
        add("reject_non_fqdn_recipient");
        add("reject_non_fqdn_sender");
        if (flag("POSTFIX_REJECT_UNKNOWN_SENDER_DOMAIN", true))
            add("reject_unknown_sender_domain");
        add("reject_unknown_recipient_domain");
    }

    void recipients()
    {
        const auto& config = plan_.config;
        const bool asks_directory = is_asked("recipient", config.recipient.enable && !config.ldap.empty());
        if (asks_directory)
            add(policy_service(plan_, "recipient",
                               !config.recipient.observe && config.recipient.unavailable != UnavailableDirectory::pass));
        if (is_asked("greylist", config.greylist.enable))
            add(policy_service(plan_, "greylist"));
        table("recipient_access.hash", "check_recipient_access hash:");
        add(plan_.has_table("recipient_access.hash") && !asks_directory
                ? plan_.values.text("POSTFIX_CHECK_RECIPIENT_ACCESS_FINAL_ACTION", "defer")
                : "permit");
    }

    const Plan& plan_;
    std::vector<std::string> list_;
};

} // namespace

std::vector<std::string> helo_restrictions(const Plan& plan)
{
    std::vector<std::string> list{"permit_mynetworks"};
    if (plan.has_table("helo_access.hash"))
        list.push_back("check_helo_access hash:" + plan.in_postfix("helo_access.hash"));
    const struct {
        const char* variable;
        const char* restriction;
        bool is_default;
    } rows[] = {{"POSTFIX_REJECT_INVALID_HELO_HOSTNAME", "reject_invalid_helo_hostname", !plan.is_relay()},
                {"POSTFIX_REJECT_NON_FQDN_HELO_HOSTNAME", "reject_non_fqdn_helo_hostname", !plan.is_relay()},
                {"POSTFIX_REJECT_UNKNOWN_HELO_HOSTNAME", "reject_unknown_helo_hostname", false}};
    for (const auto& row : rows)
        if (plan.values.flag(row.variable, row.is_default))
            list.emplace_back(row.restriction);
    return list;
}

std::vector<std::string> recipient_restrictions(const Plan& plan)
{
    return RecipientRestrictions(plan).list();
}

std::vector<std::string> login_restrictions(const Plan& plan)
{
    std::vector<std::string> list;
    if (plan.has_table("client_access.cidr"))
        list.push_back("check_client_access cidr:" + plan.in_postfix("client_access.cidr"));
    list.emplace_back("permit_sasl_authenticated");
    list.emplace_back("reject");
    return list;
}

std::vector<std::string> data_restrictions(const Plan& plan)
{
    std::vector<std::string> list{"reject_unauth_pipelining"};
    if (plan.asks_policyd)
        list.push_back(policy_service(plan, "")); // a header that is still due goes out here
    list.emplace_back("permit");
    return list;
}

} // namespace postern
