#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

// The faults, or else the warnings, one a line.
std::string problems(const std::string& toml)
{
    std::string text;
    const auto got = read_config({"p.toml", toml, {}, {}, false});
    if (!got)
        for (const auto& fault : got.error())
            text += fault.what + "\n";
    else
        for (const auto& warning : got->warnings)
            text += warning + "\n";
    return text;
}

} // namespace

TEST_CASE("[redis]: the defaults")
{
    const auto got = read_config({"p.toml", "[greylist]\nstore = \"redis\"\n"});
    REQUIRE(got);
    CHECK(got->warnings.empty());
    CHECK(got->config.redis.servers == Texts{"inet:127.0.0.1:6379"});
    CHECK(got->config.redis.key_prefix == "postern:greylist:");
    CHECK(got->config.redis.verify);
    CHECK(got->config.redis.timeout == std::chrono::seconds(2));
}

TEST_CASE("[redis] as a whole")
{
    struct Case {
        const char* name;
        const char* settings; // below [redis], with greylist.store = "redis"
        const char* want;     // in its first problem; empty: there is none
    };
    const Case cases[] = {
        {"a server with a password, on this host", "password = \"x\"\nservers = [\"unix:/run/redis/socket\"]", ""},
        {"sentinels", "mode = \"sentinel\"\nsentinel_master = \"m\"\nservers = [\"inet:127.0.0.1:26379\"]", ""},
        {"a master without a name", "mode = \"sentinel\"", "redis.sentinel_master: is missing"},
        {"what only sentinels have", "sentinel_password = \"x\"", "p.toml:4: redis.sentinel_password: is not used"},
        {"a cluster behind a socket", "mode = \"cluster\"\nservers = [\"unix:/s\"]", "p.toml:5: redis.servers: a cluster's"},
        {"a cluster's database", "mode = \"cluster\"\ndatabase = 1", "p.toml:5: redis.database: a cluster has only 0"},
        {"a user without a password", "user = \"x\"", "p.toml:4: redis.user: is not used"},
        {"a password in the clear", "password = \"x\"\nservers = [\"inet:192.0.2.1:6379\"]", "goes to 192.0.2.1"},
        {"a password under TLS", "password = \"x\"\nservers = [\"inet:192.0.2.1:6379\"]\ntls = true", ""},
        {"TLS on a socket", "servers = [\"unix:/s\"]\ntls = true", "redis.tls: a Unix socket has no TLS"},
        {"TLS without a look at who it is", "tls = true\nverify = false", "redis.verify: is false"},
        {"half a certificate", "tls = true\ncertificate = \"/c.pem\"", "go together"},
        {"what only TLS has", "ca = \"/ca.pem\"", "redis.ca: is not used"},
        {"too patient", "timeout = \"60s\"", "redis.timeout: (60000 ms) is cut short"},
        {"a word that is none", "mode = \"ring\"", "p.toml:4: redis.mode: "},
        {"a server that is none", "servers = [\"127.0.0.1\"]", "p.toml:4: redis.servers: "},
        {"no server", "servers = []", "p.toml:4: redis.servers: "},
        {"out of bounds", "timeout = \"1ms\"", "p.toml:4: redis.timeout: "},
        {"unknown", "sevrers = []", "p.toml:4: redis.sevrers: "},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = problems(fmt::format("[greylist]\nstore = \"redis\"\n[redis]\n{}\n", c.settings));
        CAPTURE(got);
        CHECK((*c.want == '\0' ? got.empty() : got.find(c.want) != std::string::npos));
    }
}

TEST_CASE("[redis] without its store")
{
    CHECK(problems("[redis]\npassword = \"x\"\n") == "p.toml:2: redis.password: is not used: greylist.store is not redis\n");
    CHECK(problems("[greylist]\nstore = \"etcd\"\n").find("p.toml:2: greylist.store: ") == 0);
}

} // namespace postern
