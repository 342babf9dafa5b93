#include "common/ldap/ldap_table.h"

#include "common/digits.h"
#include "common/text.h"

#include <algorithm>
#include <map>
#include <span>

namespace postern {
namespace {

constexpr std::size_t most_faults_of_table = 20;
constexpr std::size_t most_attributes = 20;

// ldap_table(5): what stands there if the file does not say.
constexpr std::string_view default_host = "localhost";
constexpr std::string_view default_filter = "(mailacceptinggeneralid=%s)";
constexpr std::string_view default_attribute = "maildrop";
constexpr std::chrono::seconds default_timeout{10};

enum class Use {
    here,    // below
    ignored, // shapes what Postfix makes of a result
    gone,    // Postfix does not use it any more either
    refused,
};

struct Parameter {
    std::string_view name;
    Use use;
    std::string_view why{};
};

constexpr std::string_view only_existence = "only whether the address exists is asked";

constexpr Parameter parameters[] = {
    {"server_host", Use::here},
    {"server_port", Use::here},
    {"timeout", Use::here},
    {"search_base", Use::here},
    {"query_filter", Use::here},
    {"result_attribute", Use::here},
    {"result_format", Use::here},
    {"result_filter", Use::here}, // the old name of result_format
    {"domain", Use::here},
    {"scope", Use::here},
    {"bind", Use::here},
    {"bind_dn", Use::here},
    {"bind_pw", Use::here},
    {"version", Use::here},
    {"start_tls", Use::here},
    {"tls_ca_cert_file", Use::here},
    {"tls_ca_cert_dir", Use::here},
    {"tls_require_cert", Use::here},
    {"tls_cert", Use::here},
    {"tls_key", Use::here},
    {"tls_cipher_suite", Use::here},
    {"dereference", Use::here},
    {"special_result_attribute", Use::here},
    {"terminal_result_attribute", Use::here},
    {"leaf_result_attribute", Use::here},
    {"chase_referrals", Use::here},
    {"size_limit", Use::ignored, only_existence},
    {"expansion_limit", Use::ignored, only_existence},
    {"recursion_limit", Use::ignored, only_existence},
    {"tls_random_file", Use::ignored, "the TLS library has a better source"},
    {"debuglevel", Use::ignored, "\"postern status\" and the log say what is wrong with a server"},
    {"cache", Use::gone, "Postern's cache is set in [recipient]"},
    {"cache_expiry", Use::gone, "Postern's cache is set in [recipient]"},
    {"cache_size", Use::gone, "Postern's cache is set in [recipient]"},
    {"sasl_mechs", Use::refused, "SASL is not supported; bind = simple over TLS is"},
    {"sasl_realm", Use::refused, "SASL is not supported; bind = simple over TLS is"},
    {"sasl_authz_id", Use::refused, "SASL is not supported; bind = simple over TLS is"},
    {"sasl_minssf", Use::refused, "SASL is not supported; bind = simple over TLS is"},
};

// Words of access(5) that refuse, or do something else than to find.
constexpr std::string_view refusing_words[] = {"reject", "defer", "defer_if_reject", "defer_if_permit", "discard",
                                               "hold", "filter", "redirect", "bcc", "prepend", "warn", "info"};

struct Value {
    std::string text;
    int line = 0;
};

std::vector<std::string> list_items(std::string_view text)
{
    std::string separated(text);
    std::replace(separated.begin(), separated.end(), ',', ' ');
    std::vector<std::string> items;
    for (const auto item : split_words(separated))
        items.emplace_back(item);
    return items;
}

bool is_attribute(std::string_view name)
{
    const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == ';' || c == '_'; };
    return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

class TableReader {
public:
    explicit TableReader(std::string_view path)
        : path_(path)
    {
    }

    void lines(std::string_view text)
    {
        std::string logical;
        int number = 0, begun_at = 0;
        for (const auto line : split(text, '\n')) {
            ++number;
            const auto content = trim(line);
            if (content.empty() || content.front() == '#')
                continue;
            if (is_space(line.front()) && logical.empty()) {
                fault(number, "begins with a blank, but there is no line before that it could go on with");
            } else if (is_space(line.front())) {
                logical.append(" ").append(content);
            } else {
                parameter(logical, begun_at);
                logical.assign(content);
                begun_at = number;
            }
        }
        parameter(logical, begun_at);
    }

    tl::expected<LdapTable, std::vector<Error>> table() &&
    {
        servers();
        search();
        domains();
        login();
        tls();
        limits();
        if (!faults_.empty())
            return tl::unexpected(std::move(faults_));
        return std::move(table_);
    }

private:
    void fault(int line, const std::string& what)
    {
        if (faults_.size() < most_faults_of_table)
            faults_.push_back({line > 0 ? fmt::format("{}:{}: {}", path_, line, what)
                                        : fmt::format("{}: {}", path_, what)});
    }
    void fault(std::string_view name, std::string_view what)
    {
        const auto it = values_.find(name);
        fault(it == values_.end() ? 0 : it->second.line, fmt::format("{}: {}", name, what));
    }
    void warning(std::string_view name, std::string_view what)
    {
        const auto it = values_.find(name);
        const auto place = it == values_.end() ? std::string(path_) : fmt::format("{}:{}", path_, it->second.line);
        table_.warnings.push_back(fmt::format("{}: {}: {}", place, name, what));
    }

    void parameter(std::string_view logical, int line)
    {
        if (logical.empty())
            return;
        const auto equals = logical.find('=');
        const auto name = trim(logical.substr(0, equals));
        if (equals == std::string_view::npos || name.empty() || name.find_first_of(" \t") != std::string_view::npos) {
            fault(line, fmt::format("\"name = value\" is wanted, not \"{}\"", printable(name, 40)));
            return;
        }
        const auto is_it = [&](const Parameter& known) { return known.name == name; };
        const auto* const known = std::find_if(std::begin(parameters), std::end(parameters), is_it);
        if (known == std::end(parameters)) {
            fault(line, fmt::format("{}: ldap_table(5) has no such parameter", printable(name, 40)));
            return;
        }
        const auto [old, is_new] =
            values_.emplace(known->name, Value{std::string(trim(logical.substr(equals + 1))), line});
        if (!is_new) // Postfix takes the last
            old->second = {std::string(trim(logical.substr(equals + 1))), line};
        switch (known->use) {
        case Use::here:
            break;
        case Use::ignored:
        case Use::gone:
            warning(name, fmt::format("is not used: {}", known->why));
            break;
        case Use::refused:
            fault(name, known->why);
            break;
        }
    }

    bool is_set(std::string_view name) const { return values_.contains(name); }

    std::string value(std::string_view name, std::string_view fallback = {}) const
    {
        const auto it = values_.find(name);
        return it == values_.end() ? std::string(fallback) : it->second.text;
    }

    // postconf(5) takes yes and no alone; case does not matter.
    bool yes_or_no(std::string_view name)
    {
        const auto text = value(name, "no");
        const bool is_yes = equals_ignoring_case(text, "yes");
        if (!is_yes && !equals_ignoring_case(text, "no"))
            fault(name, fmt::format("\"{}\" is neither yes nor no", printable(text, 40)));
        return is_yes;
    }

    int number(std::string_view name, int fallback, int low, int high)
    {
        const auto text = value(name, std::to_string(fallback));
        const auto number = parse_number(text, low, high);
        if (!number) {
            fault(name, fmt::format("\"{}\" is not a number from {} to {}", printable(text, 40), low, high));
            return fallback;
        }
        return *number;
    }

    void servers()
    {
        const auto port = number("server_port", 389, 1, 65535);
        const auto items = list_items(value("server_host", default_host));
        if (items.empty())
            fault("server_host", "names no server");
        for (const auto& item : items)
            if (const auto url = parse_ldap_url(item, static_cast<std::uint16_t>(port)))
                table_.options.servers.push_back(*url);
            else
                fault("server_host", url.error().what);
    }

    void search()
    {
        auto& options = table_.options;
        if (!is_set("search_base"))
            fault(0, "search_base is missing");
        if (auto base = LdapTemplate::parse_base(value("search_base")))
            options.base = std::move(*base);
        else
            fault("search_base", base.error().what);

        const auto scope = value("scope", "sub");
        if (scope == "sub")
            options.scope = LdapScope::sub;
        else if (scope == "one")
            options.scope = LdapScope::one;
        else if (scope == "base")
            options.scope = LdapScope::base;
        else
            fault("scope", fmt::format("\"{}\" is not one of: sub, one, base", printable(scope, 40)));

        filter();
        result_format();
        if (yes_or_no("chase_referrals"))
            fault("chase_referrals", "referrals are not followed; name the servers that hold the entries");
    }

    // Postfix finds nothing where the entry has no attribute that it was to read.
    void filter()
    {
        const auto query = LdapTemplate::parse_filter(value("query_filter", default_filter));
        if (!query) {
            fault("query_filter", query.error().what);
            return;
        }
        std::vector<std::string> attributes = list_items(value("result_attribute", default_attribute));
        for (const auto* const name :
             {"special_result_attribute", "terminal_result_attribute", "leaf_result_attribute"})
            for (auto& attribute : list_items(value(name)))
                attributes.push_back(std::move(attribute));
        std::string has_one;
        for (const auto& attribute : attributes) {
            if (!is_attribute(attribute) || attributes.size() > most_attributes) {
                fault("result_attribute", fmt::format("\"{}\" is not a list of attributes",
                                                      printable(value("result_attribute"), 80)));
                return;
            }
            has_one += fmt::format("({}=*)", attribute);
        }
        auto text = std::string(trim(value("query_filter", default_filter)));
        if (!text.starts_with('('))
            text = concat({"(", text, ")"});
        const auto whole = LdapTemplate::parse_filter(
            has_one.empty() ? text : concat({"(&", text, attributes.size() > 1 ? "(|" : "", has_one,
                                             attributes.size() > 1 ? "))" : ")"}));
        if (!whole)
            fault("query_filter", whole.error().what);
        else if (!whole->is_dynamic() && !table_.options.base.is_dynamic())
            fault("query_filter", "asks for no part of the address: every address would exist");
        else
            table_.options.filter = *whole;
    }

    void result_format()
    {
        const std::string_view name = is_set("result_format") ? "result_format" : "result_filter";
        const auto text = value(name);
        const auto word = to_lower(text.substr(0, text.find(' ')));
        const bool is_code = word.size() >= 3 && (word[0] == '4' || word[0] == '5') && is_digit(word[1])
            && is_digit(word[2]);
        if (is_code || std::find(std::begin(refusing_words), std::end(refusing_words), word) != std::end(refusing_words))
            fault(name, fmt::format("{} of what is found: a directory here says who exists", printable(word, 40)));
    }

    void domains()
    {
        for (const auto& item : list_items(value("domain"))) {
            const auto domain = to_a_labels(item);
            if (item.starts_with('/'))
                table_.domain_files.push_back(item);
            else if (item.find(':') != std::string::npos)
                fault("domain", fmt::format("\"{}\": tables are not read; names and files of names are",
                                            printable(item, 80)));
            else if (item.starts_with('!') || !domain)
                fault("domain", fmt::format("\"{}\" is not a domain", printable(item, 80)));
            else
                table_.domains.push_back(*domain);
        }
    }

    void login()
    {
        const auto bind = to_lower(value("bind", "yes"));
        if (bind == "sasl")
            fault("bind", "SASL is not supported; bind = simple over TLS is");
        else if (bind == "yes" || bind == "simple") {
            table_.options.bind_dn = value("bind_dn");
            table_.options.bind_password = value("bind_pw");
        } else if (bind != "no" && bind != "none")
            fault("bind", fmt::format("\"{}\" is not one of: yes, no, simple, none", printable(bind, 40)));
        if (value("version", "3") != "3") // Postfix's own default was 2, once
            fault("version", "only version 3 is spoken");
    }

    void tls()
    {
        auto& options = table_.options;
        options.start_tls = yes_or_no("start_tls");
        options.verify = yes_or_no("tls_require_cert");
        options.ca = value("tls_ca_cert_file");
        options.ca_folder = value("tls_ca_cert_dir");
        options.certificate = value("tls_cert");
        options.key = value("tls_key");
        options.ciphers = value("tls_cipher_suite");
        const auto is_ldaps = [](const LdapUrl& url) { return url.scheme == LdapScheme::ldaps; };
        const bool some_ldaps = std::any_of(options.servers.begin(), options.servers.end(), is_ldaps);
        if (options.start_tls && some_ldaps)
            fault("start_tls", "an ldaps:// server has TLS already");
        if ((options.start_tls || some_ldaps) && !options.verify)
            warning("tls_require_cert", "is no: whoever stands in between can be the server");
    }

    void limits()
    {
        table_.options.timeout = std::chrono::seconds(number("timeout", default_timeout.count(), 1, 600));
        table_.options.dereference = number("dereference", 0, 0, 3);
    }

    std::string_view path_;
    std::map<std::string_view, Value> values_; // by names that `parameters` holds
    std::vector<Error> faults_;
    LdapTable table_;
};

} // namespace

tl::expected<LdapTable, std::vector<Error>> parse_ldap_table(std::string_view text, std::string_view path)
{
    TableReader reader(path);
    reader.lines(text);
    return std::move(reader).table();
}

} // namespace postern
