#include "common/listen_socket.h"

#include "test/scratch_folder.h"

#include <array>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <vector>

namespace postern {
namespace {

using namespace std::chrono_literals;

SocketAddress at(std::string path)
{
    return {std::move(path), "", 0};
}

FileDescriptor connect_to(const std::string& path, int flags = 0)
{
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | flags, 0));
    const auto name = unix_sockaddr(path);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
        return {};
    return socket;
}

FileDescriptor bind_only(const std::string& path, int type = SOCK_STREAM)
{
    FileDescriptor socket(::socket(AF_UNIX, type, 0));
    const auto name = unix_sockaddr(path);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
    return socket;
}

struct stat status_of(const std::string& path)
{
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status;
}

std::uint16_t port_of(const FileDescriptor& socket)
{
    sockaddr_in6 name{};
    socklen_t size = sizeof name;
    REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
    return ntohs(name.sin6_port); // where sin_port is, too
}

bool has(const Result<FileDescriptor>& result, std::string_view text)
{
    return !result && result.error().what.find(text) != std::string::npos;
}

} // namespace

TEST_CASE("a Unix socket takes connections, with the mode asked for whatever the umask")
{
    for (const mode_t mask : {mode_t(0), mode_t(0077)}) {
        const ScratchFolder folder;
        const auto before = ::umask(mask);
        const auto socket = open_listen_socket({.address = at(folder / "s"), .mode = 0660});
        ::umask(before);
        REQUIRE(socket);
        CHECK(connect_to(folder / "s"));
        CHECK((status_of(folder / "s").st_mode & 07777) == 0660);
        CHECK((::fcntl(socket->get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
}

TEST_CASE("a missing directory is made, so that the group can pass; one that exists is left alone")
{
    const ScratchFolder folder;
    REQUIRE(open_listen_socket({.address = at(folder / "new/s")}));
    CHECK((status_of(folder / "new").st_mode & 07777) == 02750);

    REQUIRE(::chmod((folder / "new").c_str(), 0711) == 0);
    REQUIRE(open_listen_socket({.address = at(folder / "new/t")}));
    CHECK((status_of(folder / "new").st_mode & 07777) == 0711);

    CHECK(has(open_listen_socket({.address = at(folder / "a/b/s")}), "cannot make the directory " + folder / "a/b: No such"));
}

TEST_CASE("owner and group, of the socket and of the directory that is made for it")
{
    const ScratchFolder folder;
    CHECK(has(open_listen_socket({.address = at(folder / "s"), .owner = "no-such-user"}), "there is no user \"no-such-user\""));
    CHECK(has(open_listen_socket({.address = at(folder / "s"), .group = "no-such-group"}), "there is no group \"no-such-group\""));
    CHECK_FALSE(std::filesystem::exists(folder / "s"));
    if (::geteuid() != 0)
        return;
    REQUIRE(open_listen_socket({.address = at(folder / "new/s"), .owner = "nobody", .group = "mail"}));
    for (const auto& path : {folder / "new", folder / "new/s"}) {
        CAPTURE(path);
        CHECK(status_of(path).st_uid == ::getpwnam("nobody")->pw_uid);
        CHECK(status_of(path).st_gid == ::getgrnam("mail")->gr_gid);
    }
}

TEST_CASE("a daemon that is not root, nor in the group, gets it from a directory with that group")
{
    if (::geteuid() != 0)
        return;
    const ScratchFolder folder;
    REQUIRE(::chmod(folder.path().c_str(), 0711) == 0);
    REQUIRE(open_listen_socket({.address = at(folder / "new/first"), .owner = "nobody", .group = "mail"}));
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const auto* nobody = ::getpwnam("nobody");
        if (::setgroups(0, nullptr) != 0 || ::setgid(nobody->pw_gid) != 0 || ::setuid(nobody->pw_uid) != 0)
            ::_exit(2);
        ::_exit(open_listen_socket({.address = at(folder / "new/s"), .owner = "nobody", .group = "mail"}) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    CHECK(status_of(folder / "new/s").st_gid == ::getgrnam("mail")->gr_gid);
    CHECK((status_of(folder / "new/s").st_mode & 07777) == 0660);
}

TEST_CASE("what is left of a dead daemon is replaced")
{
    const ScratchFolder folder;
    bind_only(folder / "s"); // and closed
    REQUIRE(std::filesystem::exists(folder / "s"));
    const auto socket = open_listen_socket({.address = at(folder / "s")});
    REQUIRE(socket);
    CHECK(connect_to(folder / "s"));
}

TEST_CASE("SocketFile: a socket that is removed or replaced behind our back")
{
    const ScratchFolder folder;
    const auto socket = open_listen_socket({.address = at(folder / "s")});
    REQUIRE(socket);
    const SocketFile file(at(folder / "s"));
    CHECK(file.trouble().empty());
    std::filesystem::rename(folder / "s", folder / "aside");
    CHECK(file.trouble() == folder / "s" + " is gone: a restart makes it again");
    bind_only(folder / "s");
    CHECK(file.trouble() == folder / "s" + " was replaced: it leads to another process, or to none");
    std::filesystem::rename(folder / "aside", folder / "s");
    CHECK(file.trouble().empty());
    CHECK(SocketFile(*parse_socket_address("inet:127.0.0.1:1")).trouble().empty());
}

TEST_CASE("a living socket is never replaced")
{
    const ScratchFolder folder;
    const auto first = open_listen_socket({.address = at(folder / "s")});
    REQUIRE(first);
    CHECK(has(open_listen_socket({.address = at(folder / "s")}), "unix:" + folder / "s: in use by another process"));
    CHECK(connect_to(folder / "s"));

    const auto datagrams = bind_only(folder / "d", SOCK_DGRAM);
    CHECK(has(open_listen_socket({.address = at(folder / "d")}), "in use by another process"));

    const auto busy = bind_only(folder / "b");
    REQUIRE(::listen(busy.get(), 0) == 0);
    std::vector<FileDescriptor> clients;
    do
        clients.push_back(connect_to(folder / "b", SOCK_NONBLOCK));
    while (clients.back());
    CHECK(has(open_listen_socket({.address = at(folder / "b")}), "in use by another process"));
}

TEST_CASE("what is not a socket is never removed")
{
    const ScratchFolder folder;
    std::ofstream(folder / "file") << "precious";
    std::filesystem::create_directory(folder / "directory");
    bind_only(folder / "dead");
    std::filesystem::create_symlink(folder / "dead", folder / "link");
    std::filesystem::create_symlink(folder / "nowhere", folder / "dangling");
    for (const auto& name : {"file", "directory", "link", "dangling"}) {
        CAPTURE(name);
        CHECK(has(open_listen_socket({.address = at(folder / name)}), "there is something that is not a socket"));
        CHECK(std::filesystem::symlink_status(folder / name).type() != std::filesystem::file_type::not_found);
    }
    CHECK(std::filesystem::exists(folder / "dead"));
    CHECK_FALSE(std::filesystem::exists(folder / "nowhere"));
}

TEST_CASE("of several that start at once on a dead socket, one gets it")
{
    const ScratchFolder folder;
    bind_only(folder / "s");
    std::array<int, 2> hold{};
    REQUIRE(::pipe(hold.data()) == 0);
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
        const auto child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(hold[1]);
            const auto socket = open_listen_socket({.address = at(folder / "s")});
            if (socket) { // alive until all have tried
                char end;
                (void)!::read(hold[0], &end, 1);
            }
            ::_exit(socket ? 0 : has(socket, "in use by another process") ? 1 : 2);
        }
        children.push_back(child);
    }
    int losers = 0;
    for (int i = 0; i < 3; ++i) {
        int status = 0;
        REQUIRE(::wait(&status) > 0);
        losers += WIFEXITED(status) && WEXITSTATUS(status) == 1;
    }
    CHECK(losers == 3);
    CHECK(connect_to(folder / "s"));
    ::close(hold[1]);
    int status = 0;
    REQUIRE(::wait(&status) > 0);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    ::close(hold[0]);
}

TEST_CASE("another who holds the directory is waited for, not for ever")
{
    const ScratchFolder folder;
    FileDescriptor lock(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
    CHECK(has(open_listen_socket({.address = at(folder / "s")}), "is locked by another process"));

    std::thread other([&] {
        std::this_thread::sleep_for(100ms);
        ::flock(lock.get(), LOCK_UN);
    });
    CHECK(open_listen_socket({.address = at(folder / "s")}));
    other.join();
}

TEST_CASE("inet sockets")
{
    const auto v4 = open_listen_socket({.address = {"", "127.0.0.1", 0}}); // the kernel finds a free port
    REQUIRE(v4);
    const auto port = port_of(*v4);
    CHECK(has(open_listen_socket({.address = {"", "127.0.0.1", port}}),
              fmt::format("inet:127.0.0.1:{}: in use by another process", port)));
    CHECK(has(open_listen_socket({.address = {"", "localhost", 10040}}), "listens on an IP address, as in inet:127.0.0.1:10040"));
    CHECK(has(open_listen_socket({.address = {"", "192.0.2.1", 10040}}), "inet:192.0.2.1:10040: cannot listen: "));
}

TEST_CASE("[::] takes IPv4 clients too")
{
    const auto socket = open_listen_socket({.address = {"", "::", 0}});
    if (!socket) { // a host without IPv6
        CHECK(has(socket, "inet:[::]:0: cannot make the socket: "));
        return;
    }
    const FileDescriptor client(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port_of(*socket));
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(client.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
}

TEST_CASE("a socket from systemd is taken by its name")
{
    const ScratchFolder folder;
    const auto listener = open_listen_socket({.address = at(folder / "activated")});
    REQUIRE(listener);

    // LISTEN_PID names the process, so the steps are a child's. The number of its first fault; 0: none.
    const auto steps = [&] {
        constexpr int first = 3; // SD_LISTEN_FDS_START
        const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        const int socket = ::fcntl(listener->get(), F_DUPFD, 10);
        ::dup2(file, first);
        ::dup2(socket, first + 1);
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        ::setenv("LISTEN_FDS", "2", 1);
        ::setenv("LISTEN_FDNAMES", "other:policy", 1);

        const auto policy = open_listen_socket({.address = at(folder / "unused"), .activation_name = "policy"});
        if (!policy || policy->get() != first + 1 || std::filesystem::exists(folder / "unused"))
            return 1;
        if (!has(open_listen_socket({.address = at(folder / "x"), .activation_name = "other"}),
                 "\"other\" from systemd is not a listening stream socket"))
            return 2;
        if (!open_listen_socket({.address = at(folder / "own"), .activation_name = "control"})
            || !std::filesystem::exists(folder / "own"))
            return 3;
        return 0;
    };
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0)
        ::_exit(steps());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

} // namespace postern
