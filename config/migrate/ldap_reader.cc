#include "config/migrate/ldap_reader.h"

#include "common/ldap/ldap_table.h"
#include "common/text.h"
#include "config/migrate/list_reader.h"
#include "config/migrate/shell_text.h"

#include <algorithm>
#include <span>

namespace postern {
namespace {

// Who its recipients are, and where their domains stand.
struct Map {
    std::string_view parameter, domains;
};
constexpr Map maps[] = {
    {"relay_recipient_maps", "relay_domains"},
    {"virtual_mailbox_maps", "virtual_mailbox_domains"},
    {"virtual_alias_maps", "virtual_alias_domains"},
    {"local_recipient_maps", "mydestination"},
};

// "proxy:ldap:/etc/x": the part behind ldap:, or nothing
std::string_view source_of(std::string_view item)
{
    constexpr std::string_view proxy = "proxy:", ldap = "ldap:";
    if (item.starts_with(proxy))
        item.remove_prefix(proxy.size());
    return item.starts_with(ldap) ? item.substr(ldap.size()) : "";
}

bool is_domain(std::string_view text)
{
    return !text.empty() && text.find('.') != std::string_view::npos
        && std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '.' || c == '-'; });
}

class LdapReader {
public:
    explicit LdapReader(Migration& migration)
        : migration_(migration)
        , postfix_(migration.postfix())
    {
    }

    void read()
    {
        for (const auto& map : maps)
            read_map(map);
        for (const auto& mention : mentions(postfix_, program, [](auto item, auto before) {
                 return before == "check_recipient_access" && !source_of(item).empty();
             }))
            take(mention.at, mention.text, mention.parameter, all_domains());
    }

private:
    static constexpr std::string_view program = "ldap_table";

    void read_map(const Map& map)
    {
        const auto items = split_postfix_list(postfix_.config.value(map.parameter));
        const auto is_ldap = [](const std::string& item) { return !source_of(item).empty(); };
        if (std::none_of(items.begin(), items.end(), is_ldap))
            return;
        for (const auto& item : items)
            if (!is_ldap(item) && !item.starts_with('$')) {
                refuse(map.parameter, items,
                       fmt::format("{} knows recipients, too, and Postern would refuse them: write "
                                   "them into a text as access(5) has it, with OK, and name it in "
                                   "recipient.access; then a [[ldap]] with table = this file",
                                   item));
                return;
            }
        for (const auto& item : items)
            if (is_ldap(item))
                take(postfix_.line_of(map.parameter, item, program), item, std::string(map.parameter),
                     domains_of(map.domains));
    }

    void refuse(std::string_view parameter, const std::vector<std::string>& items, const std::string& why)
    {
        for (const auto& item : items)
            if (!source_of(item).empty())
                migration_.note({postfix_.line_of(parameter, item, program), fmt::format("{} {}", parameter, item), ""},
                                {Fate::refused, why});
    }

    // The names that the parameter lists, or nothing if it lists more than names.
    std::optional<Texts> domains_of(std::string_view parameter) const
    {
        Variables variables(postfix_.config.parameters.begin(), postfix_.config.parameters.end());
        auto text = postfix_.config.value(parameter);
        for (int depth = 0; depth < 4 && text.find('$') != std::string::npos; ++depth)
            text = expand_variables(text, variables);
        Texts domains;
        for (auto& item : split_postfix_list(text)) {
            if (item == "localhost")
                continue;
            if (!is_domain(item))
                return std::nullopt;
            domains.push_back(to_lower(item));
        }
        return domains.empty() ? std::optional<Texts>() : domains;
    }

    std::optional<Texts> all_domains() const
    {
        Texts all;
        for (const auto& map : maps)
            if (const auto some = domains_of(map.domains))
                for (const auto& domain : *some)
                    if (std::find(all.begin(), all.end(), domain) == all.end())
                        all.push_back(domain);
        return all.empty() ? std::optional<Texts>() : all;
    }

    void take(const OldLine& at, const std::string& item, const std::string& parameter,
              const std::optional<Texts>& domains)
    {
        const std::string source(source_of(item));
        const bool is_file = source.starts_with('/');
        const auto text = is_file ? migration_.host().read(source) : Result<std::string>(text_of(source));
        if (!text) {
            migration_.fault(at, text.error().what, item);
            return;
        }
        const auto place = is_file ? source : at.file;
        const auto table = parse_ldap_table(*text, place);
        if (!table) {
            for (const auto& fault : table.error())
                fault_of(fault.what, place, is_file, at);
            return;
        }
        if (!domains && table->domains.empty() && table->domain_files.empty()) {
            migration_.note({at, item, ""},
                            {Fate::refused,
                             "its domains cannot be told from main.cf, and Postern would judge "
                             "recipients of others by it: write a [[ldap]] with table and "
                             "domains"});
            return;
        }
        if (std::find(taken_.begin(), taken_.end(), source) == taken_.end())
            write(at, parameter, source, domains, *table, is_file ? "" : *text);
        taken_.push_back(source);
    }

    void fault_of(std::string_view what, const std::string& place, bool is_file, const OldLine& at)
    {
        const auto placed = placed_fault(what, place);
        migration_.fault(is_file ? OldLine{std::string(program), place, placed.line} : at, placed.what);
    }

    // What main.cf says of ldap:NAME, as a file would say it.
    std::string text_of(const std::string& name) const
    {
        std::string text;
        for (const auto& [parameter, value] : postfix_.config.parameters)
            if (parameter.starts_with(name + '_'))
                text += fmt::format("{} = {}\n", parameter.substr(name.size() + 1), value);
        return text;
    }

    void write(const OldLine& at, const std::string& parameter, const std::string& source,
               const std::optional<Texts>& domains, const LdapTable& table, const std::string& text)
    {
        const bool is_file = source.starts_with('/');
        const auto section = migration_.new_section("ldap");
        const MetOption option{at, fmt::format("{} ldap:{}", parameter, source), "", ""};
        const auto name = is_file ? source.substr(source.rfind('/') + 1) : source;
        migration_.set(option, section, "name",
                       {fmt::format("{}-{}", name.substr(0, name.rfind('.')), section.index + 1)},
                       Said{Fate::kept, "what the log calls it"});
        if (table.domains.empty() && table.domain_files.empty())
            migration_.set(option, section, "domains", *domains,
                           Said{Fate::kept, "the table names none: those of main.cf"});
        else if (!is_file)
            migration_.set(option, section, "domains", table.domains);
        if (is_file)
            migration_.set(option, section, "table", {source},
                           Said{Fate::kept, fmt::format("read as it is; take it out of {} then", parameter)});
        else
            write_settings(option, section, table.options, text);
        if (taken_.empty()) // once for all of them
            migration_.tell(at, {Fate::changed, "who was found is known for recipient.exists_ttl, and longer while no server answers; "
                                                "Postfix answers 451 4.3.0 then, Postern 450 4.3.0 for all others"});
        for (const auto& warning : table.warnings) {
            const auto placed = placed_fault(warning, is_file ? source : at.file);
            migration_.tell(is_file ? OldLine{std::string(program), source, placed.line} : at,
                            {Fate::changed, placed.what});
        }
    }

    void write_settings(const MetOption& option, const Draft::RepeatedSection& section, const LdapOptions& options,
                        const std::string& text)
    {
        Texts servers;
        for (const auto& server : options.servers)
            servers.push_back(server.text());
        migration_.set(option, section, "servers", servers, Said{Fate::kept, "in this order"});
        const std::pair<std::string_view, std::string> texts[] = {
            {"base", value_in(text, "search_base")},  {"filter", filter_in(text)}, {"bind_dn", options.bind_dn},
            {"bind_password", options.bind_password}, {"ca", options.ca},          {"ca_folder", options.ca_folder},
            {"certificate", options.certificate},     {"key", options.key},
        };
        for (const auto& [name, value] : texts)
            if (!value.empty())
                migration_.set(option, section, name, {value}, Said{Fate::kept, ""});
        const auto scope = value_in(text, "scope");
        migration_.set(option, section, "scope", {scope.empty() ? "sub" : scope}, Said{Fate::kept, ""});
        migration_.set(option, section, "start_tls", {options.start_tls ? "true" : "false"}, Said{Fate::kept, ""});
        migration_.set(option, section, "verify", {options.verify ? "true" : "false"},
                       options.verify ? Said{Fate::kept, ""}
                                      : Said{Fate::changed,
                                             "the server's certificate is not verified, as before: set "
                                             "verify = true when it can be"});
        migration_.set(option, section, "timeout", {fmt::format("{}ms", options.timeout.count())},
                       Said{Fate::kept, ""});
    }

    static std::string value_in(std::string_view text, std::string_view name)
    {
        for (const auto line : split(text, '\n'))
            if (const auto equals = line.find(" = ");
                equals != std::string_view::npos && line.substr(0, equals) == name)
                return std::string(trim(line.substr(equals + 3)));
        return "";
    }

    // An entry without one of its result attributes is not found: ldap_table(5)
    static std::string filter_in(std::string_view text)
    {
        const auto or_else = [&](std::string_view name, std::string_view otherwise) {
            const auto value = value_in(text, name);
            return value.empty() ? std::string(otherwise) : value;
        };
        std::string attributes;
        for (const auto& attribute : split_postfix_list(or_else("result_attribute", "maildrop")))
            attributes += fmt::format("({}=*)", attribute);
        return fmt::format("(&{}(|{}))", or_else("query_filter", "(mailacceptinggeneralid=%s)"), attributes);
    }

    Migration& migration_;
    const OldPostfix& postfix_;
    std::vector<std::string> taken_;
};

} // namespace

void migrate_ldap(Migration& migration)
{
    LdapReader(migration).read();
}

} // namespace postern
