// scratch_redis - the real redis-server, in a folder of its own
//
// Listens on a port of 127.0.0.1 and on a Unix socket, with TLS also on a
// second port. What it was told survives a crash of the process (appendonly).
// The package redis-server must be installed: a test that needs it fails
// without it.
#pragma once

#include "common/socket_address.h"
#include "test/scratch_folder.h"
#include "test/scratch_process.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

namespace postern {

struct ScratchRedisOptions {
    std::string lines{}; // added to redis.conf
    bool tls = false;
    bool sentinel = false;
    bool cluster = false; // then port + 10000 is its, too
};

class ScratchRedis {
public:
    explicit ScratchRedis(const ScratchRedisOptions& options = {})
        : port_(options.cluster ? free_cluster_port() : free_scratch_port())
        , tls_port_(free_scratch_port())
        , is_sentinel_(options.sentinel)
    {
        if (options.tls)
            make_scratch_certificates(folder_ / "");
        std::ofstream configuration(folder_ / "redis.conf");
        configuration << "port " << port_ << "\nbind 127.0.0.1\nprotected-mode no\ndir " << (folder_ / "") << "\n";
        if (!is_sentinel_)
            configuration << "unixsocket " << (folder_ / "socket") << "\nsave \"\"\nappendonly yes\nappendfsync no\n"
                          << "repl-diskless-sync-delay 0\n";
        if (options.tls)
            configuration << "tls-port " << tls_port_ << "\ntls-auth-clients optional\ntls-ca-cert-file " << ca()
                          << "\ntls-cert-file " << (folder_ / "server.pem") << "\ntls-key-file "
                          << (folder_ / "server.key") << "\n";
        if (options.cluster)
            configuration << "cluster-enabled yes\ncluster-node-timeout 1000\n";
        configuration << options.lines << "\n";
        configuration.close();
        start();
    }

    void start()
    {
        std::vector<std::string> command = {"redis-server", folder_ / "redis.conf"};
        if (is_sentinel_)
            command.push_back("--sentinel");
        process_.start(command, port_);
    }
    void stop() { process_.stop(); } // as if it had crashed
    void silence() const { process_.silence(); }
    void speak() const { process_.speak(); }

    std::uint16_t port() const { return port_; }
    SocketAddress address() const { return {"", "127.0.0.1", port_}; }
    SocketAddress tls_address(const std::string& host = "127.0.0.1") const { return {"", host, tls_port_}; }
    SocketAddress socket() const { return {folder_ / "socket", "", 0}; }
    std::string ca() const { return folder_ / "ca.pem"; }

    // What redis-cli(1) prints, without the last line feed.
    std::string tell(const std::string& command) const
    {
        return output("redis-cli -p " + std::to_string(port_) + " " + command + " 2>&1");
    }

    static std::string output(const std::string& command)
    {
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "re"), ::pclose);
        std::string text;
        std::array<char, 4096> buffer;
        while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
            text.append(buffer.data(), size);
        while (!text.empty() && text.back() == '\n')
            text.pop_back();
        return text;
    }

private:
    static std::uint16_t free_cluster_port()
    {
        for (int i = 0; i < 1000; ++i) {
            auto port = static_cast<std::uint16_t>(20000 + (free_scratch_port() + i * 131) % 10000);
            auto bus = static_cast<std::uint16_t>(port + 10000);
            if (take_scratch_port(port) && take_scratch_port(bus))
                return port;
        }
        throw std::runtime_error("scratch redis: no port for a cluster");
    }

    ScratchFolder folder_;
    std::uint16_t port_;
    std::uint16_t tls_port_;
    bool is_sentinel_;
    ScratchProcess process_; // ends before its folder does
};

// Three masters that share the slots.
class ScratchRedisCluster {
public:
    ScratchRedisCluster()
    {
        std::string command = "redis-cli --cluster create";
        for (const auto* node : {&a, &b, &c})
            command += " 127.0.0.1:" + std::to_string(node->port());
        const auto said = ScratchRedis::output(command + " --cluster-yes 2>&1");
        if (said.find("All 16384 slots covered") == std::string::npos)
            throw std::runtime_error("scratch redis: no cluster: " + said);
        for (const auto* node : {&a, &b, &c})
            for (int i = 0; i < 1000 && node->tell("cluster info").find("cluster_state:ok") == std::string::npos; ++i)
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }

    ScratchRedis a{{.cluster = true}}, b{{.cluster = true}}, c{{.cluster = true}};

    // The node that has the slot of this key now.
    ScratchRedis& owner(const std::string& key)
    {
        for (auto* node : {&a, &b, &c})
            if (node->tell("exists '" + key + "'").find("MOVED") == std::string::npos)
                return *node;
        throw std::runtime_error("scratch redis: no owner");
    }
};

} // namespace postern
