#include "milterd/dkim_header.h"

#include "common/text.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace postern {

std::vector<std::string> field_names(const std::vector<HeaderField>& header)
{
    std::vector<std::string> names;
    names.reserve(header.size());
    for (const auto& field : header)
        names.push_back(to_lower(trim(field.name))); // as libopendkim takes "From :"
    return names;
}

std::vector<std::size_t> covered_fields(std::span<const std::string> names, std::span<const std::string> signed_fields)
{
    std::map<std::string, std::size_t> wanted;
    for (const auto& name : signed_fields)
        ++wanted[to_lower(name)];
    std::vector<std::size_t> covered;
    for (std::size_t at = names.size(); at-- > 0;) {
        const auto name = wanted.find(names[at]);
        if (name == wanted.end() || name->second == 0)
            continue;
        --name->second;
        covered.push_back(at);
    }
    std::reverse(covered.begin(), covered.end());
    return covered;
}

std::string wire_text(const HeaderField& field)
{
    std::string text;
    text.reserve(field.name.size() + 1 + field.value.size() + 16);
    text.append(field.name).append(":");
    for (const char c : field.value) {
        if (c == '\n' && text.back() != '\r')
            text += '\r';
        text += c;
    }
    return text;
}

bool is_misread_when_relaxed(const HeaderField& field)
{
    const std::string_view value = field.value;
    if (value.find_first_of(std::string_view("\0\v\f", 3)) != value.npos)
        return true;
    for (auto cr = value.find('\r'); cr != value.npos; cr = value.find('\r', cr + 1))
        if (cr + 1 == value.size() || value[cr + 1] != '\n')
            return true;
    return false;
}

} // namespace postern
