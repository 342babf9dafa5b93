#include "common/spf/spf_text.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t max_value = 600; // octets: a reply is shorter

struct Placeholder {
    std::string_view name;
    std::string_view SpfTextValues::*value;
};

constexpr Placeholder placeholders[] = {
    {"action", &SpfTextValues::action},     {"result", &SpfTextValues::result}, {"reason", &SpfTextValues::reason},
    {"identity", &SpfTextValues::identity}, {"domain", &SpfTextValues::domain}, {"client", &SpfTextValues::client},
    {"receiver", &SpfTextValues::receiver},
};

const Placeholder* find_placeholder(std::string_view name)
{
    const auto is_it = [&](const Placeholder& placeholder) { return placeholder.name == name; };
    const auto* const it = std::find_if(std::begin(placeholders), std::end(placeholders), is_it);
    return it == std::end(placeholders) ? nullptr : it;
}

// Takes what stands before the next '{', and then, as `name`, what stands in braces.
std::string_view take_literal(std::string_view& text, std::string_view& name)
{
    const auto open = text.find('{');
    const auto literal = text.substr(0, open);
    const auto close = open == std::string_view::npos ? open : text.find('}', open);
    name = close == std::string_view::npos ? std::string_view() : text.substr(open + 1, close - open - 1);
    text.remove_prefix(close == std::string_view::npos ? text.size() : close + 1);
    return literal;
}

} // namespace

Result<> check_spf_text(std::string_view text)
{
    while (!text.empty()) {
        const auto from = text.substr(text.find('{') == std::string_view::npos ? text.size() : text.find('{'));
        std::string_view name;
        take_literal(text, name);
        if (!from.empty() && !find_placeholder(name))
            return fail("{} stands for nothing here; {{action}}, {{result}}, {{reason}}, {{identity}}, {{domain}}, "
                        "{{client}} and {{receiver}} do",
                        printable(from.substr(0, from.find('}') == std::string_view::npos ? 20 : from.find('}') + 1), 40));
    }
    return {};
}

std::string write_spf_text(std::string_view text, const SpfTextValues& values)
{
    std::string written;
    while (!text.empty()) {
        std::string_view name;
        written += take_literal(text, name);
        if (const auto* const placeholder = find_placeholder(name))
            written += (values.*placeholder->value).substr(0, max_value);
    }
    return written;
}

} // namespace postern
