#include "container/values.h"

#include "common/text.h"
#include "config/setting.h"
#include "config/suggestion.h"
#include "config/value.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::string_view file_suffix = "_FILE";
constexpr std::string_view manual_prefixes[] = {"POSTFIX_", "OPENDKIM_", "CLAMAV_", "FRESHCLAM_", "ENABLE_", "DKIM_",
                                                "RELAYHOST_", "SMTPD_", "POSTGREY_", "SYSLOG_"};

std::string_view canonical(std::string_view name)
{
    const auto* const row = find_variable(name);
    return row && !row->same_as.empty() ? row->same_as : name;
}

// Kubernetes and Docker's links put such names there for a service called postfix.
bool is_of_a_service(std::string_view name)
{
    return name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != std::string_view::npos
        || name.find("_PORT_") != std::string_view::npos || name.ends_with("_PORT");
}

bool has_control(std::string_view text, std::string_view allowed)
{
    return std::any_of(text.begin(), text.end(), [&](char c) {
        return (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) && allowed.find(c) == std::string_view::npos;
    });
}

Result<> check_number(const Variable& row, std::string_view text)
{
    const auto number = read_number(text);
    if (!number)
        return tl::unexpected(number.error());
    if ((row.low != 0 || row.high != 0) && (*number < row.low || *number > row.high))
        return fail("must be from {} to {}", row.low, row.high);
    return {};
}

Result<> check_value(const Variable& row, std::string_view text)
{
    if (has_control(text, row.kind == VariableKind::list ? "\n\r\t" : "\t"))
        return fail("has a control character");
    switch (row.kind) {
    case VariableKind::boolean:
        if (const auto flag = read_flag(text); !flag)
            return tl::unexpected(flag.error());
        break;
    case VariableKind::number:
        return check_number(row, text);
    case VariableKind::path:
        if (!text.starts_with('/'))
            return fail("\"{}\" is not an absolute path", printable(text, 80));
        break;
    case VariableKind::text:
    case VariableKind::list:
        break;
    }
    const std::vector<std::string_view> words(row.words.begin(), row.words.end());
    const auto items = row.kind == VariableKind::list ? read_list(text) : std::vector<std::string>{std::string(text)};
    for (const auto& item : items)
        if (!words.empty() && std::find(words.begin(), words.end(), item) == words.end())
            return fail("\"{}\" is not {}", printable(item, 40), one_of(words));
    return {};
}

// Do both values mean the same?
bool is_same(const Variable& row, const std::string& a, const std::string& b)
{
    if (row.kind != VariableKind::boolean)
        return row.kind == VariableKind::list ? read_list(a) == read_list(b) : a == b;
    const auto x = read_flag(a);
    const auto y = read_flag(b);
    return x && y && *x == *y;
}

class Reader {
public:
    Reader(const Environment& environment, const ReadFile& read_file, Environment& written, ReadValues& result)
        : environment_(environment)
        , read_file_(read_file)
        , written_(written)
        , result_(result)
    {
    }

    void read()
    {
        for (const auto* const row : variables())
            read(*row);
        for (const auto* const row : variables())
            compare(*row);
        for (const auto& [name, value] : environment_)
            if (!value.empty())
                look_at_stranger(name);
    }

private:
    void fault(std::string_view name, std::string_view what)
    {
        result_.faults.push_back({fmt::format("environment: {}: {}", name, what)});
    }

    const std::string* set(const std::string& name) const
    {
        const auto it = environment_.find(name);
        return it == environment_.end() || it->second.empty() ? nullptr : &it->second;
    }

    void read(const Variable& row)
    {
        const std::string name(row.name);
        const auto file_name = name + std::string(file_suffix);
        const auto* const value = set(name);
        const auto* const path = find_variable(file_name) ? nullptr : set(file_name);
        if (value && path)
            return fault(name, fmt::format("{} is set, too: which of them counts?", file_name));
        auto text = value ? *value : std::string();
        if (path) {
            auto content = read_file_(*path);
            if (!content)
                return fault(file_name, content.error().what);
            if (content->ends_with('\n'))
                content->pop_back();
            text = std::move(*content);
        }
        if (text.empty())
            return;
        if (const auto checked = check_value(row, text); !checked)
            return fault(path ? file_name : name, row.secret ? "is not what it should be" : checked.error().what);
        written_.emplace(name, std::move(text));
    }

    // Two names of one thing
    void compare(const Variable& row)
    {
        const auto it = written_.find(std::string(row.name));
        if (it == written_.end())
            return;
        if (const auto other = written_.find(std::string(row.same_as));
            !row.same_as.empty() && other != written_.end() && !is_same(row, it->second, other->second))
            fault(row.name, fmt::format("{} says something else: which of them counts?", row.same_as));
        const auto dot = row.setting.find('.');
        const auto* const setting =
            row.setting.empty() ? nullptr : find_setting(row.setting.substr(0, dot), row.setting.substr(dot + 1));
        if (!setting)
            return;
        const auto name = variable_of(*setting);
        if (const auto* const value = set(name); value && !is_same(row, it->second, *value))
            fault(row.name, fmt::format("{} says something else: which of them counts?", name));
    }

    void look_at_stranger(std::string_view name)
    {
        const auto plain =
            name.ends_with(file_suffix) ? name.substr(0, name.size() - file_suffix.size()) : name;
        if (find_variable(name) || find_variable(plain) || name.starts_with("POSTERN_") || is_of_a_service(name))
            return;
        std::vector<std::string_view> names;
        for (const auto* const row : variables())
            if (row->name.size() > 4) // TZ is near to everything
                names.push_back(row->name);
        const auto near = suggestion(plain, names);
        const bool is_theirs = std::any_of(std::begin(manual_prefixes), std::end(manual_prefixes),
                                           [&](auto prefix) { return name.starts_with(prefix); });
        if (near)
            result_.warnings.push_back(fmt::format("environment: {}: not known; did you mean {}?", name, *near));
        else if (is_theirs)
            result_.warnings.push_back(fmt::format("environment: {}: not known; ignored", name));
    }

    const Environment& environment_;
    const ReadFile& read_file_;
    Environment& written_;
    ReadValues& result_;
};

} // namespace

Result<bool> read_flag(std::string_view text)
{
    for (const auto word : {"true", "yes", "on", "1"})
        if (equals_ignoring_case(text, word))
            return true;
    for (const auto word : {"false", "no", "off", "0"})
        if (equals_ignoring_case(text, word))
            return false;
    return fail("\"{}\" is neither yes nor no", printable(text, 40));
}

std::optional<std::string> Values::find(std::string_view name) const
{
    const auto wanted = canonical(name);
    for (const auto& [written, value] : written_)
        if (canonical(written) == wanted)
            return value;
    return std::nullopt;
}

std::string Values::text(std::string_view name, std::string_view fallback) const
{
    return find(name).value_or(std::string(fallback));
}

bool Values::flag(std::string_view name, bool fallback) const
{
    const auto value = find(name);
    return value ? read_flag(*value).value_or(fallback) : fallback;
}

std::vector<std::string> Values::list(std::string_view name) const
{
    return read_list(text(name));
}

std::vector<std::string> Values::entries(std::string_view name) const
{
    std::vector<std::string> entries;
    const auto all = text(name);
    for (const auto line : split(all, '\n'))
        for (const auto part : split(line, ','))
            if (const auto entry = trim(part); !entry.empty())
                entries.emplace_back(entry);
    return entries;
}

bool Values::is_written(std::string_view name) const
{
    return written_.contains(std::string(name));
}

ReadValues read_values(const Environment& environment, const ReadFile& read_file)
{
    ReadValues result;
    Reader(environment, read_file, result.values.written_, result).read();
    return result;
}

} // namespace postern
