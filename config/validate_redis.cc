#include "config/validate_redis.h"

#include "common/ip_address.h"
#include "common/socket_address.h"

#include <algorithm>

namespace postern {
namespace {

bool is_server_of_this_host(const SocketAddress& server)
{
    const auto address = parse_ip_address(server.host);
    return server.is_unix() || server.host == "localhost"
        || (address && (*address == *parse_ip_address("::1") || (address->is_v4() && address->octets()[0] == 127)));
}

class RedisValidator {
public:
    RedisValidator(const ConfigCandidate& candidate, std::string_view path, ConfigProblems& problems)
        : candidate_(candidate)
        , redis_(candidate.config.redis)
        , path_(path)
        , problems_(problems)
    {
        for (const auto& text : redis_.servers)
            if (const auto server = parse_socket_address(text))
                servers_.push_back(*server);
    }

    void unused()
    {
        const auto it = candidate_.origins.lower_bound("redis.");
        if (it != candidate_.origins.end() && it->first.starts_with("redis."))
            problems_.warnings.push_back({it->second, "is not used: greylist.store is not redis"});
    }

    void used()
    {
        mode();
        login();
        tls();
        const auto deadline = candidate_.config.policyd.deadline;
        if (redis_.timeout >= deadline)
            warning("timeout", fmt::format("({} ms) is cut short by policyd.deadline ({}s)", redis_.timeout.count(),
                                           deadline.count()));
    }

private:
    SettingOrigin origin(std::string_view name) const
    {
        const auto full = fmt::format("redis.{}", name);
        const auto it = candidate_.origins.find(full);
        return it == candidate_.origins.end() ? SettingOrigin{0, fmt::format("{}: {}", path_, full)} : it->second;
    }
    void fault(std::string_view name, std::string what) { problems_.faults.push_back({origin(name), std::move(what)}); }
    void warning(std::string_view name, std::string what)
    {
        problems_.warnings.push_back({origin(name), std::move(what)});
    }

    void mode()
    {
        if (redis_.servers.empty())
            fault("servers", "names no server");
        if (redis_.mode == "sentinel" && redis_.sentinel_master.empty())
            fault("sentinel_master", "is missing: which of the masters that the sentinels know is it?");
        const std::pair<std::string_view, const std::string&> sentinel_only[] = {
            {"sentinel_master", redis_.sentinel_master},
            {"sentinel_user", redis_.sentinel_user},
            {"sentinel_password", redis_.sentinel_password}};
        for (const auto& [name, value] : sentinel_only)
            if (redis_.mode != "sentinel" && !value.empty())
                warning(name, "is not used: redis.mode is not sentinel");
        const auto is_unix = [](const SocketAddress& server) { return server.is_unix(); };
        if (redis_.mode == "cluster" && std::any_of(servers_.begin(), servers_.end(), is_unix))
            fault("servers", "a cluster's servers are reached by inet:HOST:PORT");
        if (redis_.mode == "cluster" && redis_.database != 0)
            fault("database", "a cluster has only 0");
    }

    void login()
    {
        if (!redis_.user.empty() && redis_.password.empty())
            warning("user", "is not used without redis.password");
        const auto is_far = [](const SocketAddress& server) { return !is_server_of_this_host(server); };
        const auto far = std::find_if(servers_.begin(), servers_.end(), is_far);
        const bool has_password = !redis_.password.empty() || !redis_.sentinel_password.empty();
        if (has_password && !redis_.tls && far != servers_.end())
            warning("password", fmt::format("goes to {} as everybody on the way may read it; redis.tls would hide it",
                                            far->host));
    }

    void tls()
    {
        const auto is_unix = [](const SocketAddress& server) { return server.is_unix(); };
        if (redis_.tls && std::any_of(servers_.begin(), servers_.end(), is_unix))
            fault("tls", "a Unix socket has no TLS");
        if (redis_.tls && !redis_.verify)
            warning("verify", "is false: whoever stands in between can be the server");
        if (redis_.certificate.empty() != redis_.key.empty())
            fault("certificate", "redis.certificate and redis.key go together");
        const std::pair<std::string_view, const std::string&> tls_only[] = {
            {"ca", redis_.ca}, {"certificate", redis_.certificate}, {"tls_name", redis_.tls_name}};
        for (const auto& [name, value] : tls_only)
            if (!redis_.tls && !value.empty())
                warning(name, "is not used: redis.tls is false");
    }

    const ConfigCandidate& candidate_;
    const RedisSettings& redis_;
    std::string_view path_;
    ConfigProblems& problems_;
    std::vector<SocketAddress> servers_;
};

} // namespace

void validate_redis(const ConfigCandidate& candidate, std::string_view path, ConfigProblems& problems)
{
    RedisValidator validator(candidate, path, problems);
    if (candidate.config.greylist.store == "redis")
        validator.used();
    else
        validator.unused();
}

} // namespace postern
