#include "common/dnsbl/reply_template.h"

#include "common/text.h"

#include <algorithm>
#include <optional>

namespace postern {
namespace {

constexpr std::size_t longest_reply_template = 1000;
constexpr int deepest_nesting = 5;

constexpr std::string_view names[] = {
    "client",    "client_address", "client_name", "reverse_client_name", "helo_name",        "rbl_class",
    "rbl_code",  "rbl_domain",     "rbl_reason",  "rbl_what",            "recipient",        "recipient_domain",
    "recipient_name", "sender",    "sender_domain", "sender_name",
};

bool is_variable_character(char c)
{
    return is_alnum(c) || c == '_';
}

} // namespace

class ReplyTemplate::Parser {
public:
    Result<Parts> parse(std::string_view text, int depth = 0)
    {
        if (depth > deepest_nesting)
            return fail("has conditions within conditions, too deep to follow");
        Parts parts;
        std::string plain;
        const auto end_plain = [&] {
            if (!plain.empty())
                parts.push_back({std::exchange(plain, {})});
        };
        while (!text.empty()) {
            const auto dollar = text.find('$');
            plain.append(text.substr(0, dollar));
            if (dollar == std::string_view::npos)
                break;
            text.remove_prefix(dollar + 1);
            if (text.starts_with('$')) {
                plain.push_back('$');
                text.remove_prefix(1);
                continue;
            }
            end_plain();
            auto part = variable(text, depth);
            if (!part)
                return tl::unexpected(part.error());
            parts.push_back(std::move(*part));
        }
        end_plain();
        return parts;
    }

private:
    // What follows a dollar sign; `text` loses it.
    Result<Part> variable(std::string_view& text, int depth)
    {
        if (!text.starts_with('{') && !text.starts_with('(')) {
            const auto end = std::find_if_not(text.begin(), text.end(), is_variable_character);
            const auto name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
            text.remove_prefix(name.size());
            return named(name);
        }
        const auto inner = braced(text);
        if (!inner)
            return fail("\"$\" is followed by a \"{}\" that nothing closes", text.front());
        text.remove_prefix(inner->size() + 2);
        return condition(*inner, depth);
    }

    Result<Part> condition(std::string_view inner, int depth)
    {
        const auto end = static_cast<std::size_t>(
            std::find_if_not(inner.begin(), inner.end(), is_variable_character) - inner.begin());
        auto part = named(trim(inner.substr(0, end)));
        if (!part || end == inner.size())
            return part;
        const char kind = inner[end];
        auto rest = inner.substr(end + 1);
        if (kind != '?' && kind != ':')
            return fail("\"{}\" is followed by \"{}\", where only \"?\" and \":\" mean something", part->name,
                        printable(inner.substr(end, 1)));
        part->is_conditional = true;
        auto first = rest;
        std::optional<std::string_view> second;
        if (const auto in_braces = braced(trim(rest)); in_braces && trim(rest).starts_with('{')) {
            first = *in_braces;
            rest = trim(trim(rest).substr(first.size() + 2));
            if (kind == '?' && rest.starts_with(':')) {
                rest = trim(rest.substr(1));
                const auto other = braced(rest);
                second = other && rest.starts_with('{') ? *other : rest;
                rest = other ? rest.substr(other->size() + 2) : std::string_view();
            }
            if (!rest.empty())
                return fail("after the braces of \"{}\" stands something more", part->name);
        }
        auto parsed = parse(first, depth + 1);
        if (!parsed)
            return tl::unexpected(parsed.error());
        (kind == '?' ? part->if_set : part->if_empty) = std::move(*parsed);
        if (second) {
            auto otherwise = parse(*second, depth + 1);
            if (!otherwise)
                return tl::unexpected(otherwise.error());
            part->if_empty = std::move(*otherwise);
        }
        return part;
    }

    static Result<Part> named(std::string_view name)
    {
        const auto* const known = std::find(std::begin(names), std::end(names), name);
        if (known == std::end(names))
            return fail("${} stands for nothing here; these do: ${}", printable(name, 64), fmt::join(names, ", $"));
        Part part;
        part.name = *known;
        return part;
    }

    // What stands between the brace or parenthesis that `text` begins with and the one that closes it.
    static std::optional<std::string_view> braced(std::string_view text)
    {
        if (!text.starts_with('{') && !text.starts_with('('))
            return std::nullopt;
        const char open = text.front(), close = open == '{' ? '}' : ')';
        int depth = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            depth += text[i] == open ? 1 : text[i] == close ? -1 : 0;
            if (depth == 0)
                return text.substr(1, i - 1);
        }
        return std::nullopt;
    }
};

Result<ReplyTemplate> ReplyTemplate::parse(std::string_view text)
{
    if (text.size() > longest_reply_template)
        return fail("has {} octets; at most {} can be used", text.size(), longest_reply_template);
    auto parts = Parser().parse(text);
    if (!parts)
        return tl::unexpected(parts.error());
    ReplyTemplate parsed;
    parsed.parts_ = std::move(*parts);
    return parsed;
}

std::string ReplyTemplate::expand(const Values& values, std::size_t limit) const
{
    std::string out;
    expand(parts_, values, limit, out);
    return out;
}

void ReplyTemplate::expand(const Parts& parts, const Values& values, std::size_t limit, std::string& out)
{
    for (const auto& part : parts) {
        if (part.is_conditional)
            expand(values(part.name).empty() ? part.if_empty : part.if_set, values, limit, out);
        else
            out.append((part.name.empty() ? part.text : values(part.name)).substr(0, limit - out.size()));
    }
}

bool ReplyTemplate::uses(std::string_view name) const
{
    return uses(parts_, name);
}

bool ReplyTemplate::uses(const Parts& parts, std::string_view name)
{
    return std::any_of(parts.begin(), parts.end(), [&](const Part& part) {
        return part.name == name || uses(part.if_set, name) || uses(part.if_empty, name);
    });
}

Result<> check_reply_template(std::string_view text)
{
    const auto parsed = ReplyTemplate::parse(text);
    if (!parsed)
        return tl::unexpected(parsed.error());
    for (const std::string_view other : {"x", ""}) { // all that is not known each time is empty
        const auto begin = parsed->expand([&](std::string_view name) { return name == "rbl_code" ? "550" : other; });
        const bool has_code = begin.size() >= 3 && (begin[0] == '4' || begin[0] == '5') && is_digit(begin[1])
            && is_digit(begin[2]) && (begin.size() == 3 || begin[3] == ' ');
        if (!has_code)
            return fail("must begin with $rbl_code or a code from 400 to 599");
    }
    return {};
}

} // namespace postern
