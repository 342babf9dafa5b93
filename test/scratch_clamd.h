// scratch_clamd - the real clamd(8), in a folder of its own, with one signature
//
// Listens on a Unix socket and on 127.0.0.1. The package clamav-daemon must be
// installed: a test that needs it fails without it.
#pragma once

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace postern {

// EICAR's test string, put together so that no scanner minds this file.
inline std::string eicar()
{
    return std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-") + "ANTIVIRUS-TEST-FILE!$H+H*";
}

class ScratchClamd {
public:
    // `more` is added to its clamd.conf.
    explicit ScratchClamd(const std::string& more = "")
    {
        std::string name = std::filesystem::temp_directory_path() / "postern-clamd-XXXXXX";
        if (!::mkdtemp(name.data()))
            throw std::runtime_error("scratch clamd: no folder");
        folder_ = name;
        port_ = free_port();
        std::filesystem::create_directory(folder_ / "database");
        std::ofstream signature(folder_ / "database/tiny.ndb");
        signature << "Test.Eicar:0:*:";
        for (const char c : eicar()) {
            char hex[3];
            std::snprintf(hex, sizeof hex, "%02x", static_cast<unsigned>(c));
            signature << hex;
        }
        signature << "\n";
        std::ofstream(folder_ / "clamd.conf")
            << "LocalSocket " << socket_path() << "\nTCPSocket " << port_ << "\nTCPAddr 127.0.0.1\nDatabaseDirectory "
            << (folder_ / "database").string() << "\nTemporaryDirectory " << folder_.string() << "\nLogFile "
            << (folder_ / "log").string() << "\nForeground yes\nSelfCheck 0\n"
            << (::geteuid() == 0 ? "User root\n" : "") << more;
        signature.close();
        // A copy: Debian's AppArmor profile of /usr/sbin/clamd would not let it into our folder.
        std::filesystem::copy_file("/usr/sbin/clamd", folder_ / "clamd"); // of the package clamav-daemon
        start();
    }

    ~ScratchClamd()
    {
        stop();
        std::filesystem::remove_all(folder_);
    }

    std::string socket_path() const { return folder_ / "clamd.sock"; }
    std::string conf_path() const { return folder_ / "clamd.conf"; }
    std::uint16_t port() const { return port_; }

    void start()
    {
        std::string program = folder_ / "clamd", option = "-c", conf = conf_path();
        char* arguments[] = {program.data(), option.data(), conf.data(), nullptr};
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1 /* O_WRONLY */, 0);
        ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
        const int error = ::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (error != 0)
            throw std::runtime_error("scratch clamd: cannot start " + program);
        for (int i = 0; i < 3000 && !is_up(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        if (!is_up())
            throw std::runtime_error("scratch clamd: does not come up");
    }

    void stop() // as if it had crashed
    {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
        process_ = -1;
    }

private:
    static std::uint16_t free_port()
    {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
        ::close(fd);
        return ntohs(address.sin_port);
    }

    bool is_up() const
    {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
        const bool is_connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(fd);
        return is_connected;
    }

    std::filesystem::path folder_;
    std::uint16_t port_ = 0;
    pid_t process_ = -1;
};

} // namespace postern
