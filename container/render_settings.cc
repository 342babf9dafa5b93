// postern.toml: what the variables say of the two daemons
#include "common/data_set.h"
#include "common/network_list.h"
#include "common/text.h"
#include "config/value.h"
#include "container/plan.h"
#include "container/toml_text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::string_view exchange_filter = "(&(|(objectclass=person)(objectclass=group))(proxyAddresses=smtp:%s))";

std::string in_sockets(std::string_view name)
{
    return concat({socket_folder, "/", name});
}

class Settings {
public:
    explicit Settings(Plan& plan)
        : plan_(plan)
        , values_(plan.values)
    {
    }

    std::string text()
    {
        log();
        trust();
        daemon("policyd", "policy");
        checks();
        directory();
        daemon("milterd", "milter");
        dkim();
        clamav();
        return toml_.text();
    }

private:
    void log()
    {
        const auto priority = values_.text("SYSLOG_PRIORITY", "6");
        const bool is_debug = priority == "7" || values_.flag("OPENDKIM_LOGWHY", false)
            || values_.text("POSTFIX_LDAP_DEBUG_LEVEL", "0") != "0";
        toml_.section("log");
        toml_.set("level", is_debug ? "debug" : priority >= "5" ? "info" : priority == "4" ? "warning" : "error");
    }

    void trust()
    {
        auto networks = plan_.mynetworks;
        for (const auto& host : values_.list("DKIM_INTERNALHOSTS"))
            if (std::find(networks.begin(), networks.end(), host) == networks.end())
                networks.push_back(host);
        if (!plan_.excluded.empty())
            for (const auto& gateway : plan_.surroundings.gateways)
                networks.push_back("!" + gateway);
        std::vector<std::string> understood;
        for (const auto& network : networks) {
            if (const std::string entries[] = {network}; NetworkList::parse(entries))
                understood.push_back(network);
            else // such as a table
                plan_.warn(fmt::format("MYNETWORKS: {} is for Postfix alone; name it in POSTERN_TRUST_NETWORKS, too",
                                       printable(network, 80)));
        }
        toml_.section("trust");
        toml_.set("networks", understood);
    }

    void daemon(std::string_view section, std::string_view socket)
    {
        toml_.section(section);
        toml_.set("listen", "unix:" + in_sockets(socket));
        toml_.set("socket_mode", "0666"); // the folder keeps others out
        toml_.set("socket_group", "");
        toml_.set("control", in_sockets(concat({section, ".control"})));
        if (plan_.has_exporter())
            toml_.set("metrics", "unix:" + in_sockets(concat({section, ".metrics"})));
        if (section == "milterd" && values_.has("MAILNAME"))
            toml_.set("authserv_id", plan_.host_name);
    }

    void checks()
    {
        toml_.section("spf");
        toml_.set("enable", values_.flag("ENABLE_SPF", false));
        if (values_.has("MAILNAME"))
            toml_.set("receiver", plan_.host_name);
        toml_.section("greylist");
        toml_.set("enable", values_.flag("ENABLE_POSTGREY", false));
        toml_.set("database", "/var/spool/postfix/postern/greylist.sqlite");
        toml_.set("client_lists", std::vector<std::string>{std::string(fetched_client_list), std::string(user_client_list)});
        toml_.set("recipient_lists", std::vector<std::string>{std::string(user_recipient_list)});
    }

    void directory()
    {
        const bool is_asked = values_.flag("ENABLE_LDAP_RECIPIENT_ACCESS", false);
        toml_.section("recipient");
        toml_.set("enable", is_asked);
        if (!is_asked)
            return;
        final_action();
        if (plan_.has_table("recipient_access.hash"))
            toml_.set("access", plan_.in_postfix("recipient_access.known"));
        for (const auto* const name : {"POSTFIX_LDAP_SERVERS", "POSTFIX_LDAP_SEARCH_BASE", "POSTFIX_LDAP_BIND_DN",
                                       "POSTFIX_LDAP_BIND_PW"})
            if (!values_.has(name))
                plan_.fault(name, "ENABLE_LDAP_RECIPIENT_ACCESS wants it");
        toml_.repeated_section("ldap");
        toml_.set("name", "recipients");
        toml_.set("servers", servers());
        toml_.set("base", values_.text("POSTFIX_LDAP_SEARCH_BASE"));
        toml_.set("filter", values_.text("POSTFIX_LDAP_QUERY_FILTER", exchange_filter));
        toml_.set("bind_dn", values_.text("POSTFIX_LDAP_BIND_DN"));
        toml_.set("bind_password", values_.text("POSTFIX_LDAP_BIND_PW"));
        toml_.set("start_tls", values_.flag("POSTFIX_LDAP_START_TLS", false));
        toml_.set("verify", values_.flag("POSTFIX_LDAP_TLS_VERIFY", true));
        if (const auto ca = values_.find("POSTFIX_LDAP_TLS_CA"))
            toml_.set("ca", *ca);
        if (const auto timeout = values_.find("POSTFIX_LDAP_TIMEOUT"))
            toml_.set("timeout", *timeout);
        toml_.set("ignore_referrals", values_.flag("POSTFIX_LDAP_IGNORE_REFERRALS", false));
    }

    // The last word of the list of restrictions, as the manual has it, is the directory's "not there".
    void final_action()
    {
        const auto action = to_lower(values_.text("POSTFIX_CHECK_RECIPIENT_ACCESS_FINAL_ACTION", "defer"));
        if (action == "permit")
            toml_.set("observe", true);
        else if (action == "reject" || action.starts_with('5'))
            toml_.set("unknown", "reject");
        else if (action == "defer" || action == "defer_if_permit" || action.starts_with('4'))
            toml_.set("unknown", "defer");
        else
            plan_.fault("POSTFIX_CHECK_RECIPIENT_ACCESS_FINAL_ACTION",
                        "with a directory it is defer, reject, permit, or a code");
    }

    std::vector<std::string> servers() const
    {
        std::vector<std::string> servers;
        for (const auto& server : values_.list("POSTFIX_LDAP_SERVERS"))
            servers.push_back(server.find("://") == std::string::npos ? "ldap://" + server : server);
        return servers;
    }

    void dkim()
    {
        const bool is_on = values_.flag("USE_DKIM", false);
        const auto mode = values_.text("OPENDKIM_MODE", plan_.is_relay() ? "s" : "sv");
        const auto has_mode = [&](char c) { return is_on && mode.find(c) != std::string::npos; };
        toml_.section("dkim");
        toml_.set("verify", has_mode('v'));
        toml_.set("sign", has_mode('s'));
        if (!has_mode('s'))
            return;
        for (const auto& [variable, setting] : {std::pair{"DKIM_OVERSIGN_HEADERS", "oversign"},
                                                {"DKIM_SENDER_HEADERS", "author_fields"},
                                                {"DKIM_SIGN_HEADERS", "signed_fields"},
                                                {"DKIM_OMIT_HEADERS", "omitted_fields"}})
            if (values_.has(variable))
                toml_.set(setting, values_.list(variable));
        if (values_.has("OPENDKIM_KEYTABLE"))
            key_tables();
        else
            one_key();
    }

    void one_key()
    {
        auto domains = values_.list("DKIM_DOMAINS");
        if (domains.empty() && plan_.is_relay())
            domains.push_back(plan_.host_name);
        const auto key = values_.text("DKIM_KEYFILE", plan_.is_relay() ? "/etc/opendkim/dkim.key" : "");
        const auto selector = values_.text("DKIM_SELECTOR", plan_.is_relay() ? "mail" : "");
        if (domains.empty() && key.empty() && selector.empty() && !values_.has("OPENDKIM_MODE"))
            return; // sv by default, and no key named: it verifies
        for (const auto& [name, is_there] : {std::pair{"OPENDKIM_DOMAIN", !domains.empty()},
                                             {"OPENDKIM_KEYFILE", !key.empty()},
                                             {"OPENDKIM_SELECTOR", !selector.empty()}})
            if (!is_there)
                plan_.fault(name, "signing wants it, or OPENDKIM_KEYTABLE and OPENDKIM_SIGNINGTABLE");
        for (const auto& domain : domains)
            add_key(domain, selector, key);
    }

    // OpenDKIM's tables as they are, but for the paths of the keys: those are copied to where the milter may read them.
    void key_tables()
    {
        for (const auto* const name : {"OPENDKIM_DOMAIN", "OPENDKIM_KEYFILE", "OPENDKIM_SELECTOR"})
            if (values_.has(name))
                plan_.fault(name, "OPENDKIM_KEYTABLE is set, too: which of them counts?");
        if (!values_.has("OPENDKIM_SIGNINGTABLE"))
            plan_.fault("OPENDKIM_SIGNINGTABLE", "OPENDKIM_KEYTABLE wants it");
        std::string keys, patterns;
        for (const auto& row : table("OPENDKIM_KEYTABLE")) {
            if (std::count(row.value.begin(), row.value.end(), ':') < 2) {
                plan_.warn(fmt::format("{}: \"{}\" has no key (domain:selector:path is wanted): the row is left out", row.where,
                                       printable(row.key, 80)));
                continue;
            }
            const auto path = row.value.find(":/");
            const bool is_one_file = path != std::string::npos && row.value.find('%', path) == std::string::npos;
            put_row(keys, row, is_one_file ? row.value.substr(0, path + 1) + copy_of(row.value.substr(path + 1)) : row.value);
        }
        for (const auto& row : table("OPENDKIM_SIGNINGTABLE")) {
            if (row.value.empty()) // left out, its mail would leave unsigned
                plan_.faults.push_back({fmt::format("{}: \"{}\" names no key", row.where, printable(row.key, 80))});
            put_row(patterns, row, row.value);
        }
        for (const auto& [setting, text] : {std::pair{"key_table", &keys}, {"signing_table", &patterns}}) {
            const auto path = fmt::format("{}/{}", secret_folder, setting);
            plan_.image.files.push_back({path, *text, 0640, FileOwner::postern});
            toml_.set(setting, "refile:" + path);
        }
    }

    std::vector<DataRow> table(std::string_view variable) const
    {
        const auto path = values_.text(variable);
        std::vector<Error> faults;
        auto rows = path.empty() ? std::vector<DataRow>()
                                 : read_data_set({DataSet::Kind::patterns, path}, variable, plan_.read_file, faults);
        for (const auto& fault : faults)
            plan_.faults.push_back({concat({"environment: ", fault.what})});
        return rows;
    }

    // In the line in which it stood, for the milter names that.
    static void put_row(std::string& text, const DataRow& row, std::string_view value)
    {
        const auto line = read_number(std::string_view(row.where).substr(row.where.rfind(':') + 1));
        for (auto at = std::count(text.begin(), text.end(), '\n') + 1; line && at < *line; ++at)
            text += '\n';
        text += fmt::format("{} {}\n", row.key, value);
    }

    // Where the milter finds this key.
    std::string copy_of(std::string_view path)
    {
        auto& copies = plan_.image.copies;
        auto it = std::find_if(copies.begin(), copies.end(), [&](const auto& copy) { return copy.from == path; });
        if (it == copies.end())
            it = copies.insert(copies.end(), {std::string(path), fmt::format("{}/dkim-{}.pem", secret_folder, copies.size() + 1)});
        return it->to;
    }

    void add_key(std::string_view domain, std::string_view selector, std::string_view path)
    {
        toml_.repeated_section("dkim.domain");
        toml_.set("domain", domain);
        toml_.set("selector", selector);
        toml_.set("key", copy_of(path));
        if (values_.flag("OPENDKIM_SUBDOMAINS", false))
            toml_.set("subdomains", true);
    }

    void clamav()
    {
        toml_.section("clamav");
        const bool is_on = values_.flag("ENABLE_CLAMAV", false);
        toml_.set("enable", is_on);
        if (!is_on)
            return;
        toml_.set("header", "replace"); // X-Virus-Scanned on every mail, as the manual has it
        if (const auto name = values_.find("CLAMAV_MILTER_REPORT_HOSTNAME"))
            toml_.set("hostname", *name);
        if (const auto path = values_.find("CLAMAV_MILTER_ALLOWLIST"))
            toml_.set("exempt_lists", std::vector<std::string>{*path});
    }

    Plan& plan_;
    const Values& values_;
    TomlText toml_;
};

} // namespace

std::string render_settings(Plan& plan)
{
    auto text = Settings(plan).text();
    plan.image.files.push_back({concat({run_folder, "/postern.toml"}),
                                "# Written at the start of the container from its environment.\n" + text, 0640,
                                FileOwner::postern});
    return text;
}

} // namespace postern
