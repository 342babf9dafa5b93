#include "common/listen_socket.h"

#include "common/privileges.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <optional>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <thread>

namespace postern {
namespace {

constexpr int backlog = 1024; // the kernel takes less if net.core.somaxconn is less
constexpr mode_t directory_mode = 02750;
constexpr auto lock_step = std::chrono::milliseconds(50);
constexpr int lock_steps = 20;

constexpr uid_t same_owner = static_cast<uid_t>(-1); // chown(2): leave it
constexpr gid_t same_group = static_cast<gid_t>(-1);

struct Ownership {
    uid_t owner = same_owner;
    gid_t group = same_group;
};

tl::unexpected<Error> system_fault(const SocketAddress& address, std::string_view what)
{
    return fail("{}: {}: {}", address.text(), what, std::strerror(errno));
}

Result<Ownership> find_ownership(const ListenOptions& options)
{
    Ownership ownership;
    if (!options.owner.empty()) {
        const auto owner = find_user(options.owner);
        if (!owner)
            return tl::unexpected(owner.error());
        ownership.owner = *owner;
    }
    if (!options.group.empty()) {
        const auto group = find_group(options.group);
        if (!group)
            return tl::unexpected(group.error());
        ownership.group = *group;
    }
    return ownership;
}

// The descriptor of that FileDescriptorName= that systemd has opened for us, if any.
Result<std::optional<FileDescriptor>> take_activated(const std::string& name)
{
    char** names = nullptr;
    const int count = sd_listen_fds_with_names(0, &names);
    if (count < 0)
        return fail("LISTEN_FDS: {}", std::strerror(-count));
    int fd = -1;
    for (int i = 0; i < count; ++i) {
        if (names[i] == name && fd < 0)
            fd = SD_LISTEN_FDS_START + i;
        std::free(names[i]);
    }
    std::free(names);

    if (fd < 0)
        return std::nullopt;
    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
        return fail("the descriptor \"{}\" from systemd is not a listening stream socket", name);
    return FileDescriptor(fd);
}

// One who opens a socket in a directory at a time: between another's bind and
// its listen, its socket looks dead.
Result<FileDescriptor> lock_directory(const std::string& directory)
{
    FileDescriptor lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock)
        return fail("cannot open the directory {}: {}", directory, std::strerror(errno));
    for (int i = 0; i < lock_steps; ++i) {
        if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0)
            return lock;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail("cannot lock the directory {}: {}", directory, std::strerror(errno));
        std::this_thread::sleep_for(lock_step);
    }
    return fail("the directory {} is locked by another process", directory);
}

Result<> make_directory(const std::string& directory, const Ownership& ownership)
{
    if (::mkdir(directory.c_str(), 0700) != 0) {
        if (errno == EEXIST) // its rights are the operator's affair
            return {};
        return fail("cannot make the directory {}: {}", directory, std::strerror(errno));
    }
    // The mode last: until then it is ours alone.
    if (::lchown(directory.c_str(), ownership.owner, ownership.group) != 0 || ::chmod(directory.c_str(), directory_mode) != 0)
        return fail("cannot set owner and mode of the directory {}: {}", directory, std::strerror(errno));
    return {};
}

// Makes way for a new socket: removes one that nobody listens on any more.
Result<> remove_stale(const SocketAddress& address)
{
    struct stat status {};
    if (::lstat(address.path.c_str(), &status) != 0)
        return errno == ENOENT ? Result<>() : system_fault(address, "cannot look at it");
    if (!S_ISSOCK(status.st_mode))
        return fail("{}: there is something that is not a socket", address.text());

    const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto name = unix_sockaddr(address.path);
    if (!probe)
        return system_fault(address, "cannot make a socket");
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 || errno == EAGAIN
        || errno == EPROTOTYPE)
        return fail("{}: in use by another process", address.text());
    if (errno != ECONNREFUSED && errno != ENOENT)
        return system_fault(address, "cannot tell whether it is in use");
    if (::unlink(address.path.c_str()) != 0 && errno != ENOENT)
        return system_fault(address, "cannot remove what is left of it");
    return {};
}

// lchown(2) only where it is needed: in a folder with the bit setgid the group is right already, and then it works in
// units, too, whose filter of system calls leaves it out.
bool set_ownership(const char* path, const Ownership& wanted)
{
    struct stat is {};
    if (::lstat(path, &is) == 0 && (wanted.owner == same_owner || wanted.owner == is.st_uid)
        && (wanted.group == same_group || wanted.group == is.st_gid))
        return true;
    return ::lchown(path, wanted.owner, wanted.group) == 0;
}

// Owner, group and mode before listen(2): until then a client is refused.
Result<FileDescriptor> bind_unix(const ListenOptions& options, const Ownership& ownership)
{
    const auto& path = options.address.path;
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto name = unix_sockaddr(path);
    // The mode before bind(2) is the mode that the file is made with (unix(7)): none, whatever the umask.
    if (!socket || ::fchmod(socket.get(), 0) != 0
        || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
        return system_fault(options.address, "cannot make the socket");

    std::optional<tl::unexpected<Error>> fault;
    if (!set_ownership(path.c_str(), ownership))
        fault = system_fault(options.address, "cannot set owner and group");
    else if (::fchmodat(AT_FDCWD, path.c_str(), options.mode, AT_SYMLINK_NOFOLLOW) != 0)
        fault = system_fault(options.address, "cannot set the mode");
    else if (::listen(socket.get(), backlog) != 0)
        fault = system_fault(options.address, "cannot listen");
    if (!fault)
        return socket;
    ::unlink(path.c_str());
    return *fault;
}

Result<FileDescriptor> open_unix(const ListenOptions& options)
{
    const auto ownership = find_ownership(options);
    if (!ownership)
        return tl::unexpected(ownership.error());
    const auto directory = options.address.path.substr(0, std::max<std::size_t>(options.address.path.rfind('/'), 1));
    if (const auto made = make_directory(directory, *ownership); !made)
        return tl::unexpected(made.error());
    const auto lock = lock_directory(directory);
    if (!lock)
        return tl::unexpected(lock.error());
    if (const auto removed = remove_stale(options.address); !removed)
        return tl::unexpected(removed.error());
    return bind_unix(options, *ownership);
}

Result<FileDescriptor> open_inet(const SocketAddress& address)
{
    const auto host = parse_ip_address(address.host);
    if (!host)
        return fail("{}: one listens on an IP address, as in inet:127.0.0.1:{}", address.text(), address.port);

    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, host->octets().data(), sizeof v4.sin_addr);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    std::memcpy(&v6.sin6_addr, host->octets().data(), sizeof v6.sin6_addr);

    FileDescriptor socket(::socket(host->is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    const int off = 0;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
        || (!host->is_v4() && ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0))
        return system_fault(address, "cannot make the socket");
    const int bound = host->is_v4() ? ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&v4), sizeof v4)
                                    : ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
    if (bound != 0 || ::listen(socket.get(), backlog) != 0)
        return errno == EADDRINUSE ? fail("{}: in use by another process", address.text())
                                   : system_fault(address, "cannot listen");
    return socket;
}

} // namespace

Result<FileDescriptor> open_listen_socket(const ListenOptions& options)
{
    if (!options.activation_name.empty()) {
        auto activated = take_activated(options.activation_name);
        if (!activated)
            return tl::unexpected(activated.error());
        if (*activated)
            return std::move(**activated);
    }
    return options.address.is_unix() ? open_unix(options) : open_inet(options.address);
}

SocketFile::SocketFile(const SocketAddress& address)
{
    struct stat status{};
    if (!address.is_unix() || ::stat(address.path.c_str(), &status) != 0)
        return;
    path_ = address.path;
    identity_ = {status.st_dev, status.st_ino};
}

std::string SocketFile::trouble() const
{
    struct stat status{};
    if (path_.empty())
        return "";
    if (::stat(path_.c_str(), &status) != 0) // whoever may not look knows nothing
        return errno == ENOENT ? fmt::format("{} is gone: a restart makes it again", path_) : "";
    return identity_ == Identity{status.st_dev, status.st_ino}
        ? ""
        : fmt::format("{} was replaced: it leads to another process, or to none", path_);
}

} // namespace postern
