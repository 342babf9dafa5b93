#include "common/redis/redis_sentinels.h"

#include "common/redis/redis_slots.h"

#include <algorithm>
#include <asio/post.hpp>

namespace postern {

RedisSentinels::RedisSentinels(asio::io_context& io, const RedisOptions& options, std::shared_ptr<RedisTls> tls)
    : io_(io)
    , sentinels_(options.servers)
    , command_(redis_command({"SENTINEL", "get-master-addr-by-name", options.sentinel_master}))
    , options_{{}, options.sentinel_login, std::move(tls), options.times}
    , master_(options.sentinel_master)
{
}

RedisSentinels::~RedisSentinels() = default;

void RedisSentinels::locate(Located located)
{
    located_ = std::move(located);
    next_ = 0;
    trouble_.clear();
    ask_next();
}

void RedisSentinels::ask_next()
{
    if (next_ == sentinels_.size())
        return finish(fail("no sentinel names the master {}: {}", master_, trouble_));
    options_.address = sentinels_[next_];
    connection_ = std::make_unique<RedisConnection>(
        io_, options_,
        RedisConnection::Events{[this] {
                                    connection_->ask(command_, [this](const Result<RedisReply>& reply) {
                                        if (reply) // otherwise on_end says why
                                            answer(*reply);
                                    });
                                },
                                [this](const Error& why) { give_up_on(why.what); }});
}

void RedisSentinels::answer(const RedisReply& reply)
{
    auto master = read_sentinel_answer(reply, sentinels_[next_]);
    if (!master)
        return give_up_on(sentinels_[next_].text() + ": " + master.error().what);
    std::rotate(sentinels_.begin(), sentinels_.begin() + static_cast<std::ptrdiff_t>(next_),
                sentinels_.begin() + static_cast<std::ptrdiff_t>(next_) + 1);
    finish(std::move(master));
}

// On to the next, but not from within what the connection calls.
void RedisSentinels::give_up_on(const std::string& why)
{
    connection_.reset();
    trouble_ += (trouble_.empty() ? "" : "; ") + why;
    ++next_;
    asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired())
            ask_next();
    });
}

void RedisSentinels::finish(Result<SocketAddress> master)
{
    connection_.reset();
    if (const auto located = std::exchange(located_, {}))
        located(std::move(master));
}

} // namespace postern
