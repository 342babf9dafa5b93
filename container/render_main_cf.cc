// main.cf, each parameter from its variable; POSTCONF has the last word
#include "common/dnsbl/known_lists.h"
#include "common/dnsbl/public_name.h"
#include "common/dnsbl/site.h"
#include "common/text.h"
#include "config/postconf.h"
#include "container/plan.h"
#include "container/postfix_parameters.h"
#include "container/restrictions.h"

#include <algorithm>

namespace postern {
namespace {

using std::chrono::seconds;

constexpr seconds milter_margin{60}; // Postfix waits longer than the daemon may take
constexpr seconds shortest_content_timeout{300};
constexpr std::string_view any_answer_but_errors = "127.[0..254].[0..255].[0..255]"; // 127.255.255.x says: ask otherwise

class MainCf {
public:
    explicit MainCf(const Plan& plan)
        : plan_(plan)
        , values_(plan.values)
    {
    }

    std::string text()
    {
        host();
        names();
        networks();
        tls();
        logins();
        restrictions();
        if (!plan_.is_relay())
            postscreen();
        milters();
        delivery();
        last_word();
        return "# Written at the start of the container from its environment; POSTCONF changes it.\n" + main_.text();
    }

private:
    void set(std::string_view name, std::string_view value) { main_.set(name, value); }

    // The parameter, if the variable is set.
    void take(std::string_view variable, std::string_view parameter)
    {
        if (const auto value = values_.find(variable))
            set(parameter, *value);
    }
    void take_list(std::string_view variable, std::string_view parameter)
    {
        if (values_.has(variable))
            main_.set_list(parameter, values_.list(variable));
    }
    void take_flag(std::string_view variable, std::string_view parameter, bool fallback)
    {
        set(parameter, values_.flag(variable, fallback) ? "yes" : "no");
    }
    void take_table(std::string_view file, std::string_view type, std::string_view parameter)
    {
        if (plan_.has_table(file))
            set(parameter, concat({type, ":", plan_.in_postfix(file)}));
    }

    void host()
    {
        set("compatibility_level", "3.6");
        set("queue_directory", "/var/spool/postfix");
        set("command_directory", "/usr/sbin");
        set("daemon_directory", "/usr/lib/postfix/sbin");
        set("data_directory", "/var/lib/postfix");
        set("mail_owner", "postfix");
        set("setgid_group", "postdrop");
        set("alternate_config_directories", postfix_folder); // postqueue and postdrop go where MAIL_CONFIG says
        set("maillog_file", values_.text("LOGOUTPUT", "/dev/stdout"));
        set("biff", "no");
        set("append_dot_mydomain", "no");
        set("recipient_delimiter", "+");
        set("smtpd_forbid_bare_newline", "normalize");
        take_flag("DISABLE_VRFY_COMMAND", "disable_vrfy_command", true);
        take_flag("POSTFIX_SMTPUTF8_ENABLE", "smtputf8_enable", true);
        take("POSTFIX_MAIL_NAME", "mail_name");
        set("message_size_limit", values_.text("SIZELIMIT", plan_.is_relay() ? "15728640" : "10240000"));
        set("mailbox_size_limit", "0");
        if (values_.has("POSTFIX_ADD_MISSING_HEADERS"))
            take_flag("POSTFIX_ADD_MISSING_HEADERS", "always_add_missing_headers", false);
    }

    void names()
    {
        set("myhostname", plan_.host_name);
        take("POSTFIX_MYDOMAIN", "mydomain");
        set("myorigin", values_.text("POSTFIX_MYORIGIN", "$myhostname"));
        take_list("POSTFIX_PROXY_INTERFACES", "proxy_interfaces");
        if (plan_.is_relay()) {
            set("mydestination", "");
            set("local_transport", "error:5.1.1 this host has no mailboxes");
        } else {
            const auto relayed = values_.list("POSTFIX_RELAY_DOMAINS");
            const bool is_relayed = std::any_of(relayed.begin(), relayed.end(), [&](const auto& domain) {
                return equals_ignoring_case(domain, plan_.host_name);
            });
            set("mydestination", is_relayed ? "localhost" : "$myhostname, localhost");
            set("local_recipient_maps", "$alias_maps");
        }
        take_list("POSTFIX_RELAY_DOMAINS", "relay_domains");
        if (!values_.has("POSTFIX_RELAY_DOMAINS"))
            set("relay_domains", "");
        set("alias_maps", "hash:" + plan_.in_postfix("aliases"));
        set("alias_database", "hash:" + plan_.in_postfix("aliases"));
    }

    void networks()
    {
        set("inet_interfaces", "all");
        set("inet_protocols", values_.text("INET_PROTOCOLS", "all"));
        set("mynetworks", plan_.excluded + fmt::format("{}", fmt::join(plan_.mynetworks, " ")));
    }

    void tls()
    {
        const bool has_chain = values_.has("POSTFIX_SMTPD_TLS_CHAIN_FILES");
        const bool has_pair = values_.has("TLS_CRT") || values_.has("TLS_KEY");
        const bool needs_one = plan_.is_relay() || values_.flag("ENABLE_SUBMISSION_PORT", false)
            || values_.flag("ENABLE_SMTPS_PORT", false) || plan_.has_logins();
        const bool uses_tls = values_.flag("USE_TLS", has_chain || has_pair || needs_one);
        const bool names_level = values_.is_written("POSTFIX_SMTPD_TLS_SECURITY_LEVEL");
        set("smtpd_tls_security_level",
            uses_tls || names_level ? values_.text("TLS_SECURITY_LEVEL", "may") : std::string("none"));
        if (has_chain) {
            take_list("POSTFIX_SMTPD_TLS_CHAIN_FILES", "smtpd_tls_chain_files");
        } else if (uses_tls || has_pair) {
            plan_.image.needs_certificate = !values_.has("TLS_CRT") || !values_.has("TLS_KEY")
                || values_.text("TLS_CRT") == snakeoil_certificate;
            set("smtpd_tls_cert_file", values_.text("TLS_CRT", snakeoil_certificate));
            set("smtpd_tls_key_file", values_.text("TLS_KEY", snakeoil_key));
            if (!plan_.is_relay() && plan_.image.needs_certificate)
                plan_.warn("POSTFIX_SMTPD_TLS_CHAIN_FILES: not set; a self-signed certificate is used");
        }
        take("TLS_CA", "smtpd_tls_CAfile");
        take("POSTFIX_SMTPD_TLS_LOGLEVEL", "smtpd_tls_loglevel");
        set("smtpd_tls_auth_only", uses_tls ? "yes" : "no");
        const bool has_client_tls = !plan_.is_relay() || uses_tls;
        set("smtp_tls_security_level", has_client_tls ? values_.text("CLIENT_TLS_SECURITY_LEVEL", "may") : "none");
        set("smtp_tls_CAfile", values_.text("CLIENT_TLS_CA", "/etc/ssl/certs/ca-certificates.crt"));
        if (values_.has("POSTFIX_SMTP_TLS_CHAIN_FILES")) {
            take_list("POSTFIX_SMTP_TLS_CHAIN_FILES", "smtp_tls_chain_files");
        } else if (has_client_tls && (plan_.is_relay() || values_.has("CLIENT_TLS_CRT"))) {
            plan_.image.needs_certificate = plan_.image.needs_certificate || !values_.has("CLIENT_TLS_CRT");
            set("smtp_tls_cert_file", values_.text("CLIENT_TLS_CRT", snakeoil_certificate));
            set("smtp_tls_key_file", values_.text("CLIENT_TLS_KEY", snakeoil_key));
        }
    }

    void logins()
    {
        set("smtpd_sasl_local_domain", "$myhostname");
        set("smtpd_sasl_security_options", "noanonymous");
        set("smtpd_sasl_auth_enable", plan_.has_logins() && plan_.is_relay() ? "yes" : "no");
    }

    void restrictions()
    {
        if (!plan_.is_relay())
            set("smtpd_helo_required", "yes");
        take_flag("POSTFIX_SMTPD_RELAY_BEFORE_RECIPIENT_RESTRICTIONS", "smtpd_relay_before_recipient_restrictions", true);
        set("smtpd_relay_restrictions", "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination");
        main_.set_list("smtpd_helo_restrictions", helo_restrictions(plan_));
        main_.set_list("smtpd_recipient_restrictions", recipient_restrictions(plan_));
        main_.set_list("smtpd_data_restrictions", data_restrictions(plan_));
        header_checks();
        take_table("milter_header_checks.pcre", "pcre", "milter_header_checks");
    }

    // cleanup(8) looks at the header before it shows the mail to a milter: what is taken out is not signed.
    void header_checks()
    {
        std::vector<std::string> tables;
        if (values_.flag("HEADER_CHECKS", false))
            tables.push_back("pcre:" + plan_.in_postfix("private_header_checks"));
        if (plan_.has_table("header_checks.pcre"))
            tables.push_back("pcre:" + plan_.in_postfix("header_checks.pcre"));
        if (!tables.empty())
            main_.set_list("header_checks", tables);
    }

    void postscreen()
    {
        set("postscreen_access_list",
            "permit_mynetworks"
                + (plan_.has_table("postscreen_access.cidr") ? ", cidr:" + plan_.in_postfix("postscreen_access.cidr") : ""));
        set("postscreen_denylist_action", "enforce");
        set("postscreen_greet_action", "enforce");
        if (values_.flag("POSTFIX_PROXY_PROTOCOL", false))
            set("postscreen_upstream_proxy_protocol", "haproxy");
        if (values_.has("POSTFIX_DNSBL_SITES"))
            dns_lists();
    }

    void dns_lists()
    {
        std::vector<std::string> sites;
        std::string names; // of zones that hold a key
        for (const auto& text : values_.list("POSTFIX_DNSBL_SITES")) {
            const auto site = parse_dnsbl_site(text);
            if (!site) {
                plan_.fault("POSTFIX_DNSBL_SITES", site.error().what);
                continue;
            }
            const auto* const known = find_known_list(site->zone);
            const auto name = public_name(site->zone);
            if (known && !known->closed.empty()) {
                plan_.warn(fmt::format("POSTFIX_DNSBL_SITES: {} is closed ({}) and is not asked", name, known->closed));
                continue;
            }
            const auto filter = known && !known->listings.empty() ? known->listings : any_answer_but_errors;
            const auto key = site->filter ? site->key : concat({site->key, "=", filter});
            sites.push_back(site->weight == 1 ? key : fmt::format("{}*{}", key, site->weight));
            if (name != site->zone)
                names += fmt::format("{} {}\n", site->zone, name);
        }
        main_.set_list("postscreen_dnsbl_sites", sites);
        set("postscreen_dnsbl_threshold", values_.text("POSTFIX_DNSBL_THRESHOLD", "1"));
        set("postscreen_dnsbl_action", "enforce");
        if (plan_.has_table("dnsbl_reply.texthash")) {
            set("postscreen_dnsbl_reply_map", "texthash:" + plan_.in_postfix("dnsbl_reply.texthash"));
        } else if (!names.empty()) {
            plan_.image.files.push_back({plan_.in_postfix("dnsbl_names"), names});
            set("postscreen_dnsbl_reply_map", "texthash:" + plan_.in_postfix("dnsbl_names"));
        }
    }

    void milters()
    {
        std::vector<std::string> milters;
        if (plan_.asks_milterd) {
            const auto& milterd = plan_.config.milterd;
            const auto content_timeout = std::max(milterd.deadline + milter_margin, shortest_content_timeout);
            milters.push_back(fmt::format("{{ {}, connect_timeout=10s, content_timeout={}s, default_action=tempfail }}",
                                          milterd.listen, content_timeout.count()));
            main_.set_list("non_smtpd_milters", milters);
        }
        for (const auto& milter : split_postfix_list(values_.text("POSTFIX_SMTPD_MILTERS")))
            milters.push_back(milter);
        main_.set_list("smtpd_milters", milters);
    }

    void delivery()
    {
        auto relayhost = values_.text("RELAYHOST");
        if (const auto port = values_.find("POSTFIX_RELAYHOST_PORT"); port && !relayhost.empty())
            relayhost += ":" + *port;
        set("relayhost", relayhost);
        take("SMTP_DESTINATION_CONCURRENCY_LIMIT", "smtp_destination_concurrency_limit");
        take("SMTP_DESTINATION_RATE_DELAY", "smtp_destination_rate_delay");
        take("SMTP_EXTRA_RECIPIENT_LIMIT", "smtp_destination_recipient_limit");
        if (const auto address = values_.find("BOUNCE_ADDRESS")) {
            set("notify_classes", "bounce, 2bounce, resource, software");
            for (const auto* const kind : {"bounce_notice_recipient", "2bounce_notice_recipient", "error_notice_recipient"})
                set(kind, *address);
        }
        if (values_.flag("RELAYHOST_AUTH", false) || values_.flag("SENDER_DEPENDENT_RELAYHOST_AUTH", false)) {
            set("smtp_sasl_auth_enable", "yes");
            set("smtp_sasl_security_options", "noanonymous");
        }
        take_flag("SENDER_DEPENDENT_RELAYHOST_AUTH", "smtp_sender_dependent_authentication", false);
        if (values_.has("RELAYHOST_PASSWORDMAP"))
            set("smtp_sasl_password_maps", "texthash:" + plan_.in_postfix("relayhost_passwords"));
        if (values_.has("RELAYHOST_MAP"))
            set("sender_dependent_relayhost_maps", "texthash:" + plan_.in_postfix("relayhost_senders"));
    }

    void last_word()
    {
        const auto text = values_.text("POSTCONF");
        for (const auto part : split(text, ';')) {
            const auto equals = part.find('=');
            const auto name = trim(part.substr(0, equals));
            if (trim(part).empty())
                continue;
            if (equals == std::string_view::npos || name.empty() || name.find_first_of(" \t#") != std::string_view::npos)
                plan_.fault("POSTCONF", fmt::format("\"{}\" is not NAME=VALUE", printable(trim(part), 80)));
            else
                set(name, trim(part.substr(equals + 1)));
        }
    }

    const Plan& plan_;
    const Values& values_;
    PostfixParameters main_;
};

} // namespace

void render_main_cf(const Plan& plan)
{
    plan.image.files.push_back({plan.in_postfix("main.cf"), MainCf(plan).text()});
}

} // namespace postern
