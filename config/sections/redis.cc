#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr std::string_view modes[] = {"server", "sentinel", "cluster"};

constexpr Setting redis_rows[] = {
    {.section = "redis", .name = "mode",
     .target = [](Config& c) -> Target { return &c.redis.mode; },
     .fallback = "server",
     .text = "What stands behind servers: a server, or several of which the first that takes writes is used; the sentinels "
             "that know which server is the master; or some of the servers of a Redis Cluster, which name the others.",
     .words = modes, .restart = true},
    {.section = "redis", .name = "servers",
     .target = [](Config& c) -> Target { return &c.redis.servers; },
     .fallback = "inet:127.0.0.1:6379",
     .text = "Where they are: inet:HOST:PORT or unix:PATH.",
     .check = check_socket, .restart = true, .required = true},
    {.section = "redis", .name = "sentinel_master",
     .target = [](Config& c) -> Target { return &c.redis.sentinel_master; },
     .fallback = "",
     .text = "What the sentinels call the master (sentinel monitor).",
     .check = check_account, .restart = true},
    {.section = "redis", .name = "sentinel_user",
     .target = [](Config& c) -> Target { return &c.redis.sentinel_user; },
     .fallback = "",
     .text = "Who asks the sentinels; empty: their default user.",
     .restart = true},
    {.section = "redis", .name = "sentinel_password",
     .target = [](Config& c) -> Target { return &c.redis.sentinel_password; },
     .fallback = "",
     .text = "The password for the sentinels; empty: they want none.",
     .restart = true, .secret = true},
    {.section = "redis", .name = "user",
     .target = [](Config& c) -> Target { return &c.redis.user; },
     .fallback = "",
     .text = "Who asks the servers (ACL); empty: their default user. It needs the commands ping, get, set, eval, evalsha, "
             "with mode = \"cluster\" also cluster|slots and asking; may it use role, too, a replica is told from a master "
             "at once. `postern greylist` wants del, scan and exists besides.",
     .restart = true},
    {.section = "redis", .name = "password",
     .target = [](Config& c) -> Target { return &c.redis.password; },
     .fallback = "",
     .text = "The password for the servers; empty: they want none.",
     .restart = true, .secret = true},
    {.section = "redis", .name = "database",
     .target = [](Config& c) -> Target { return &c.redis.database; },
     .fallback = "0",
     .text = "The number of the database; a cluster has only 0.",
     .low = "0", .high = "65535", .restart = true},
    {.section = "redis", .name = "key_prefix",
     .target = [](Config& c) -> Target { return &c.redis.key_prefix; },
     .fallback = "postern:greylist:",
     .text = "What every key begins with. Hosts that share a greylist have the same.",
     .restart = true, .required = true},
    {.section = "redis", .name = "tls",
     .target = [](Config& c) -> Target { return &c.redis.tls; },
     .fallback = "false",
     .text = "Encrypt the connections (TLS 1.2 or later), to sentinels, too.",
     .restart = true},
    {.section = "redis", .name = "verify",
     .target = [](Config& c) -> Target { return &c.redis.verify; },
     .fallback = "true",
     .text = "Verify the server's certificate, and that it is for the host in servers, or for the one that sentinels or a "
             "cluster have named.",
     .restart = true},
    {.section = "redis", .name = "ca",
     .target = [](Config& c) -> Target { return &c.redis.ca; },
     .fallback = "",
     .text = "The file of the authorities that may vouch for it (PEM); empty: those of the system.",
     .check = check_path, .restart = true},
    {.section = "redis", .name = "tls_name",
     .target = [](Config& c) -> Target { return &c.redis.tls_name; },
     .fallback = "",
     .text = "The name that every certificate must be for, where it is not that of the host; empty: the host's.",
     .check = check_domain, .restart = true},
    {.section = "redis", .name = "certificate",
     .target = [](Config& c) -> Target { return &c.redis.certificate; },
     .fallback = "",
     .text = "A certificate of our own, if the servers ask for one (PEM).",
     .check = check_path, .restart = true},
    {.section = "redis", .name = "key",
     .target = [](Config& c) -> Target { return &c.redis.key; },
     .fallback = "",
     .text = "Its private key (PEM).",
     .check = check_path, .restart = true},
    {.section = "redis", .name = "connect_timeout",
     .target = [](Config& c) -> Target { return &c.redis.connect_timeout; },
     .fallback = "2s",
     .text = "How long a server may take to accept a connection and a login.",
     .low = "50ms", .high = "60s", .restart = true},
    {.section = "redis", .name = "timeout",
     .target = [](Config& c) -> Target { return &c.redis.timeout; },
     .fallback = "2s",
     .text = "How long it may take for an answer. Mail whose answer does not come in time passes; a server that says "
             "nothing for so long is left and connected to anew.",
     .low = "50ms", .high = "60s", .restart = true},
};

} // namespace

std::span<const Setting> redis_settings()
{
    return redis_rows;
}

} // namespace postern
