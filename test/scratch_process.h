// scratch_process - what tests need to run a real server: a port, a program, a certificate
//
// Programs are found in PATH and are silent. Certificates are for "localhost"
// and 127.0.0.1, by an authority of their own.
#pragma once

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace postern {

// To its end, unless somebody wants to know its number.
inline void run_scratch_program(std::vector<std::string> command, pid_t* started = nullptr)
{
    std::vector<char*> arguments;
    for (auto& word : command)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1 /* O_WRONLY */, 0);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t process = -1;
    const int error = ::posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    if (error == 0 && !started)
        ::waitpid(process, &status, 0);
    if (error != 0 || status != 0)
        throw std::runtime_error("scratch process: " + command[0] + " fails");
    if (started)
        *started = process;
}

// Of 127.0.0.1. 0: one that the system chooses. False: it is taken.
inline bool take_scratch_port(std::uint16_t& port)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    socklen_t size = sizeof address;
    const bool is_free = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    port = ntohs(address.sin_port);
    return is_free;
}

inline std::uint16_t free_scratch_port()
{
    std::uint16_t port = 0;
    take_scratch_port(port);
    return port;
}

inline bool scratch_port_answers(std::uint16_t port)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool is_connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return is_connected;
}

// server.pem, server.key and ca.pem in the folder, whose path ends with a '/'.
inline void make_scratch_certificates(const std::string& folder)
{
    std::ofstream(folder + "names") << "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
    run_scratch_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                         "-days", "2", "-subj", "/CN=Scratch CA", "-keyout", folder + "ca.key", "-out", folder + "ca.pem"});
    run_scratch_program({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                         "/CN=localhost", "-keyout", folder + "server.key", "-out", folder + "server.csr"});
    run_scratch_program({"openssl", "x509", "-req", "-days", "2", "-in", folder + "server.csr", "-CA", folder + "ca.pem",
                         "-CAkey", folder + "ca.key", "-CAcreateserial", "-extfile", folder + "names", "-out",
                         folder + "server.pem"});
}

// A server that was started; it is killed at the end.
class ScratchProcess {
public:
    ScratchProcess() = default;
    ~ScratchProcess() { stop(); }
    ScratchProcess(const ScratchProcess&) = delete;
    ScratchProcess& operator=(const ScratchProcess&) = delete;

    // Returns once its port answers.
    void start(std::vector<std::string> command, std::uint16_t port)
    {
        run_scratch_program(command, &process_);
        for (int i = 0; i < 3000 && !scratch_port_answers(port); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        if (!scratch_port_answers(port))
            throw std::runtime_error("scratch process: " + command[0] + " does not come up");
    }
    void stop() // as if it had crashed
    {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
        process_ = -1;
    }
    void silence() const
    {
        ::kill(process_, SIGSTOP);
        siginfo_t stopped{}; // all its threads
        ::waitid(P_PID, static_cast<id_t>(process_), &stopped, WSTOPPED | WNOWAIT);
    }
    void speak() const { ::kill(process_, SIGCONT); }

private:
    pid_t process_ = -1;
};

} // namespace postern
