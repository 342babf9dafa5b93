#include "config/environment.h"

#include "common/text.h"

#include <algorithm>
#include <optional>

namespace postern {
namespace {

constexpr std::string_view prefix = "POSTERN_";
constexpr std::string_view file_suffix = "_FILE";
constexpr int most_entries = 99; // of a repeated section

char to_variable_char(char c)
{
    if (c >= 'a' && c <= 'z')
        return static_cast<char>(c - 'a' + 'A');
    return is_alnum(c) ? c : '_';
}

// "POSTERN_DKIM_DOMAIN_1_KEY" of "dkim.domain", "1", "key"
std::string variable_name(std::string_view section, std::string_view table, std::string_view name)
{
    std::string variable(prefix);
    for (const auto part : {section, table, name}) {
        if (part.empty())
            continue;
        if (variable.size() > prefix.size())
            variable += '_';
        std::transform(part.begin(), part.end(), std::back_inserter(variable), to_variable_char);
    }
    return variable;
}

// The N of "POSTERN_DKIM_DOMAIN_N_KEY".
std::optional<int> entry_number(const Setting& setting, std::string_view variable)
{
    const auto begin = variable_name(setting.section, {}, {}) + '_';
    const auto end = '_' + variable_name({}, {}, setting.name).substr(prefix.size());
    if (variable.size() <= begin.size() + end.size() || !variable.starts_with(begin) || !variable.ends_with(end))
        return std::nullopt;
    const auto digits = variable.substr(begin.size(), variable.size() - begin.size() - end.size());
    const auto number = read_number(digits);
    if (!number || *number < 1 || *number > most_entries || digits.front() == '0')
        return std::nullopt;
    return static_cast<int>(*number);
}

std::optional<EnvironmentSetting> match(const Setting& setting, const Texts& instances, const std::string& variable)
{
    const auto kind = find_section(setting.section)->kind;
    if (kind == SectionKind::repeated) {
        if (const auto number = entry_number(setting, variable))
            return EnvironmentSetting{&setting, "", *number, variable, ""};
        return std::nullopt;
    }
    if (variable_name(setting.section, {}, setting.name) == variable)
        return EnvironmentSetting{&setting, "", 0, variable, ""};
    if (kind == SectionKind::per_instance)
        for (const auto& instance : instances)
            if (variable_name(setting.section, instance, setting.name) == variable)
                return EnvironmentSetting{&setting, instance, 0, variable, ""};
    return std::nullopt;
}

std::optional<EnvironmentSetting> match(const Texts& instances, const std::string& variable)
{
    for (const auto& setting : settings())
        if (const auto found = match(setting, instances, variable))
            return found;
    return std::nullopt;
}

} // namespace

Environment environment_of(const char* const* environ)
{
    Environment environment;
    for (; *environ; ++environ) {
        const std::string_view entry(*environ);
        const auto equals = entry.find('=');
        if (entry.starts_with(prefix) && equals != std::string_view::npos)
            environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return environment;
}

EnvironmentSettings read_environment(const Environment& environment, const Texts& instances, const ReadFile& read_file)
{
    EnvironmentSettings got;
    const auto fault = [&](std::string_view variable, std::string_view what) {
        got.faults.push_back({fmt::format("environment: {}: {}", variable, what)});
    };
    for (const auto& [variable, value] : environment) {
        const bool is_file = std::string_view(variable).ends_with(file_suffix);
        const auto name = is_file ? variable.substr(0, variable.size() - file_suffix.size()) : variable;
        auto found = match(instances, name);
        if (!found) {
            got.warnings.push_back(fmt::format("environment: {}: no such setting; ignored", variable));
            continue;
        }
        found->variable = variable;
        found->text = value;
        if (is_file) {
            if (environment.contains(name)) {
                fault(name, fmt::format("{} is set, too: which of them counts?", variable));
                continue;
            }
            auto content = read_file(value);
            if (!content) {
                fault(variable, content.error().what);
                continue;
            }
            if (content->ends_with('\n'))
                content->pop_back();
            found->text = std::move(*content);
        }
        got.settings.push_back(std::move(*found));
    }
    std::stable_sort(got.settings.begin(), got.settings.end(),
                     [](const auto& a, const auto& b) { return a.number < b.number; });
    return got;
}

std::string variable_of(const Setting& setting)
{
    const bool repeated = find_section(setting.section)->kind == SectionKind::repeated;
    return variable_name(setting.section, repeated ? "N" : "", setting.name);
}

} // namespace postern
