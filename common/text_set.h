// text_set - a set of texts that is asked by string_view
//
// For tables of the operator's own: std::hash has no secret, and needs none
// where the peer does not choose what is put in.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace postern {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

// The first of `name`, its parent domain, the parent of that ... that the table has; end() if it has none.
template <class Table>
typename Table::const_iterator find_domain(const Table& table, std::string_view name)
{
    for (;;) {
        if (const auto it = table.find(name); it != table.end())
            return it;
        const auto dot = name.find('.');
        if (dot == std::string_view::npos)
            return table.end();
        name.remove_prefix(dot + 1);
    }
}

} // namespace postern
