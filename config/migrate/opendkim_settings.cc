#include "config/migrate/opendkim_settings.h"

#include "common/digits.h"
#include "common/text.h"
#include "config/migrate/opendkim_conf.h"
#include "config/setting.h"

#include <algorithm>

namespace postern {

struct OpendkimSettings::Conversion {
    std::string_view name;
    Take take;
    std::string_view setting = {}; // or what `take` makes of it
};

namespace {

bool is_plain_no(std::string_view value)
{
    const auto word = to_lower(value);
    return word == "no" || word == "false" || word == "n" || word == "f" || word == "0";
}

std::string without_brackets(std::string_view entry)
{
    std::string text(entry);
    std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
    return text;
}

// "*", "+X-Ticket", "-Reply-To"
bool is_change_of_default(std::string_view field)
{
    return !field.empty() && std::string_view("*+-").find(field.front()) != std::string_view::npos;
}

// "*" stands for anything: /^...$/
std::string regex_of(std::string_view pattern)
{
    std::string text = "/^";
    for (const char c : pattern) {
        if (c == '*')
            text += ".*";
        else if (is_alnum(c) || c == '_' || c == '-' || c == '@')
            text += c;
        else
            text += {'\\', c};
    }
    return text + "$/";
}

// An entry of a refile: as the setting has it; empty: it has no such.
std::string entry_of_pattern(std::string_view setting, std::string_view pattern)
{
    const bool has_star = pattern.find('*') != pattern.npos;
    if (setting == "dkim.unsigned_recipients")
        return has_star || pattern.find('@') != pattern.npos ? regex_of(pattern) : std::string(pattern);
    if (has_star && pattern.starts_with("*.") && pattern.find('*', 1) == pattern.npos)
        return std::string(pattern.substr(1));
    return has_star ? std::string() : std::string(pattern);
}

} // namespace

const OpendkimSettings::Conversion* OpendkimSettings::find(std::string_view name)
{
    using Self = OpendkimSettings;
    static constexpr std::string_view socket = "Postern listens at a socket of its own, milterd.listen, so that both can run; "
                                               "\"postern enable\" tells Postfix";
    static constexpr std::string_view mask = "Postern's socket has milterd.socket_mode, 0660, and the group of "
                                             "milterd.socket_group, postfix";
    static constexpr std::string_view user = "Postern runs as milterd.user and milterd.group, postern";
    static constexpr std::string_view log = "Postern's log goes where log.target says: to stderr, and under systemd into the "
                                            "journal; log.target = \"syslog\" for mail.log";
    static constexpr Conversion conversions[] = {
        {"AlwaysAddARHeader", &Self::always_results},
        {"AuthservID", &Self::name_of_host, "milterd.authserv_id"},
        {"AuthservIDWithJobID", &Self::flag, "auth_results.queue_id"},
        {"Canonicalization", &Self::canonicalization, "dkim.canonicalization"},
        {"CaptureUnknownErrors", &Self::word_if, "dkim_verify.internal_error quarantine"},
        {"ClockDrift", &Self::seconds, "dkim_verify.clock_drift"},
        {"DNSTimeout", &Self::seconds, "dns.timeout"},
        {"Domain", &Self::keep_for_tables},
        {"DontSignMailTo", &Self::clients, "dkim.unsigned_recipients"},
        {"ExemptDomains", &Self::clients, "dkim.unsigned_domains"},
        {"InternalHosts", &Self::clients, "trust.networks"},
        {"KeepAuthResults", &Self::word_if, "auth_results.remove none"},
        {"KeyFile", &Self::keep_for_tables},
        {"KeyTable", &Self::keep_for_tables},
        {"MTA", &Self::names, "dkim.daemon_names"},
        {"MacroList", &Self::macros, "dkim.our_macros"},
        {"MaximumHeaders", &Self::number, "header.max_size"},
        {"MaximumSignaturesToVerify", &Self::number, "dkim_verify.max_signatures"},
        {"Minimum", &Self::per_cent, "dkim_verify.minimum_signed_body"},
        {"MinimumKeyBits", &Self::number, "dkim_verify.minimum_key_bits"},
        {"Mode", &Self::mode, "milterd.role"},
        {"MultipleSignatures", &Self::flag, "dkim.all_matches"},
        {"MustBeSigned", &Self::names, "dkim_verify.must_be_signed"},
        {"Nameservers", &Self::names, "dns.servers"},
        {"NoHeaderB", &Self::flag_undone, "auth_results.header_b"},
        {"OmitHeaders", &Self::names, "dkim.omitted_fields"},
        {"On-BadSignature", &Self::action, "dkim_verify.bad_signature"},
        {"On-DNSError", &Self::action, "dkim_verify.dns_error"},
        {"On-Default", &Self::action, "dkim_verify.default_action"},
        {"On-InternalError", &Self::action, "dkim_verify.internal_error"},
        {"On-KeyNotFound", &Self::action, "dkim_verify.key_not_found"},
        {"On-NoSignature", &Self::action, "dkim_verify.no_signature"},
        {"On-Security", &Self::action, "dkim_verify.security"},
        {"On-SignatureError", &Self::action, "dkim_verify.signature_error"},
        {"OversignHeaders", &Self::names, "dkim.oversign"},
        {"PeerList", &Self::clients, "milterd.ignored_clients"},
        {"Quarantine", &Self::quarantine},
        {"RemoveARAll", &Self::word_if, "auth_results.remove all"},
        {"RemoveARFrom", &Self::names, "auth_results.remove_ids"},
        {"RemoveOldSignatures", &Self::word_if, "dkim.remove_signatures all"},
        {"RequireSafeKeys", &Self::flag, "dkim.require_safe_keys"},
        {"RequiredHeaders", &Self::word_if, "header.malformed reject"},
        {"Selector", &Self::keep_for_tables},
        {"SenderHeaders", &Self::names, "dkim.author_fields"},
        {"SignHeaders", &Self::names, "dkim.signed_fields"},
        {"SignatureAlgorithm", &Self::algorithm},
        {"SignatureTTL", &Self::seconds, "dkim.signature_lifetime"},
        {"SigningTable", &Self::keep_for_tables},
        {"Socket", &Self::of_daemon, socket},
        {"SubDomains", &Self::keep_for_tables},
        {"Syslog", &Self::of_daemon, log},
        {"SyslogFacility", &Self::of_daemon, log},
        {"SyslogName", &Self::of_daemon, log},
        {"UMask", &Self::of_daemon, mask},
        {"UserID", &Self::of_daemon, user},
    };
    const auto* const it = std::find_if(std::begin(conversions), std::end(conversions), [&](const Conversion& conversion) {
        return equals_ignoring_case(conversion.name, name);
    });
    return it == std::end(conversions) ? nullptr : it;
}

OpendkimSettings::OpendkimSettings(Migration& migration)
    : migration_(migration)
{
}

void OpendkimSettings::take(const MetOption& option)
{
    if (const auto* const conversion = find(option.name)) {
        (this->*conversion->take)(option, conversion->setting);
        return;
    }
    const auto* const row = find_old_option(option.at.program, option.name, option.value);
    if (row && row->fate == Fate::refused && is_plain_no(option.value))
        migration_.note(option, {Fate::kept, "it is not done here either"});
    else
        migration_.note(option);
}

void OpendkimSettings::bad(const MetOption& option, std::string_view wanted)
{
    migration_.fault(option.at, fmt::format("\"{}\" is not {}", option.value, wanted), option.text);
}

void OpendkimSettings::flag(const MetOption& option, std::string_view setting)
{
    if (const auto yes = opendkim_flag(option.value))
        migration_.set(option, setting, *yes ? "true" : "false");
    else
        bad(option, "yes or no");
}

void OpendkimSettings::flag_undone(const MetOption& option, std::string_view setting)
{
    if (const auto yes = opendkim_flag(option.value))
        migration_.set(option, setting, *yes ? "false" : "true");
    else
        bad(option, "yes or no");
}

void OpendkimSettings::word_if(const MetOption& option, std::string_view setting_and_word)
{
    const auto blank = setting_and_word.find(' ');
    const auto yes = opendkim_flag(option.value);
    if (!yes)
        bad(option, "yes or no");
    else if (*yes)
        migration_.set(option, setting_and_word.substr(0, blank), std::string(setting_and_word.substr(blank + 1)));
    else
        migration_.note(option, {Fate::kept, "it is not done here either"});
}

void OpendkimSettings::number(const MetOption& option, std::string_view setting)
{
    if (!is_number(option.value, int_digits))
        bad(option, "a number");
    else if (setting == "header.max_size" && std::stol(option.value) < 64 * 1024)
        migration_.note(option, {Fate::changed, "header.max_size stays 1M: less than 64K, or no limit at all, it cannot be"});
    else if (setting == "dkim_verify.minimum_key_bits" && std::stol(option.value) < 1024)
        migration_.note(option, {Fate::changed, "a signature by a key of less than 1024 bits never passes (RFC 8301)"});
    else
        migration_.set(option, setting, option.value);
}

void OpendkimSettings::seconds(const MetOption& option, std::string_view setting)
{
    if (is_number(option.value, int_digits))
        migration_.set(option, setting, option.value + "s");
    else
        bad(option, "a number of seconds");
}

void OpendkimSettings::name_of_host(const MetOption& option, std::string_view setting)
{
    migration_.set(option, setting, option.value == "HOSTNAME" ? std::string() : option.value);
}

void OpendkimSettings::always_results(const MetOption& option, std::string_view)
{
    const auto yes = opendkim_flag(option.value);
    has_results_always_ = yes.value_or(false);
    if (yes)
        migration_.note(option);
    else
        bad(option, "yes or no");
}

void OpendkimSettings::per_cent(const MetOption& option, std::string_view setting)
{
    const auto size = option.value.size();
    if (option.value.ends_with('%') && is_number(option.value.substr(0, size - 1), int_digits))
        migration_.set(option, setting, option.value.substr(0, size - 1));
    else if (is_number(option.value, int_digits) && std::stol(option.value) == 0)
        migration_.note(option, {Fate::kept, "0 asks for nothing"});
    else
        migration_.note(option, {Fate::refused, "octets are not counted: say in per cent, dkim_verify.minimum_signed_body, how "
                                                "much of a body a signature must cover; 100 trusts none that covers less"});
}

void OpendkimSettings::canonicalization(const MetOption& option, std::string_view setting)
{
    has_canonicalization_ = true;
    const bool has_body = option.value.find('/') != option.value.npos;
    migration_.set(option, setting, to_lower(option.value) + (has_body ? "" : "/simple"), Said{Fate::kept, ""});
}

void OpendkimSettings::algorithm(const MetOption& option, std::string_view)
{
    if (to_lower(option.value) == "rsa-sha1")
        migration_.note(option, {Fate::changed, "an RSA key signs rsa-sha256: nobody may take rsa-sha1 any more (RFC 8301)"});
    else
        migration_.note(option);
}

void OpendkimSettings::mode(const MetOption& option, std::string_view setting)
{
    const auto value = to_lower(option.value);
    const bool signs = value.find('s') != value.npos, verifies = value.find('v') != value.npos;
    if (value.find_first_not_of("sv") != value.npos)
        return bad(option, "made of s and v");
    signs_ = signs;
    verifies_ = verifies;
    migration_.set(option, setting, signs && verifies ? "both" : signs ? "submission" : "inbound");
}

void OpendkimSettings::action(const MetOption& option, std::string_view setting)
{
    actions_.emplace_back(option, setting);
}

void OpendkimSettings::quarantine(const MetOption& option, std::string_view)
{
    if (!opendkim_flag(option.value))
        bad(option, "yes or no");
    else
        quarantine_ = option;
}

// What is refused goes into quarantine where that is wanted.
void OpendkimSettings::actions()
{
    const bool holds = quarantine_ && *opendkim_flag(quarantine_->value);
    constexpr std::pair<std::string_view, std::string_view> words[] = {
        {"accept", "accept"}, {"discard", "discard"}, {"quarantine", "quarantine"}, {"reject", "reject"}, {"tempfail", "defer"}};
    for (const auto& [option, setting] : actions_) {
        const auto value = to_lower(option.value);
        const auto* const word = std::find_if(std::begin(words), std::end(words), [&](const auto& pair) {
            return pair.first == value || value == pair.first.substr(0, 1);
        });
        if (word == std::end(words))
            bad(option, "accept, discard, quarantine, reject or tempfail");
        else
            migration_.set(option, setting, std::string(holds && word->second == "reject" ? "quarantine" : word->second));
    }
    if (quarantine_)
        migration_.note(*quarantine_, {Fate::kept, holds ? "\"quarantine\" is put in the place of each \"reject\" above"
                                                         : "what is rejected is not put into quarantine"});
}

std::optional<DataSet> OpendkimSettings::set_of(const MetOption& option)
{
    auto set = parse_data_set(option.value);
    if (set)
        return std::move(*set);
    migration_.note(option, {Fate::refused, set.error().what});
    return std::nullopt;
}

void OpendkimSettings::names(const MetOption& option, std::string_view setting)
{
    has_oversign_ |= setting == "dkim.oversign";
    const auto set = set_of(option);
    if (!set)
        return;
    Texts items;
    for (const auto& row : read_opendkim_set(migration_, option, *set))
        items.push_back(row.key);
    if (setting == "dkim.signed_fields")
        has_signed_fields_ = std::none_of(items.begin(), items.end(), is_change_of_default);
    if (set->kind == DataSet::Kind::list)
        migration_.set(option, setting, items);
    else
        migration_.set(option, setting, items,
                       Said{Fate::changed, set->text + " is read now and its entries stand here: the file itself is read no "
                                                       "more"});
}

void OpendkimSettings::macros(const MetOption& option, std::string_view setting)
{
    const auto set = set_of(option);
    if (!set)
        return;
    Texts items;
    for (const auto& row : read_opendkim_set(migration_, option, *set)) {
        const auto whole = row.value.empty() ? row.key : row.key + "|" + row.value;
        const auto name = whole.substr(0, whole.find('|'));
        const bool is_bare = name.size() > 1 && name.front() != '{';
        items.push_back(is_bare ? "{" + name + "}" + whole.substr(name.size()) : whole);
    }
    migration_.set(option, setting, items);
}

void OpendkimSettings::clients(const MetOption& option, std::string_view setting)
{
    const auto set = set_of(option);
    if (!set)
        return;
    if (set->kind == DataSet::Kind::file)
        return client_file(option, setting, *set);
    for (const auto& row : read_opendkim_set(migration_, option, *set))
        if (set->kind == DataSet::Kind::list)
            migration_.add(option, setting, without_brackets(row.key));
        else
            client_pattern(option, setting, row);
}

void OpendkimSettings::client_file(const MetOption& option, std::string_view setting, const DataSet& set)
{
    const auto check = find_setting(setting)->check;
    for (const auto& row : read_opendkim_set(migration_, option, set))
        if (const auto checked = check(row.key); !checked)
            migration_.fault(line_of_row(option, set, row), checked.error().what);
    migration_.add(option, setting, "file:" + set.text);
}

void OpendkimSettings::client_pattern(const MetOption& option, std::string_view setting, const DataRow& row)
{
    if (const auto converted = entry_of_pattern(setting, row.key); !converted.empty())
        migration_.add(option, setting, converted,
                       Said{Fate::changed, fmt::format("{}: \"{}\" is written as this; the file itself is read no more",
                                                       row.where, row.key)});
    else
        migration_.fault(option.at, fmt::format("{}: {} has no such pattern as \"{}\": write networks, or .domain for all "
                                                "below it",
                                                row.where, setting, row.key),
                         option.text);
}

void OpendkimSettings::keep_for_tables(const MetOption& option, std::string_view)
{
    const std::pair<std::string_view, std::optional<MetOption>*> places[] = {
        {"keytable", &signing_.key_table}, {"signingtable", &signing_.signing_table}, {"domain", &signing_.domain},
        {"selector", &signing_.selector},  {"keyfile", &signing_.key_file},           {"subdomains", &signing_.subdomains}};
    for (const auto& [name, place] : places)
        if (name == to_lower(option.name))
            *place = option;
}

void OpendkimSettings::of_daemon(const MetOption& option, std::string_view sentence)
{
    migration_.note(option, {Fate::changed, std::string(sentence)});
}

void OpendkimSettings::finish(const OldLine& file)
{
    actions();
    OpendkimTables(migration_).take(signing_);
    if (signs_ && signing_.is_set()) {
        if (!has_canonicalization_)
            migration_.tell(file, {Fate::changed, "Canonicalization is not set: opendkim signs simple/simple, Postern "
                                                  "relaxed/simple, which survives changes of white space on the way"},
                            "dkim.canonicalization = \"relaxed/simple\"");
        if (!has_oversign_)
            migration_.tell(file, {Fate::changed, "OversignHeaders is not set: opendkim oversigns nothing, Postern From, so "
                                                  "that nobody can add a second one"},
                            "dkim.oversign = [\"From\"]");
        if (!has_signed_fields_)
            migration_.tell(file, {Fate::changed, "opendkim's own set of signed fields lacks Message-ID, Sender, the MIME fields, "
                                                  "Resent-Message-ID and List-Unsubscribe-Post, which Postern signs, too"},
                            "dkim.signed_fields = [\"*\"]");
    }
    if (verifies_)
        tell_of_results(file);
    migration_.set({file, "", "DMARC"}, "dmarc.enable", "false",
                   Said{Fate::changed, "opendkim knows nothing of DMARC, so it is off: true has Postern say dmarc=, too"});
}

// Where Authentication-Results are not those of opendkim.
void OpendkimSettings::tell_of_results(const OldLine& file)
{
    if (!has_results_always_)
        migration_.tell(file, {Fate::changed, "AlwaysAddARHeader is not set: opendkim writes no Authentication-Results for mail "
                                              "without a signature, Postern writes dkim=none"});
    migration_.tell(file, {Fate::changed, "a signature whose key is not there, or revoked, is dkim=permerror, where opendkim says "
                                          "dkim=fail (RFC 8601 2.7.1); one whose key cannot be looked up now is dkim=temperror, "
                                          "where opendkim writes nothing; dkim-atps= is not written"});
    if (migration_.uses_check("spf"))
        migration_.tell(file, {Fate::changed, "Authentication-Results has spf=, too, and not only the header that policyd-spf "
                                              "wrote"});
}

} // namespace postern
