#include "common/redis/redis_client.h"

#include "common/redis/redis_cluster.h"
#include "common/redis/redis_link.h"
#include "common/redis/redis_sentinels.h"

#include <asio/post.hpp>
#include <deque>

namespace postern {
namespace {

// One server at a time: the first of several that is a master, in turn, or the one that the sentinels name.
class RedisMaster final : public RedisClient {
public:
    RedisMaster(asio::io_context& io, const RedisOptions& options, std::shared_ptr<RedisTls> tls,
                std::function<void()> on_change)
        : io_(io)
        , servers_(options.servers)
    {
        if (options.mode == RedisOptions::Mode::sentinel)
            sentinels_ = std::make_unique<RedisSentinels>(io, options, tls);
        auto login = options.login;
        login.wants_master = true;
        link_ = std::make_unique<RedisLink>(io, RedisLink::Options{[this](RedisLink::Located located) {
                                                                       locate(std::move(located));
                                                                   },
                                                                   login, std::move(tls), options.times,
                                                                   std::move(on_change)});
    }

    void ask(std::string_view, std::string command, RedisAnswer answer) override
    {
        link_->ask(std::move(command), std::move(answer));
    }

    std::string trouble() const override { return link_->trouble(); }
    bool is_settled() const override { return link_->is_settled(); }
    std::size_t servers() const override { return 1; }
    void ask_server(std::size_t, std::string command, RedisAnswer answer) override
    {
        link_->ask(std::move(command), std::move(answer));
    }

private:
    void locate(RedisLink::Located located)
    {
        if (sentinels_)
            return sentinels_->locate(std::move(located));
        const auto server = servers_[next_++ % servers_.size()];
        asio::post(io_, [located = std::move(located), server] { located(server); });
    }

    asio::io_context& io_;
    std::vector<SocketAddress> servers_;
    std::size_t next_ = 0;
    std::unique_ptr<RedisSentinels> sentinels_;
    std::unique_ptr<RedisLink> link_;
};

} // namespace

Result<std::unique_ptr<RedisClient>> RedisClient::create(asio::io_context& io, const RedisOptions& options,
                                                         std::function<void()> on_change)
{
    if (options.servers.empty())
        return fail("no server is named");
    std::shared_ptr<RedisTls> tls;
    if (options.tls) {
        auto made = RedisTls::create(*options.tls);
        if (!made)
            return tl::unexpected(made.error());
        tls = std::move(*made);
    }
    if (options.mode == RedisOptions::Mode::cluster)
        return std::make_unique<RedisCluster>(io, options, std::move(tls), std::move(on_change));
    return std::make_unique<RedisMaster>(io, options, std::move(tls), std::move(on_change));
}

} // namespace postern
