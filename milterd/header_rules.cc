#include "milterd/header_rules.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace postern {
namespace {

struct Rule {
    std::string_view name;
    bool is_required;
};

// RFC 5322 3.6, the table: those with a maximum of one
constexpr Rule rules[] = {
    {"From", true},        {"Date", true},     {"Sender", false},      {"Reply-To", false},   {"To", false},     {"Cc", false},
    {"Bcc", false},        {"Message-ID", false}, {"In-Reply-To", false}, {"References", false}, {"Subject", false},
};

} // namespace

std::string header_fault(const std::vector<HeaderField>& header)
{
    for (const auto& rule : rules) {
        const auto count = std::count_if(header.begin(), header.end(), [&](const HeaderField& field) {
            return has_name(field, rule.name);
        });
        if (count == 0 && rule.is_required)
            return "no " + std::string(rule.name) + " field";
        if (count > 1)
            return "several " + std::string(rule.name) + " fields";
    }
    return {};
}

} // namespace postern
