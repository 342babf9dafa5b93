#include "config/migrate/policyd_spf_settings.h"

#include "common/text.h"
#include "config/migrate/policyd_spf_conf.h"

#include <algorithm>
#include <span>

namespace postern {
namespace {

struct Mapped {
    std::string_view old, now;
};

// One word for another.
struct Words {
    std::string_view name, setting;
    std::span<const Mapped> words;
};

constexpr Mapped helo_words[] = {{"SPF_Not_Pass", "not_pass"}, {"Softfail", "softfail"}, {"Fail", "fail"},
                                 {"Null", "null_sender"},      {"False", "never"},       {"No_Check", "unchecked"}};
constexpr Mapped mail_from_words[] = {{"SPF_Not_Pass", "not_pass"},
                                      {"Softfail", "softfail"},
                                      {"Fail", "fail"},
                                      {"False", "never"},
                                      {"No_Check", "unchecked"}};
constexpr Mapped headers[] = {{"SPF", "received_spf"}, {"AR", "authentication_results"}, {"None", "none"}};
constexpr Mapped same_bool[] = {{"True", "true"}, {"False", "false"}, {"Yes", "true"}, {"No", "false"}};
constexpr Mapped observe[] = {{"0", "true"}, {"1", "false"}};
constexpr Mapped levels[] = {{"-1", "error"}, {"0", "error"}, {"1", "info"}, {"2", "debug"},
                             {"3", "debug"},  {"4", "debug"}, {"5", "debug"}};

constexpr Words words[] = {
    {"HELO_reject", "spf.helo", helo_words},
    {"Mail_From_reject", "spf.mail_from", mail_from_words},
    {"Header_Type", "spf.header", headers},
    {"PermError_reject", "spf.reject_permerror", same_bool},
    {"TempError_Defer", "spf.defer_temperror", same_bool},
    {"Hide_Receiver", "spf.hide_receiver", same_bool},
    {"SPF_Enhanced_Status_Codes", "spf.enhanced_status_codes", same_bool},
    {"TestOnly", "spf.observe", observe},
    {"defaultSeedOnly", "spf.observe", observe},
    {"debugLevel", "log.level", levels},
};

// A number, with its unit behind it.
constexpr struct {
    std::string_view name, setting, unit;
} numbers[] = {
    {"Lookup_Time", "spf.deadline", "s"},
    {"Whitelist_Lookup_Time", "spf.exempt_deadline", "s"},
    {"Void_Limit", "spf.void_lookups", ""},
};

// A list, whose items get something before them.
constexpr struct {
    std::string_view name, setting, before;
} lists[] = {
    {"skip_addresses", "trust.networks", ""},        {"Whitelist", "trust.relays", ""},
    {"HELO_Whitelist", "spf.exempt_helo_names", ""}, {"Domain_Whitelist", "spf.exempt_spf_domains", ""},
    {"Domain_Whitelist_PTR", "trust.relays", "."},   {"Reject_Not_Pass_Domains", "spf.not_pass_domains", ""},
};

std::string old_words(std::span<const Mapped> rows)
{
    std::string text;
    for (const auto& row : rows)
        text += (text.empty() ? "" : ", ") + std::string(row.old);
    return text;
}

// Of all values 1 is the one that refuses.
Said about_test_only(std::string_view value)
{
    if (value == "1")
        return {Fate::kept, "1 is what refuses, as there"};
    return {Fate::changed,
            "decides and logs, and adds no header; for the header and no refusal set spf.helo and "
            "spf.mail_from to \"never\""};
}

void take_word(Migration& migration, const MetOption& option, const Words& row)
{
    const auto it = std::find_if(row.words.begin(), row.words.end(),
                                 [&](const Mapped& word) { return equals_ignoring_case(word.old, option.value); });
    if (it == row.words.end())
        migration.fault(option.at, fmt::format("\"{}\" is none of {}", option.value, old_words(row.words)),
                        option.text);
    else if (row.setting == "spf.observe")
        migration.set(option, row.setting, std::string(it->now), about_test_only(it->old));
    else
        migration.set(option, row.setting, std::string(it->now));
}

void take_list(Migration& migration, const MetOption& option, std::string_view setting, std::string_view before)
{
    constexpr std::string_view loopback = "::1";
    for (const auto& item : spf_conf_list(option.value)) {
        auto wanted = std::string(before) + without_mapped_address(item);
        if (wanted == loopback) // as the default has it
            wanted += "/128";
        migration.add({option.at, fmt::format("{}: {}", option.name, item), option.name, ""}, setting, wanted);
    }
}

std::string replaced(std::string text, std::string_view what, std::string_view with)
{
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

void take_reason(Migration& migration, const MetOption& option)
{
    constexpr std::string_view see = "Please see {url}", url = "{url}";
    auto text = replaced(replaced(option.value, "{rejectdefer}", "{action}"), "{spf}", "{reason}");
    const bool has_url = text.find(url) != std::string::npos;
    text = trim(replaced(replaced(std::move(text), see, ""), url, ""));
    if (has_url)
        migration.set(option, "spf.text", text, Said{Fate::changed, "{url} is left out: the site it named is gone"});
    else
        migration.set(option, "spf.text", text);
}

// Its value is a text, of which any that is not empty is true.
void take_no_mail(Migration& migration, const MetOption& option)
{
    if (option.value.empty() || equals_ignoring_case(option.value, "False")) {
        migration.note(option, {Fate::kept, "the default"});
        return;
    }
    migration.set(option, "spf.helo", "no_mail");
    migration.set(option, "spf.mail_from", "no_mail");
}

} // namespace

void take_policyd_spf_setting(Migration& migration, const MetOption& option)
{
    const auto is_it = [&](const auto& row) { return row.name == option.name; };
    if (const auto word = std::find_if(std::begin(words), std::end(words), is_it); word != std::end(words))
        take_word(migration, option, *word);
    else if (const auto list = std::find_if(std::begin(lists), std::end(lists), is_it); list != std::end(lists))
        take_list(migration, option, list->setting, list->before);
    else if (const auto number = std::find_if(std::begin(numbers), std::end(numbers), is_it);
             number != std::end(numbers))
        migration.set(option, number->setting, option.value + std::string(number->unit));
    else if (option.name == "Authserv_Id")
        migration.set(option, "spf.authserv_id", option.value == "HOSTNAME" ? "" : option.value);
    else if (option.name == "Reason_Message")
        take_reason(migration, option);
    else if (option.name == "No_Mail")
        take_no_mail(migration, option);
    else
        migration.note(option);
}

} // namespace postern
