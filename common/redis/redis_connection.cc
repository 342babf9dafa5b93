#include "common/redis/redis_connection.h"

#include "common/text.h"

#include <array>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

namespace postern {
namespace {

constexpr std::size_t most_unsent = 32'000'000; // octets
constexpr std::size_t buffer_size = 16 * 1024;
constexpr auto sign_of_life = std::chrono::seconds(10);
constexpr std::size_t shown = 160; // octets of what a server says

} // namespace

// Lives as long as one of its coroutines does; the connection that has made it may be gone before.
class RedisConnection::Session : public std::enable_shared_from_this<Session> {
public:
    Session(asio::io_context& io, Options options, Events events)
        : io_(io)
        , options_(std::move(options))
        , events_(std::move(events))
        , stream_(io, options_.tls)
        , timer_(io)
    {
    }

    void start()
    {
        asio::co_spawn(io_, run(shared_from_this()), asio::detached);
        asio::co_spawn(io_, watch(shared_from_this()), asio::detached);
    }

    void ask(std::string_view command, RedisAnswer answer)
    {
        if (has_ended_)
            return answer(fail("{}: the connection has ended", options_.address.text()));
        if (questions_.size() >= most_waiting || unsent_.size() + command.size() > most_unsent)
            return answer(fail("{}: too many questions wait", options_.address.text()));
        questions_.push_back({std::move(answer), Clock::now()});
        unsent_.append(command);
        if (is_connected_ && !is_writing_) { // what else comes in this turn of the loop goes with it
            is_writing_ = true;
            asio::co_spawn(io_, write(shared_from_this()), asio::detached);
        }
    }

    // Nobody wants to hear more.
    void abandon()
    {
        events_ = {};
        questions_.clear();
        end(Error{"the connection is not wanted any more"});
    }

    std::size_t waiting() const { return questions_.size(); }

private:
    using Clock = std::chrono::steady_clock;
    struct Question {
        RedisAnswer answer;
        Clock::time_point asked;
    };

    // A coroutine of a free function's kind: it holds its object by the argument.
    static asio::awaitable<void> run(std::shared_ptr<Session> self)
    {
        const auto connected = co_await self->stream_.connect(self->options_.address);
        if (self->has_ended_)
            co_return;
        if (!connected)
            co_return self->end(connected.error());
        self->is_connected_ = true;
        self->log_in();
        std::array<char, buffer_size> buffer;
        RedisReplyReader reader;
        while (!self->has_ended_) {
            const auto size = co_await self->stream_.read(asio::buffer(buffer));
            if (self->has_ended_)
                co_return;
            if (size == 0)
                co_return self->end(Error{"the server has closed the connection"});
            if (const auto ok = self->take({buffer.data(), size}, reader); !ok)
                co_return self->end(ok.error());
        }
    }

    Result<> take(std::string_view octets, RedisReplyReader& reader)
    {
        heard_ = Clock::now();
        if (const auto fed = reader.feed(octets); !fed)
            return fed;
        while (!has_ended_) {
            auto reply = reader.next();
            if (!reply)
                return tl::unexpected(reply.error());
            if (!*reply)
                return {};
            if (questions_.empty()) // such as that it takes no more clients
                return (*reply)->is_error() ? fail("{}", printable((*reply)->text, shown))
                                            : fail("an answer to no question");
            auto question = std::move(questions_.front());
            questions_.pop_front();
            const bool is_replica = (*reply)->is_error("READONLY");
            question.answer(std::move(**reply));
            if (is_replica)
                return fail("the server is a replica: it takes no writes");
        }
        return {};
    }

    static asio::awaitable<void> write(std::shared_ptr<Session> self)
    {
        std::string octets;
        while (!self->unsent_.empty() && !self->has_ended_) {
            octets.clear();
            std::swap(octets, self->unsent_);
            const bool is_sent = co_await self->stream_.write(asio::buffer(octets));
            if (!is_sent)
                co_return self->end(Error{"the server has closed the connection"});
        }
        self->is_writing_ = false;
    }

    // What must be answered well before anything else counts, in this order; all of it goes out at once.
    void log_in()
    {
        const auto& login = options_.login;
        if (!login.password.empty() && login.user.empty())
            ask_for_login(redis_command({"AUTH", login.password}));
        else if (!login.password.empty())
            ask_for_login(redis_command({"AUTH", login.user, login.password}));
        if (login.database != 0)
            ask_for_login(redis_command({"SELECT", std::to_string(login.database)}));
        ask(redis_command({"PING"}), [this](const Result<RedisReply>& reply) {
            if (passed(reply) && !options_.login.wants_master)
                be_ready();
        });
        if (login.wants_master)
            ask_for_role();
    }

    void be_ready()
    {
        is_ready_ = true;
        timer_.cancel(); // from now on it is the time of answers
        if (const auto on_ready = events_.on_ready) // a copy: it may let go of us
            on_ready();
    }

    void ask_for_login(const std::string& command)
    {
        ask(command, [this](const Result<RedisReply>& reply) { passed(reply); });
    }

    // A user without the right to ask is not kept out: its first write will tell.
    void ask_for_role()
    {
        ask(redis_command({"ROLE"}), [this](const Result<RedisReply>& reply) {
            if (has_ended_ || !reply)
                return;
            if (!reply->items.empty() && reply->items[0].text != "master")
                return end(Error{fmt::format("the server is a {}", printable(reply->items[0].text, shown))});
            be_ready();
        });
    }

    bool passed(const Result<RedisReply>& reply)
    {
        if (has_ended_ || !reply)
            return false;
        if (reply->is_error())
            end(Error{printable(reply->text, shown)});
        return !reply->is_error();
    }

    // Sees to it that nothing lasts too long.
    static asio::awaitable<void> watch(std::shared_ptr<Session> self)
    {
        const auto& times = self->options_.times;
        self->timer_.expires_after(times.connect);
        for (;;) {
            asio::error_code cancelled;
            co_await self->timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
            if (self->has_ended_)
                co_return;
            if (!self->is_ready_)
                co_return self->end(Error{fmt::format("no {} in time", self->is_connected_ ? "answer" : "connection")});
            const auto now = Clock::now();
            if (!self->questions_.empty() && now - self->questions_.front().asked >= times.timeout
                && now - self->heard_ >= times.timeout)
                co_return self->end(Error{"the server does not answer"});
            if (self->questions_.empty() && now - self->heard_ >= sign_of_life)
                self->ask(redis_command({"PING"}), [](const Result<RedisReply>&) {});
            self->timer_.expires_after(times.timeout / 4);
        }
    }

    void end(Error why)
    {
        if (std::exchange(has_ended_, true))
            return;
        const auto self = shared_from_this(); // what is called below may let go of it
        why.what = options_.address.text() + ": " + why.what;
        stream_.close();
        timer_.cancel();
        unsent_.clear();
        for (auto& question : std::exchange(questions_, {}))
            question.answer(tl::unexpected(why));
        if (const auto events = std::exchange(events_, {}); events.on_end)
            events.on_end(why);
    }

    asio::io_context& io_;
    Options options_;
    Events events_;
    RedisStream stream_;
    asio::steady_timer timer_;
    std::deque<Question> questions_; // asked and not answered
    std::string unsent_;
    Clock::time_point heard_ = Clock::now();
    bool is_connected_ = false, is_ready_ = false, is_writing_ = false, has_ended_ = false;
};

RedisConnection::RedisConnection(asio::io_context& io, Options options, Events events)
    : session_(std::make_shared<Session>(io, std::move(options), std::move(events)))
{
    session_->start();
}

RedisConnection::~RedisConnection()
{
    session_->abandon();
}

void RedisConnection::ask(std::string_view command, RedisAnswer answer)
{
    session_->ask(command, std::move(answer));
}

std::size_t RedisConnection::waiting() const
{
    return session_->waiting();
}

} // namespace postern
