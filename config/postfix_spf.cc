#include "config/postfix_spf.h"

#include "common/socket_address.h"
#include "common/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {
namespace {

// `milters` as Postfix has it names the socket where milterd listens.
bool names_socket(std::string_view milters, const std::string& listen, const std::string& queue)
{
    const auto address = parse_socket_address(listen).value_or(SocketAddress()); // the table has checked it
    auto socket = address.is_unix() ? address.path : address.text();
    if (address.is_unix() && !queue.empty() && socket.starts_with(queue + "/"))
        socket.erase(0, queue.size() + 1); // with it before or without, both end so
    return !socket.empty() && milters.find(socket) != std::string_view::npos;
}

bool asks_milterd(const PostfixConfig& postfix, const std::string& listen)
{
    const auto queue = postfix.value("queue_directory");
    const auto asks = [&](const PostfixService& service) {
        const auto option = service.options.find("smtpd_milters");
        return option != service.options.end() && names_socket(option->second, listen, queue);
    };
    return names_socket(postfix.value("smtpd_milters"), listen, queue)
        || std::any_of(postfix.services.begin(), postfix.services.end(), asks);
}

} // namespace

std::string postfix_spf_fault(const PostfixConfig& postfix, const Config& config, std::string_view host)
{
    if (!config.spf.enable || config.spf.observe || config.spf.header != SpfHeader::authentication_results)
        return {};
    const auto name = [&](const std::string& authserv_id) { return authserv_id.empty() ? host : authserv_id; };
    if (!equals_ignoring_case(name(config.spf.authserv_id), name(config.milterd.authserv_id)))
        return {};
    if (!asks_milterd(postfix, config.milterd.listen))
        return {};
    return fmt::format("spf.header: authentication_results cannot be: postern-milterd, which smtpd_milters names, has the "
                       "same name ({}), removes such a field and writes its own. Leave it to that (\"none\"), or choose "
                       "received_spf",
                       name(config.spf.authserv_id));
}

} // namespace postern
