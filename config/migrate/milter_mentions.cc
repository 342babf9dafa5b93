#include "config/migrate/milter_mentions.h"

#include "config/old_programs.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {
namespace {

// "inet:8891@localhost" is asked as "inet:localhost:8891", "local:/var/spool/postfix/x/y" as "unix:x/y".
bool is_same_socket(std::string_view address, std::string_view socket)
{
    if (socket.starts_with("inet")) {
        const auto port = socket.substr(socket.find(':') + 1);
        return address.ends_with(fmt::format(":{}", port.substr(0, port.find('@'))));
    }
    const auto path = address.substr(address.find(':') + 1);
    return !path.empty() && address.starts_with("unix:") && socket.ends_with(path);
}

std::vector<PostfixMention> milter_mentions(const OldPostfix& postfix, std::string_view program)
{
    auto all = mentions(postfix, program, [](auto item, auto) { return item.find(':') != item.npos; });
    std::erase_if(all, [](const PostfixMention& mention) {
        return mention.parameter != "smtpd_milters" && mention.parameter != "non_smtpd_milters";
    });
    return all;
}

} // namespace

bool is_named_milter(const OldPostfix& postfix, std::string_view program)
{
    const auto all = milter_mentions(postfix, program);
    return std::any_of(all.begin(), all.end(), [&](const PostfixMention& mention) {
        const auto* const known = find_old_milter(mention.text);
        return known && known->name == program;
    });
}

bool is_asked_milter(const OldPostfix& postfix, std::string_view program, std::string_view socket)
{
    if (postfix.config.parameters.empty() || is_named_milter(postfix, program))
        return true;
    const auto all = milter_mentions(postfix, program);
    return !socket.empty() && std::any_of(all.begin(), all.end(), [&](const PostfixMention& mention) {
        return is_same_socket(mention.text, socket);
    });
}

} // namespace postern
