#include "config/migrate/migration.h"

#include <algorithm>

namespace postern {
namespace {

Outcome outcome_of(Fate fate)
{
    switch (fate) {
    case Fate::kept:
        return Outcome::kept;
    case Fate::changed:
        return Outcome::changed;
    case Fate::refused:
        return Outcome::refused;
    }
    return Outcome::fault; // unreachable: -Wswitch names a fate without a case
}

std::string plain(std::string_view markdown)
{
    std::string text(markdown);
    std::erase(text, '`');
    return text;
}

// A row that names no setting says in its second cell what the note begins with.
std::string note_of(const OldOption& row, bool has_setting)
{
    constexpr std::string_view refused = "refused: ";
    auto text = plain(row.note);
    if (has_setting || row.setting.empty())
        return text;
    const auto said = row.setting.starts_with(refused) ? row.setting.substr(refused.size()) : row.setting;
    return text.empty() ? plain(said) : fmt::format("{}; {}", plain(said), text);
}

} // namespace

Migration::Migration(OldHost host, OldPostfix postfix)
    : host_(std::move(host))
    , postfix_(std::move(postfix))
{
}

void Migration::set(const MetOption& option, std::string_view setting, const Texts& items, std::optional<Said> said)
{
    found(option, draft_.set(setting, items, option.at), shown_setting(setting, items), std::move(said));
}

void Migration::set(const MetOption& option, std::string_view setting, std::string value, std::optional<Said> said)
{
    set(option, setting, Texts{std::move(value)}, std::move(said));
}

void Migration::add(const MetOption& option, std::string_view setting, const std::string& item,
                    std::optional<Said> said)
{
    found(option, draft_.add(setting, item, option.at), fmt::format("{} has {}", setting, item), std::move(said));
}

void Migration::set(const MetOption& option, const Draft::RepeatedSection& section, std::string_view name,
                    const Texts& items, std::optional<Said> said)
{
    auto shown = shown_setting(fmt::format("{}.{}", section.name, name), items);
    if (shown.starts_with(section.name + '.'))
        shown.erase(0, section.name.size() + 1);
    found(option, draft_.set(section, name, items, option.at), fmt::format("[[{}]] {}", section.name, shown),
          std::move(said));
}

void Migration::found(const MetOption& option, const Result<>& done, std::string setting, std::optional<Said> said)
{
    if (!done) {
        fault(option.at, done.error().what, option.text);
        return;
    }
    const auto* const row = find_old_option(option.at.program, option.name, option.value);
    if (!said && row)
        said = Said{row->fate, note_of(*row, true)};
    if (!said)
        said = Said{Fate::kept, ""};
    push({option.at, option.text, outcome_of(said->fate), std::move(setting), std::move(said->note)});
}

void Migration::hide(std::string text, std::string instead)
{
    if (!text.empty() && instead.find(text) == std::string::npos)
        hidden_.emplace_back(std::move(text), std::move(instead));
}

void Migration::push(Finding finding)
{
    for (auto* const shown : {&finding.option, &finding.setting, &finding.note})
        for (const auto& [text, instead] : hidden_)
            for (auto at = shown->find(text); at != std::string::npos; at = shown->find(text, at + instead.size()))
                shown->replace(at, text.size(), instead);
    findings_.push_back(std::move(finding));
}

void Migration::use_check(std::string_view name)
{
    if (!uses_check(name))
        checks_.emplace_back(name);
}

bool Migration::uses_check(std::string_view name) const
{
    return std::find(checks_.begin(), checks_.end(), name) != checks_.end();
}

void Migration::note(const MetOption& option)
{
    const auto* const row = find_old_option(option.at.program, option.name, option.value);
    if (row)
        note(option, {row->fate, note_of(*row, false)});
    else
        fault(option.at, fmt::format("{} has no such option", option.at.program), option.text);
}

void Migration::note(const MetOption& option, Said said)
{
    push({option.at, option.text, outcome_of(said.fate), "", std::move(said.note)});
}

void Migration::tell(const OldLine& at, Said said, std::string setting)
{
    push({at, "", outcome_of(said.fate), std::move(setting), std::move(said.note)});
}

void Migration::fault(const OldLine& at, std::string what, std::string option)
{
    push({at, std::move(option), Outcome::fault, "", std::move(what)});
}

} // namespace postern
