// scratch_slapd - the real slapd(8), in a folder of its own, with a few addresses
//
// Listens on a port of 127.0.0.1 and on a Unix socket; with TLS also for
// ldaps, with a certificate for "localhost" and 127.0.0.1 by an authority of
// its own. The package slapd must be installed: a test that needs it fails
// without it.
#pragma once

#include "test/scratch_folder.h"

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
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

struct ScratchSlapdOptions {
    std::vector<std::string> users = {"user"}; // "user" has the address user@example.org
    bool tls = false;
    std::string database_lines{}; // added to slapd.conf, below the database
    std::string more_entries{};   // LDIF
};

class ScratchSlapd {
public:
    explicit ScratchSlapd(const ScratchSlapdOptions& options = {})
        : port_(free_port())
        , tls_port_(free_port())
        , has_tls_(options.tls)
    {
        if (has_tls_)
            make_certificates();
        std::filesystem::create_directory(folder_ / "db");
        std::ofstream(folder_ / "slapd.conf")
            << "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n"
            << "include /etc/ldap/schema/inetorgperson.schema\npidfile " << (folder_ / "pid") << "\n"
            << (has_tls_ ? "TLSCACertificateFile " + ca() + "\nTLSCertificateFile " + (folder_ / "server.pem")
                        + "\nTLSCertificateKeyFile " + (folder_ / "server.key") + "\n"
                         : "")
            << "database ldif\ndirectory " << (folder_ / "db") << "\nsuffix \"dc=example,dc=org\"\n"
            << "rootdn \"cn=admin,dc=example,dc=org\"\nrootpw secret\n"
            << options.database_lines << "\n";
        load(options.users, options.more_entries);
        start();
    }
    ~ScratchSlapd() { stop(); }
    ScratchSlapd(const ScratchSlapd&) = delete;
    ScratchSlapd& operator=(const ScratchSlapd&) = delete;

    std::string url() const { return "ldap://127.0.0.1:" + std::to_string(port_); }
    std::string tls_url(const std::string& host = "127.0.0.1") const
    {
        return "ldaps://" + host + ":" + std::to_string(tls_port_);
    }
    std::string socket_url() const // percent-encoded
    {
        std::string path = folder_ / "socket", url = "ldapi://";
        for (const char c : path)
            url += c == '/' ? std::string("%2F") : std::string(1, c);
        return url;
    }
    std::string ca() const { return folder_ / "ca.pem"; }

    void start()
    {
        auto urls = url() + "/ " + socket_url() + "/" + (has_tls_ ? " " + tls_url() + "/" : "");
        run({"/usr/sbin/slapd", "-d", "0", "-f", folder_ / "slapd.conf", "-h", urls}, &process_);
        for (int i = 0; i < 3000 && !is_up(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        if (!is_up())
            throw std::runtime_error("scratch slapd: does not come up");
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

    // Instead of what is there; it must be stopped.
    void load(const std::vector<std::string>& users, const std::string& more_entries = "")
    {
        std::filesystem::remove_all(folder_ / "db");
        std::filesystem::create_directory(folder_ / "db");
        std::ofstream ldif(folder_ / "data.ldif");
        ldif << "dn: dc=example,dc=org\nobjectClass: domain\ndc: example\n";
        for (const auto& user : users)
            ldif << "\ndn: uid=" << user << ",dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: " << user
                 << "\ncn: " << user << "\nsn: " << user << "\nmail: " << user << "@example.org\n";
        ldif << more_entries;
        ldif.close();
        run({"/usr/sbin/slapadd", "-q", "-f", folder_ / "slapd.conf", "-l", folder_ / "data.ldif"});
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

    // To its end, unless somebody wants to know its number.
    static void run(std::vector<std::string> command, pid_t* started = nullptr)
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
            throw std::runtime_error("scratch slapd: " + command[0] + " fails");
        if (started)
            *started = process;
    }

    void make_certificates()
    {
        std::ofstream(folder_ / "names") << "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
        run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=Scratch CA", "-keyout", folder_ / "ca.key", "-out", ca()});
        run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
             "-keyout", folder_ / "server.key", "-out", folder_ / "server.csr"});
        run({"openssl", "x509", "-req", "-days", "2", "-in", folder_ / "server.csr", "-CA", ca(), "-CAkey",
             folder_ / "ca.key", "-CAcreateserial", "-extfile", folder_ / "names", "-out", folder_ / "server.pem"});
    }

    bool is_up() const
    {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port_);
        const bool is_connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(fd);
        return is_connected;
    }

    ScratchFolder folder_;
    std::uint16_t port_;
    std::uint16_t tls_port_;
    bool has_tls_;
    pid_t process_ = -1;
};

} // namespace postern
