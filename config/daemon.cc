#include "config/daemon.h"

#include "common/listen_socket.h"
#include "common/service.h"
#include "common/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/resource.h>

namespace postern {

std::string joined(const std::vector<Error>& faults)
{
    std::string text;
    for (const auto& fault : faults)
        text.append(text.empty() ? "" : "; ").append(fault.what);
    return text;
}

void print(const std::vector<Error>& faults, std::FILE* to)
{
    for (const auto& fault : faults)
        fmt::print(to, "{}\n", fault.what);
}

void log_warnings(Log& log, const std::vector<std::string>& warnings)
{
    for (const auto& warning : warnings)
        log.warning("configuration", {{"problem", warning}});
}

Result<FileDescriptor> open_listener(const DaemonSettings& settings, std::string activation_name)
{
    auto address = parse_socket_address(settings.listen);
    if (!address)
        return tl::unexpected(address.error());
    return open_listen_socket({.address = *address,
                               .activation_name = std::move(activation_name),
                               .mode = static_cast<mode_t>(settings.socket_mode),
                               .owner = settings.user,
                               .group = settings.socket_group});
}

Result<> open_control(Service& service, const DaemonSettings& settings, std::string activation_name)
{
    if (settings.control.empty())
        return {};
    SocketAddress address;
    address.path = settings.control;
    return service.open_control({.address = address,
                                 .activation_name = std::move(activation_name),
                                 .owner = settings.user,
                                 .group = settings.group});
}

Result<FileDescriptor> open_metrics(const DaemonSettings& settings, std::string activation_name)
{
    if (settings.metrics.empty())
        return FileDescriptor();
    auto address = parse_socket_address(settings.metrics);
    if (!address)
        return tl::unexpected(address.error());
    return open_listen_socket({.address = *address,
                               .activation_name = std::move(activation_name),
                               .owner = settings.user,
                               .group = settings.group});
}

void raise_descriptor_limit(std::size_t wanted, std::string_view setting, Log& log)
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted)
        log.warning("configuration", {{"problem", concat({setting, ": more than descriptors allow"})},
                                      {"descriptors", limit.rlim_cur}});
}

} // namespace postern
