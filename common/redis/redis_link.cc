#include "common/redis/redis_link.h"

#include <algorithm>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_link_pause = 100ms, longest_link_pause = 5s;
constexpr std::size_t most_commands = 20'000;

} // namespace

RedisLink::RedisLink(asio::io_context& io, Options options)
    : io_(io)
    , options_(std::move(options))
    , pause_timer_(io)
{
    connect();
}

RedisLink::~RedisLink() = default;

void RedisLink::connect()
{
    options_.locate([this, alive = std::weak_ptr(alive_)](const Result<SocketAddress>& address) {
        if (alive.expired())
            return;
        if (address)
            connect_to(*address);
        else
            fail_all(address.error().what);
    });
}

void RedisLink::connect_to(const SocketAddress& address)
{
    connection_ = std::make_unique<RedisConnection>(
        io_, RedisConnection::Options{address, options_.login, options_.tls, options_.times},
        RedisConnection::Events{[this] { be_ready(); }, [this](const Error& why) { fail_all(why.what); }});
}

void RedisLink::be_ready()
{
    is_ready_ = true;
    pause_ = 0ms;
    trouble_.clear();
    for (auto& waiting : std::exchange(waiting_, {}))
        connection_->ask(waiting.command, std::move(waiting.answer));
    if (options_.on_change)
        options_.on_change();
}

void RedisLink::fail_all(const std::string& why)
{
    const std::weak_ptr alive = alive_;
    is_ready_ = false;
    trouble_ = why;
    for (auto& waiting : std::exchange(waiting_, {}))
        waiting.answer(fail("{}", why));
    if (!alive.expired() && options_.on_change)
        options_.on_change();
    if (!alive.expired())
        try_again_later();
}

void RedisLink::try_again_later()
{
    connection_.reset();
    pause_timer_.expires_after(pause_);
    pause_ = std::clamp(pause_ * 2, first_link_pause, longest_link_pause);
    pause_timer_.async_wait([this, alive = std::weak_ptr(alive_)](asio::error_code error) {
        if (!error && !alive.expired())
            connect();
    });
}

void RedisLink::ask(std::string command, RedisAnswer answer)
{
    if (is_ready_)
        connection_->ask(command, std::move(answer));
    else if (!trouble_.empty())
        answer(fail("{}", trouble_));
    else if (waiting_.size() >= most_commands)
        answer(fail("too many questions wait for the store"));
    else
        waiting_.push_back({std::move(command), std::move(answer)});
}

} // namespace postern
