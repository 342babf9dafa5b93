#include "config/read_config.h"

#include "common/text.h"
#include "config/entries.h"
#include "config/suggestion.h"
#include "config/validate.h"

#include <algorithm>
#include <map>
#include <unordered_set>

namespace postern {
namespace {

std::string with_instance(std::string_view text, std::string_view instance)
{
    std::string result(text);
    if (const auto at = result.find("%i"); at != std::string::npos)
        result.replace(at, 2, instance);
    return result;
}

// Adds what the environment sets to what the file does.
void add_environment(SettingEntries& entries, const EnvironmentSettings& environment)
{
    std::map<std::pair<std::string_view, int>, int> element_of; // entry N of the environment, as an element
    for (const auto& from : environment.settings) {
        SettingEntry entry{from.setting, from.instance, -1, split_value(*from.setting, from.text),
                           {SettingOrigin::environment_line, "environment: " + from.variable}};
        if (from.number > 0) {
            auto& elements = entries.elements[std::string(from.setting->section)];
            const auto [it, is_new] =
                element_of.emplace(std::pair(from.setting->section, from.number), static_cast<int>(elements.size()));
            if (is_new)
                elements.push_back({SettingOrigin::environment_line,
                                    fmt::format("environment: {} {}", from.setting->section, from.number)});
            entry.element = it->second;
        }
        entries.entries.push_back(std::move(entry));
    }
}

// The settings of each element of a repeated section.
using Elements = std::vector<std::vector<const SettingEntry*>>;

Elements elements_of(const SettingEntries& entries, std::string_view section, std::size_t count)
{
    Elements elements(count);
    for (const auto& entry : entries.entries)
        if (entry.element >= 0 && entry.setting->section == section)
            elements[static_cast<std::size_t>(entry.element)].push_back(&entry);
    return elements;
}

const SettingEntry* find_entry(const std::vector<const SettingEntry*>& element, const Setting& setting)
{
    const auto is_it = [&](const SettingEntry* entry) { return entry->setting == &setting; };
    const auto it = std::find_if(element.begin(), element.end(), is_it);
    return it == element.end() ? nullptr : *it;
}

// Each element must say what is required, and not share all its keys with another.
void check_elements(const SettingEntries& entries, std::vector<ConfigFault>& faults)
{
    for (const auto& [section, origins] : entries.elements) {
        const auto elements = elements_of(entries, section, origins.size());
        std::map<std::string, std::size_t> first_with; // by the keys
        for (std::size_t i = 0; i < elements.size(); ++i) {
            Texts keys;
            bool is_complete = true;
            for (const auto& setting : settings()) {
                if (setting.section != section)
                    continue;
                const auto* const entry = find_entry(elements[i], setting);
                if (!entry && setting.required) {
                    faults.push_back({origins[i], fmt::format("{} is missing", setting.name)});
                    is_complete = false;
                }
                if (entry && setting.key)
                    keys.push_back(to_lower(entry->items.front()));
            }
            if (keys.empty()) // entries of this section may be alike
                continue;
            const auto name = fmt::format("{}", fmt::join(keys, " "));
            const auto [first, is_new] = first_with.emplace(name, i);
            if (!is_new && is_complete)
                faults.push_back(
                    {origins[i], fmt::format("{} stands twice, first at {}", name, origins[first->second].text)});
        }
    }
}

class Builder {
public:
    Builder(const SettingEntries& entries, std::vector<ConfigFault>& faults)
        : entries_(entries)
        , faults_(faults)
    {
    }

    ConfigCandidate build(const std::string& instance)
    {
        ConfigCandidate candidate{instance, {}, {}};
        set_defaults(candidate);
        set_elements(candidate);
        for (const auto& entry : entries_.entries) {
            const bool is_meant = instance.empty() || is_inherited(*entry.setting);
            if (entry.element < 0 && entry.instance.empty() && is_meant)
                set(candidate, entry);
        }
        if (!instance.empty())
            for (const auto& entry : entries_.entries)
                if (entry.instance == instance)
                    set(candidate, entry);
        return candidate;
    }

private:
    void set_defaults(ConfigCandidate& candidate)
    {
        for (const auto& setting : settings()) {
            if (find_section(setting.section)->kind == SectionKind::repeated)
                continue;
            const bool is_own = !candidate.instance.empty() && !is_inherited(setting);
            const auto text = is_own ? with_instance(setting.instance_fallback, candidate.instance)
                                     : std::string(setting.fallback);
            set_default(candidate.config, setting, text);
        }
    }

    void set_elements(ConfigCandidate& candidate)
    {
        auto& config = candidate.config;
        for (const auto& [name, origins] : entries_.elements) {
            for (std::size_t i = 0; i < origins.size(); ++i)
                candidate.origins.emplace(fmt::format("{}.{}", name, i), origins[i]);
            for (const auto& element : elements_of(entries_, name, origins.size())) {
                find_section(name)->append(config);
                for (const auto& setting : settings())
                    if (setting.section == name && !setting.required)
                        set_default(config, setting, setting.fallback);
                for (const auto* const entry : element)
                    set_or_fault(config, *entry);
            }
        }
    }

    void set_default(Config& config, const Setting& setting, std::string_view text)
    {
        if (const auto ok = set_value(config, setting, split_value(setting, text)); !ok)
            faults_.push_back({{0, fmt::format("default of {}.{}", setting.section, setting.name)}, ok.error().what});
    }

    void set(ConfigCandidate& candidate, const SettingEntry& entry)
    {
        set_or_fault(candidate.config, entry);
        candidate.origins[fmt::format("{}.{}", entry.setting->section, entry.setting->name)] = entry.origin;
    }

    void set_or_fault(Config& config, const SettingEntry& entry)
    {
        if (const auto ok = set_value(config, *entry.setting, entry.items); !ok)
            faults_.push_back({entry.origin, ok.error().what});
    }

    const SettingEntries& entries_;
    std::vector<ConfigFault>& faults_;
};

// A password in a file that everybody may read.
void warn_of_secrets(const SettingEntries& entries, std::vector<ConfigFault>& warnings)
{
    for (const auto& entry : entries.entries)
        if (entry.setting->secret && entry.origin.line != SettingOrigin::environment_line
            && !entry.items.front().empty())
            warnings.push_back({entry.origin,
                                fmt::format("everybody may read this file: chmod o-r, or put it into a file of its own "
                                            "and name that in {}_FILE",
                                            variable_of(*entry.setting))});
}

// In the order of the lines, each once: what all instances inherit is seen once for each.
std::vector<std::string> in_order(std::vector<ConfigFault> faults)
{
    std::stable_sort(faults.begin(), faults.end(),
                     [](const ConfigFault& a, const ConfigFault& b) { return a.origin.line < b.origin.line; });
    std::vector<std::string> lines;
    std::unordered_set<std::string> seen;
    for (const auto& fault : faults)
        if (auto line = fmt::format("{}: {}", fault.origin.text, fault.what); seen.insert(line).second)
            lines.push_back(std::move(line));
    return lines;
}

tl::unexpected<std::vector<Error>> all_faults(std::vector<ConfigFault> faults, const std::vector<Error>& of_environment)
{
    std::vector<Error> errors;
    for (auto& line : in_order(std::move(faults)))
        errors.push_back({std::move(line)});
    errors.insert(errors.end(), of_environment.begin(), of_environment.end());
    return tl::unexpected(std::move(errors));
}

ConfigFault no_such_instance(const ConfigSource& source, std::string_view instance, const Texts& instances)
{
    const auto meant = suggestion(instance, {instances.begin(), instances.end()});
    return {{0, source.path},
            fmt::format("there is no [milterd.{}]{}", instance,
                        meant ? fmt::format("; did you mean instance {}?", *meant) : "")};
}

} // namespace

tl::expected<LoadedConfig, std::vector<Error>> read_config(const ConfigSource& source, std::string_view instance)
{
    auto entries = read_entries(source.toml, source.path);
    const auto environment = read_environment(source.environment, entries.instances, source.read_file);
    add_environment(entries, environment);

    ConfigProblems problems{entries.faults, {}};
    check_elements(entries, problems.faults);
    if (source.is_readable_by_all)
        warn_of_secrets(entries, problems.warnings);
    Builder builder(entries, problems.faults);
    std::vector<ConfigCandidate> candidates{builder.build("")};
    for (const auto& name : entries.instances)
        candidates.push_back(builder.build(name));
    if (problems.faults.empty()) { // what a setting is worth together with another is known once all are read
        for (const auto& candidate : candidates)
            validate(candidate, source.path, problems);
        validate_sockets(candidates, source.path, problems);
    }
    const auto wanted = std::find_if(candidates.begin(), candidates.end(),
                                     [&](const ConfigCandidate& candidate) { return candidate.instance == instance; });
    if (wanted == candidates.end())
        problems.faults.push_back(no_such_instance(source, instance, entries.instances));
    if (!problems.faults.empty() || !environment.faults.empty())
        return all_faults(std::move(problems.faults), environment.faults);

    auto warnings = in_order(std::move(problems.warnings));
    warnings.insert(warnings.end(), environment.warnings.begin(), environment.warnings.end());
    return LoadedConfig{std::move(wanted->config), std::move(warnings), std::move(entries.instances)};
}

} // namespace postern
