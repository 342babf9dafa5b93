#include "container/variable_table.h"

#include "container/variable.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace postern {
namespace {

std::string code(std::string_view text)
{
    std::string result = "`";
    for (const char c : text) {
        if (c == '|')
            result += '\\'; // else it ends the cell
        result += c;
    }
    return text.empty() ? "" : result + '`';
}

std::string kind(const Variable& row)
{
    if (!row.words.empty())
        return fmt::format("{}", fmt::join(row.words, ", "));
    if (row.kind == VariableKind::number && row.high > row.low)
        return fmt::format("{} to {}", row.low, row.high);
    return std::string(kind_name(row.kind));
}

std::string same(const Variable& row)
{
    if (!row.same_as.empty())
        return fmt::format(" Same as `{}`.", row.same_as);
    return "";
}

} // namespace

std::string variable_table()
{
    std::string text = "| Variable | Manual | Value | Default | Sets | Meaning |\n| --- | --- | --- | --- | --- | --- |\n";
    for (const auto* const row : variables())
        text += fmt::format("| `{}` | {} | {} | {} | {} | {}{} |\n", row->name, manual_name(row->manual), kind(*row),
                            code(row->fallback), row->sets, row->meaning, same(*row));
    return text;
}

} // namespace postern
