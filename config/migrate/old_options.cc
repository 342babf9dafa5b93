#include "config/migrate/old_options.h"

#include "common/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {
namespace {

constexpr std::size_t width = 120;

constexpr const OldOptions* parts[] = {
    &postgrey_options,         &postfix_dnsbl_options,    &policyd_spf_options,
    &ldap_table_options,       &opendkim_tools_options,   &clamav_milter_options,
    &opendkim_signing_options, &opendkim_running_options, &opendkim_verifying_options,
};

bool is_part_of_name(char c)
{
    return is_alnum(c) || c == '_' || c == '-';
}

struct Spelling {
    std::string_view name, value; // "--ipv4cidr", "N"; "HELO_reject", "Softfail"
};

// What stands between `backticks`.
Spelling spelling_of(std::string_view code)
{
    const auto end = std::find_if_not(code.begin(), code.end(), is_part_of_name);
    const auto size = static_cast<std::size_t>(end - code.begin());
    auto value = trim(code.substr(size));
    if (value.starts_with("="))
        value = trim(value.substr(1));
    return {code.substr(0, size), value};
}

struct Wanted {
    std::string_view name, value;
    bool ignores_case;

    bool names(const Spelling& spelling) const
    {
        return ignores_case ? equals_ignoring_case(spelling.name, name) : spelling.name == name;
    }
};

// A row that names several values of one option names the option only once: `On = A`, `B`.
bool has_value(std::string_view names, const Wanted& wanted)
{
    const auto codes = split(names, '`');
    bool is_named = false;
    for (std::size_t i = 1; i < codes.size(); i += 2) {
        const auto spelling = spelling_of(codes[i]);
        is_named = is_named || wanted.names(spelling);
        const bool is_next = spelling.value.empty() && equals_ignoring_case(codes[i], wanted.value);
        if (is_named && (equals_ignoring_case(spelling.value, wanted.value) || is_next))
            return true;
    }
    return false;
}

bool has_name(std::string_view names, const Wanted& wanted)
{
    const auto codes = split(names, '`');
    for (std::size_t i = 1; i < codes.size(); i += 2)
        if (wanted.names(spelling_of(codes[i])))
            return true;
    return false;
}

template <class Has>
const OldOption* find(std::string_view program, const Wanted& wanted, Has has)
{
    for (const auto* const part : parts)
        if (part->program == program)
            for (const auto& table : part->tables)
                for (const auto& row : table.rows)
                    if (has(row.names, wanted))
                        return &row;
    return nullptr;
}

std::string wrapped(std::string_view paragraph)
{
    std::string result, line;
    for (const auto word : split_words(paragraph)) {
        if (!line.empty() && line.size() + 1 + word.size() > width) {
            result += line + '\n';
            line.clear();
        }
        line += (line.empty() ? "" : " ") + std::string(word);
    }
    return result + line + '\n';
}

void add_table(std::string& document, const OldTable& table)
{
    document += fmt::format("\n| {} | Postern | note |\n|---|---|---|\n", table.head);
    for (const auto& row : table.rows)
        document += fmt::format("| {} | {} |{}{} |\n", row.names, row.setting, row.note.empty() ? "" : " ", row.note);
}

void add_part(std::string& document, const OldOptions& part)
{
    document += fmt::format("\n## {}\n", part.heading);
    for (auto text = part.text; !text.empty();) {
        const auto end = std::min(text.find("\n\n"), text.size());
        document += '\n' + wrapped(text.substr(0, end));
        text.remove_prefix(std::min(end + 2, text.size()));
    }
    for (const auto& table : part.tables)
        add_table(document, table);
}

} // namespace

const OldOption* find_old_option(std::string_view program, std::string_view name, std::string_view value)
{
    for (const bool ignores_case : {false, true}) {
        const Wanted wanted{name, value, ignores_case};
        if (!value.empty())
            if (const auto* const row = find(program, wanted, has_value))
                return row;
        if (const auto* const row = find(program, wanted, has_name))
            return row;
    }
    return nullptr;
}

std::string compatibility_document()
{
    std::string document = "# What becomes of the old programs' options\n\n";
    document += wrapped("For each option of a program that Postern replaces: the setting of `postern.toml` that does it, "
                        "*always so*, or *refused* and why. `postern migrate` reads the old programs' files and says the "
                        "same of what it finds there.");
    for (const auto* const part : parts)
        add_part(document, *part);
    return document;
}

} // namespace postern
