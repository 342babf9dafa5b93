#include "config/migrate/draft.h"

#include "common/text.h"
#include "config/read_config.h"
#include "config/toml_value.h"

#include <algorithm>
#include <set>

namespace postern {
namespace {

constexpr std::string_view head = R"(# postern.toml - made by "postern migrate" from what the old programs were told
#
# All other settings are at their defaults: postern.toml(5) and the sample have them. "postern check" looks at
# this file, and "postern main-cf" prints what Postfix needs.
)";

// Would the table take it?
Result<> check_value(const Setting& setting, const Texts& items)
{
    Config config;
    if (const auto* const section = find_section(setting.section); section->append)
        section->append(config);
    return set_value(config, setting, items);
}

bool is_default(const Setting& setting, const Texts& items)
{
    Config ours, fallback;
    return set_value(ours, setting, items) && set_value(fallback, setting, split_value(setting, setting.fallback))
        && same_value(ours, fallback, setting);
}

tl::unexpected<Error> no_such(std::string_view name)
{
    return fail("{}: there is no such setting", name);
}

} // namespace

const Setting* find_setting(std::string_view full_name)
{
    const auto dot = full_name.rfind('.');
    return dot == std::string_view::npos ? nullptr : find_setting(full_name.substr(0, dot), full_name.substr(dot + 1));
}

std::string shown_setting(std::string_view full_name, const Texts& items)
{
    const auto* const setting = find_setting(full_name);
    if (!setting)
        return std::string(full_name);
    return fmt::format("{} = {}", full_name, setting->secret ? "(a secret)" : toml_value(*setting, items));
}

Result<> Draft::set(std::string_view name, const Texts& items, const OldLine& at)
{
    const auto* const setting = find_setting(name);
    if (!setting)
        return no_such(name);
    if (const auto ok = check_value(*setting, items); !ok)
        return ok;
    const auto it = values_.find(setting);
    if (it != values_.end() && it->second.origins.front().program != at.program && it->second.items != items)
        return fail("{} ({}) wants {}, and there can be only one", it->second.origins.front().where(),
                    it->second.origins.front().program, shown_setting(name, it->second.items));
    values_[setting] = {items, {at}};
    return {};
}

Result<> Draft::set(const RepeatedSection& section, std::string_view name, const Texts& items, const OldLine& at)
{
    const auto* const setting = find_setting(section.name, name);
    if (!setting)
        return no_such(fmt::format("{}.{}", section.name, name));
    if (const auto ok = check_value(*setting, items); !ok)
        return ok;
    repeated_[section.name][section.index][setting] = {items, {at}};
    return {};
}

Result<> Draft::add(std::string_view name, const std::string& item, const OldLine& at)
{
    const auto* const setting = find_setting(name);
    if (!setting)
        return no_such(name);
    if (const auto ok = check_value(*setting, {item}); !ok)
        return ok;
    const auto [it, is_new] = values_.try_emplace(setting);
    auto& value = it->second;
    if (is_new)
        value.items = split_value(*setting, setting->fallback);
    if (std::find(value.items.begin(), value.items.end(), item) == value.items.end())
        value.items.push_back(item);
    value.origins.push_back(at);
    return {};
}

Draft::RepeatedSection Draft::new_section(std::string_view name)
{
    auto& all = repeated_[std::string(name)];
    all.emplace_back();
    return {std::string(name), all.size() - 1};
}

const Texts* Draft::find(std::string_view name) const
{
    const auto* const setting = find_setting(name);
    const auto it = setting ? values_.find(setting) : values_.end();
    return it == values_.end() ? nullptr : &it->second.items;
}

std::size_t Draft::sections(std::string_view name) const
{
    const auto it = repeated_.find(name);
    return it == repeated_.end() ? 0 : it->second.size();
}

bool Draft::has_secret() const
{
    const auto holds = [](const Values& values) {
        return std::any_of(values.begin(), values.end(), [](const auto& value) { return value.first->secret; });
    };
    return holds(values_) || std::any_of(repeated_.begin(), repeated_.end(), [&](const auto& section) {
               return std::any_of(section.second.begin(), section.second.end(), holds);
           });
}

std::string Draft::settings_text(std::string_view section, const Values& values, bool with_defaults) const
{
    std::string text;
    for (const auto& setting : settings()) {
        const auto it = setting.section == section ? values.find(&setting) : values.end();
        if (it == values.end() || (!with_defaults && is_default(setting, it->second.items)))
            continue;
        std::set<std::string> shown;
        for (const auto& origin : it->second.origins)
            if (const auto where = printable(origin.where()); shown.insert(where).second)
                text += fmt::format("# {}\n", where);
        text += fmt::format("{} = {}\n", setting.name, toml_value(setting, it->second.items));
    }
    return text;
}

std::string Draft::text() const
{
    std::string text(head);
    for (const auto& section : postern::sections()) {
        if (section.kind == SectionKind::repeated) {
            if (const auto it = repeated_.find(section.name); it != repeated_.end())
                for (const auto& values : it->second)
                    text += fmt::format("\n[[{}]]\n{}", section.name, settings_text(section.name, values, true));
        } else if (const auto settings = settings_text(section.name, values_, false); !settings.empty()) {
            text += fmt::format("\n[{}]\n{}", section.name, settings);
        }
    }
    return text;
}

} // namespace postern
