#include "config/entries.h"

#include "common/text.h"
#include "config/suggestion.h"

#include <algorithm>
#include <toml++/toml.h>

namespace postern {
namespace {

constexpr std::size_t longest_instance_name = 32;

const char* kind_of(const toml::node& node)
{
    switch (node.type()) {
    case toml::node_type::table:
        return "a section";
    case toml::node_type::array:
        return "a list";
    case toml::node_type::string:
        return "a text";
    case toml::node_type::integer:
        return "a number";
    case toml::node_type::floating_point:
        return "a number with a fraction";
    case toml::node_type::boolean:
        return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
        return "a date or time";
    case toml::node_type::none:
        break;
    }
    return "nothing";
}

// The items of a value of that shape; nothing if the node has another one.
std::optional<Texts> items_of(const toml::node& node, Shape shape)
{
    const auto* const text = node.as_string();
    const auto* const number = node.as_integer();
    switch (shape) {
    case Shape::boolean:
        if (const auto* const truth = node.as_boolean())
            return Texts{truth->get() ? "true" : "false"};
        return std::nullopt;
    case Shape::number:
        return number ? std::optional(Texts{std::to_string(number->get())}) : std::nullopt;
    case Shape::size:
        if (number)
            return Texts{std::to_string(number->get())};
        return text ? std::optional(Texts{text->get()}) : std::nullopt;
    case Shape::text:
        return text ? std::optional(Texts{text->get()}) : std::nullopt;
    case Shape::list:
        break;
    }
    const auto* const array = node.as_array();
    if (!array)
        return std::nullopt;
    Texts items;
    for (const auto& item : *array) {
        if (!item.is_string())
            return std::nullopt;
        items.push_back(item.as_string()->get());
    }
    return items;
}

bool is_instance_name(std::string_view name)
{
    const auto fits = [](char c) { return is_alnum(c) || c == '-'; };
    return !name.empty() && name.size() <= longest_instance_name && std::all_of(name.begin(), name.end(), fits)
        && name.front() != '-';
}

// "; did you mean ...?", or nothing.
std::string hint_for_setting(std::string_view section, std::string_view name)
{
    std::vector<std::string_view> names;
    for (const auto& setting : settings())
        if (setting.section == section)
            names.push_back(setting.name);
    for (const auto& inner : sections())
        if (inner.name.starts_with(fmt::format("{}.", section)))
            names.push_back(inner.name.substr(section.size() + 1));
    if (const auto meant = suggestion(name, names)) {
        const auto inner = fmt::format("{}.{}", section, *meant);
        return find_section(inner) ? fmt::format("; did you mean [[{}]]?", inner)
                                   : fmt::format("; did you mean {}?", *meant);
    }
    for (const auto& setting : settings())
        if (setting.name == name)
            return fmt::format("; there is one in [{}]", setting.section);
    return "";
}

std::string hint_for_section(std::string_view name)
{
    std::vector<std::string_view> names;
    for (const auto& section : sections())
        if (section.name.find('.') == std::string_view::npos)
            names.push_back(section.name);
    const auto meant = suggestion(name, names);
    return meant ? fmt::format("; did you mean [{}]?", *meant) : "";
}

class EntriesReader {
public:
    EntriesReader(std::string_view path, SettingEntries& got)
        : path_(path)
        , got_(got)
    {
    }

    void file(const toml::table& file)
    {
        for (const auto& [key, body] : file)
            top_level(key, body);
        // An instance is one by its [milterd.NAME]; [dkim.NAME] alone is a slip.
        for (const auto& named : named_)
            if (std::find(got_.instances.begin(), got_.instances.end(), named.name) == got_.instances.end())
                got_.faults.push_back(
                    {named.origin, fmt::format("there is no [{}.{}]", instances_section, named.name)});
    }

    void fault(const toml::source_region& at, std::string_view name, std::string what)
    {
        got_.faults.push_back({origin(at, name), std::move(what)});
    }

private:
    // What one table of the file is about.
    struct Place {
        const Section& section;
        std::string name; // as in faults: "milterd", "milterd.submission", "dkim.domain"
        std::string instance;
        int element = -1;
    };

    SettingOrigin origin(const toml::source_region& at, std::string_view name) const
    {
        const auto line = static_cast<int>(at.begin.line);
        return {line, fmt::format("{}:{}{}{}", path_, line, name.empty() ? "" : ": ", name)};
    }

    void top_level(const toml::key& key, const toml::node& body)
    {
        const auto* const section = find_section(key.str());
        if (!section || key.str().find('.') != std::string_view::npos) {
            no_such_section(key, body);
            return;
        }
        if (section->kind == SectionKind::repeated)
            repeated(*section, body);
        else if (const auto* const table = body.as_table())
            settings_of({*section, std::string(section->name), "", -1}, *table);
        else
            fault(key.source(), section->name, fmt::format("is a section: write [{}]", section->name));
    }

    void no_such_section(const toml::key& key, const toml::node& body)
    {
        if (!body.is_table() && !body.is_array_of_tables()) {
            fault(key.source(), key.str(), "stands in no section");
            return;
        }
        fault(key.source(), key.str(), "no such section" + hint_for_section(key.str()));
    }

    void repeated(const Section& section, const toml::node& body)
    {
        const auto* const array = body.as_array();
        if (!array || !array->is_homogeneous<toml::table>()) {
            fault(body.source(), section.name, fmt::format("is a section that repeats: write [[{}]]", section.name));
            return;
        }
        auto& elements = got_.elements[std::string(section.name)];
        for (const auto& element : *array) {
            elements.push_back(origin(element.source(), section.name));
            settings_of({section, std::string(section.name), "", static_cast<int>(elements.size()) - 1},
                        *element.as_table());
        }
    }

    void settings_of(const Place& place, const toml::table& table)
    {
        for (const auto& [key, value] : table) {
            const auto full_name = fmt::format("{}.{}", place.name, key.str());
            const auto* const inner = place.instance.empty() ? find_section(full_name) : nullptr;
            if (const auto* const setting = find_setting(place.section.name, key.str()))
                value_of(place, *setting, full_name, value);
            else if (inner)
                repeated(*inner, value);
            else if (value.is_table() && place.section.kind == SectionKind::per_instance && place.instance.empty())
                instance(place.section, key, *value.as_table());
            else
                no_such_setting(place, key);
        }
    }

    void instance(const Section& section, const toml::key& key, const toml::table& table)
    {
        const auto full_name = fmt::format("{}.{}", section.name, key.str());
        if (!is_instance_name(key.str())) {
            fault(key.source(), full_name, "the name of an instance has letters, digits and - only, 32 at most");
            return;
        }
        if (section.name == instances_section)
            got_.instances.emplace_back(key.str());
        else
            named_.push_back({origin(key.source(), full_name), std::string(key.str())});
        settings_of({section, full_name, std::string(key.str()), -1}, table);
    }

    void value_of(const Place& place, const Setting& setting, const std::string& full_name, const toml::node& value)
    {
        auto items = items_of(value, shape_of(setting));
        if (!items) {
            fault(value.source(), full_name, fmt::format("wants {}, not {}", wanted(setting), kind_of(value)));
            return;
        }
        got_.entries.push_back(
            {&setting, place.instance, place.element, std::move(*items), origin(value.source(), full_name)});
    }

    void no_such_setting(const Place& place, const toml::key& key)
    {
        fault(key.source(), fmt::format("{}.{}", place.name, key.str()),
              "no such setting" + hint_for_setting(place.section.name, key.str()));
    }

    struct Named {
        SettingOrigin origin;
        std::string name;
    };

    static constexpr std::string_view instances_section = "milterd";

    std::string_view path_;
    SettingEntries& got_;
    std::vector<Named> named_;
};

} // namespace

SettingEntries read_entries(std::string_view toml_text, std::string_view path)
{
    SettingEntries got;
    EntriesReader reader(path, got);
    try {
        reader.file(toml::parse(toml_text, path));
    } catch (const toml::parse_error& error) { // toml++ reports bad syntax by exception: it ends here
        got.faults.clear();
        reader.fault(error.source(), "", std::string(error.description()));
    }
    return got;
}

} // namespace postern
