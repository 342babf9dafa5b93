#include "config/postconf.h"

#include "common/text.h"

#include <algorithm>
#include <optional>

namespace postern {
namespace {

struct NameValue {
    std::string_view name, value;
};

// "name = value", as postconf(1) prints it.
std::optional<NameValue> name_value(std::string_view line)
{
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
        return std::nullopt;
    return NameValue{trim(line.substr(0, equals)), trim(line.substr(equals + 1))};
}

// service type private unpriv chroot wakeup maxproc command: master(5)
std::optional<PostfixService> read_service(std::string_view line, bool is_chrooted_by_default)
{
    const auto words = split_words(line);
    if (words.size() < 8 || words[0].ends_with(':')) // "postconf: warning: ..."
        return std::nullopt;
    const bool is_chrooted = words[4] == "y" || (words[4] == "-" && is_chrooted_by_default);
    const auto arguments = line.substr(static_cast<std::size_t>(words[7].data() + words[7].size() - line.data()));
    return PostfixService{std::string(words[0]), std::string(words[1]), std::string(words[7]), is_chrooted, {},
                          std::string(trim(arguments))};
}

// "submission/inet/smtpd_milters = value"
void read_option(PostfixConfig& config, std::string_view line)
{
    const auto option = name_value(line);
    const auto slash = option ? option->name.rfind('/') : std::string_view::npos;
    if (slash == std::string_view::npos)
        return;
    for (auto& service : config.services)
        if (service.text() == option->name.substr(0, slash))
            service.options.insert_or_assign(std::string(option->name.substr(slash + 1)), std::string(option->value));
}

bool is_separator(char c)
{
    return c == ',' || is_space(c);
}

// The length of the item that `text` begins with: braces hold it together.
std::size_t item_size(std::string_view text)
{
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '{')
            ++depth;
        else if (text[at] == '}')
            --depth;
        else if (depth <= 0 && is_separator(text[at]))
            return at;
    }
    return text.size();
}

// check_client_access hash:/x, reject_rbl_client zone, warn_if_reject reject_...: two items that are one restriction
bool wants_argument(std::string_view item)
{
    constexpr std::string_view prefixes[] = {"check_",        "reject_rbl_",   "reject_rhsbl_",
                                             "permit_dnswl_", "permit_rhswl_", "warn_if_reject"};
    return std::any_of(std::begin(prefixes), std::end(prefixes),
                       [&](std::string_view prefix) { return item.starts_with(prefix); });
}

} // namespace

std::string PostfixConfig::value(std::string_view parameter) const
{
    const auto it = parameters.find(parameter);
    return it == parameters.end() ? "" : it->second;
}

PostfixConfig read_postconf(const PostconfText& text)
{
    PostfixConfig config;
    for (const auto line : split(text.parameters, '\n'))
        if (const auto parameter = name_value(line))
            config.parameters.insert_or_assign(std::string(parameter->name), std::string(parameter->value));
    // postconf(5) compatibility_level: before level 1, "-" in the chroot column is yes
    const bool is_chrooted_by_default = config.value("compatibility_level") == "0";
    for (const auto line : split(text.services, '\n'))
        if (auto service = read_service(line, is_chrooted_by_default))
            config.services.push_back(std::move(*service));
    for (const auto line : split(text.options, '\n'))
        read_option(config, line);
    return config;
}

bool is_remark(std::string_view line)
{
    const auto text = trim(line);
    return text.empty() || text.front() == '#';
}

std::vector<std::string> split_postfix_list(std::string_view text)
{
    std::vector<std::string> items;
    for (;;) {
        while (!text.empty() && is_separator(text.front()))
            text.remove_prefix(1);
        if (text.empty())
            return items;
        const auto size = item_size(text);
        items.emplace_back(text.substr(0, size));
        text.remove_prefix(size);
    }
}

std::string join_postfix_list(const std::vector<std::string>& items)
{
    std::string text;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0)
            text += wants_argument(items[i - 1]) ? " " : ", ";
        text += items[i];
    }
    return text;
}

} // namespace postern
