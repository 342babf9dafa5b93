#include "common/dns/ares_resolver.h"

#include "common/dns/ares_reply.h"
#include "common/pending.h"

#include <algorithm>
#include <ares.h>
#include <arpa/nameser.h>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <cstring>
#include <map>
#include <optional>
#include <sys/socket.h>
#include <utility>

namespace postern {
namespace {

using asio::posix::stream_descriptor;

constexpr int edns_size = 1232; // fits every path unfragmented (IPv6 minimum MTU less headers)
constexpr int receive_buffer = 1 << 20; // some thousand answers may arrive at once on the one socket
constexpr std::size_t longest_label = 63; // RFC 1035 2.3.4
constexpr std::size_t longest_name = 253; // as text, without the last dot

// The name as ares_query(3) wants it, or nothing if it cannot be asked.
std::optional<std::string> to_ares_name(std::string_view name)
{
    if (name.ends_with('.'))
        name.remove_suffix(1);
    if (name.empty() || name.size() > longest_name)
        return std::nullopt;
    std::string escaped;
    escaped.reserve(name.size() + 1);
    std::size_t label = 0;
    for (const char c : name) {
        if (c == '\0' || (c == '.' && label == 0))
            return std::nullopt;
        label = c == '.' ? 0 : label + 1;
        if (label > longest_label)
            return std::nullopt;
        if (c == '\\')
            escaped += '\\';
        escaped += c;
    }
    return label > 0 ? std::optional(std::move(escaped)) : std::nullopt;
}

} // namespace

// The c-ares channel with the sockets and the timer that it needs. Handlers
// that Asio still holds keep a weak pointer: it may be gone when they run.
class AresResolver::Channel : public std::enable_shared_from_this<Channel> {
public:
    explicit Channel(asio::io_context& io)
        : io_(io)
        , timer_(io)
    {
    }

    ~Channel()
    {
        if (channel_)
            ares_destroy(channel_); // ends every question with ARES_EDESTRUCTION
    }

    Result<> open(const AresOptions& options);
    void ask(const std::string& ares_name, RrType type, std::shared_ptr<Pending<DnsReply>> pending);

private:
    // A socket of c-ares, which closes it: here it is only released.
    struct Socket {
        explicit Socket(asio::io_context& io)
            : descriptor(io)
        {
        }

        struct Direction {
            bool wanted = false;
            bool waiting = false;
        };

        stream_descriptor descriptor;
        Direction read;
        Direction write;
    };

    // What a question's callback needs; c-ares hands it back exactly once.
    struct Question {
        Channel& channel; // outlives its questions: ares_destroy ends them
        RrType type;
        std::shared_ptr<Pending<DnsReply>> pending;
    };

    Result<> set_servers(const std::vector<IpEndpoint>& servers);
    void on_answer(std::unique_ptr<Question> question, int status, std::span<const std::uint8_t> packet);
    void tell_health(int status);
    void on_socket_state(int fd, bool read, bool write);
    void wait(const std::shared_ptr<Socket>& socket, Socket::Direction& direction, stream_descriptor::wait_type type);
    void start_ticking();

    asio::io_context& io_;
    ares_channel channel_ = nullptr;
    std::map<int, std::shared_ptr<Socket>> sockets_;
    int questions_ = 0; // asked and not ended
    std::shared_ptr<ServerHealth> health_;

    // c-ares looks at its time-outs when told to. ares_timeout(3) walks all
    // questions to say when, so a tick that runs while there are any is cheaper.
    asio::steady_timer timer_;
    std::chrono::milliseconds tick_{};
    bool ticking_ = false;
};

Result<> AresResolver::Channel::open(const AresOptions& options)
{
    health_ = options.health;
    tick_ = std::clamp(options.timeout / 8, std::chrono::milliseconds(5), std::chrono::milliseconds(250));

    ares_options settings{};
    settings.flags = ARES_FLAG_EDNS;
    settings.ednspsz = edns_size;
    settings.timeout = static_cast<int>(options.timeout.count());
    settings.tries = options.tries;
    settings.socket_receive_buffer_size = receive_buffer;
    settings.sock_state_cb_data = this;
    settings.sock_state_cb = [](void* data, ares_socket_t fd, int read, int write) {
        static_cast<Channel*>(data)->on_socket_state(fd, read != 0, write != 0);
    };
    const int mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_RCVBUF
        | ARES_OPT_SOCK_STATE_CB;
    if (const int status = ares_init_options(&channel_, &settings, mask); status != ARES_SUCCESS)
        return fail("c-ares does not start: {}", ares_strerror(status));
    return set_servers(options.servers);
}

Result<> AresResolver::Channel::set_servers(const std::vector<IpEndpoint>& servers)
{
    if (servers.empty())
        return {};
    std::vector<ares_addr_port_node> nodes(servers.size());
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const auto& server = servers[i];
        auto& node = nodes[i];
        node.next = i + 1 < nodes.size() ? &nodes[i + 1] : nullptr;
        node.family = server.address.is_v4() ? AF_INET : AF_INET6;
        std::memcpy(&node.addr, server.address.octets().data(), server.address.is_v4() ? 4 : 16);
        node.udp_port = node.tcp_port = server.port;
    }
    if (const int status = ares_set_servers_ports(channel_, nodes.data()); status != ARES_SUCCESS)
        return fail("c-ares does not take the servers: {}", ares_strerror(status));
    return {};
}

void AresResolver::Channel::ask(const std::string& ares_name, RrType type, std::shared_ptr<Pending<DnsReply>> pending)
{
    const auto done = [](void* data, int status, int, unsigned char* packet, int size) {
        std::unique_ptr<Question> question(static_cast<Question*>(data));
        auto& channel = question->channel;
        channel.on_answer(std::move(question), status, {packet, static_cast<std::size_t>(packet ? size : 0)});
    };
    auto question = std::make_unique<Question>(Question{*this, type, std::move(pending)});
    ++questions_;
    start_ticking();
    ares_query(channel_, ares_name.c_str(), ns_c_in, static_cast<int>(type), done, question.release());
}

void AresResolver::Channel::on_answer(std::unique_ptr<Question> question, int status,
                                      std::span<const std::uint8_t> packet)
{
    tell_health(status);
    question->pending->complete(read_ares_reply(status, packet, question->type));
    if (--questions_ == 0) {
        ticking_ = false;
        timer_.cancel();
    }
}

void AresResolver::Channel::tell_health(int status)
{
    if (!health_ || status == ARES_EDESTRUCTION || status == ARES_ECANCELLED)
        return;
    if (status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED)
        health_->unanswered();
    else
        health_->answered();
}

void AresResolver::Channel::on_socket_state(int fd, bool read, bool write)
{
    auto& socket = sockets_[fd];
    if (!read && !write) {
        // c-ares is about to close it, and may get the same number for the
        // next one: it must be released now, whoever still holds the Socket.
        if (socket && socket->descriptor.is_open())
            socket->descriptor.release();
        sockets_.erase(fd);
        return;
    }
    if (!socket) {
        socket = std::make_shared<Socket>(io_);
        asio::error_code error;
        socket->descriptor.assign(fd, error); // one that cannot be watched is silent, and the question times out
    }
    socket->read.wanted = read;
    socket->write.wanted = write;
    wait(socket, socket->read, stream_descriptor::wait_read);
    wait(socket, socket->write, stream_descriptor::wait_write);
}

void AresResolver::Channel::wait(const std::shared_ptr<Socket>& socket, Socket::Direction& direction,
                                 stream_descriptor::wait_type type)
{
    if (!direction.wanted || direction.waiting || !socket->descriptor.is_open())
        return;
    direction.waiting = true;
    // `direction` is the socket's: there as long as the socket is
    socket->descriptor.async_wait(
        type, [self = weak_from_this(), gone = std::weak_ptr(socket), &direction, type](asio::error_code error) {
            const auto channel = self.lock();
            const auto alive = gone.lock();
            if (error || !channel || !alive)
                return;
            direction.waiting = false;
            if (!direction.wanted)
                return;
            const int fd = alive->descriptor.native_handle();
            const bool is_read = type == stream_descriptor::wait_read;
            ares_process_fd(channel->channel_, is_read ? fd : ARES_SOCKET_BAD, is_read ? ARES_SOCKET_BAD : fd);
            if (const auto now = channel->sockets_.find(fd); now != channel->sockets_.end() && now->second == alive)
                channel->wait(alive, direction, type);
        });
}

void AresResolver::Channel::start_ticking()
{
    if (ticking_)
        return;
    ticking_ = true;
    timer_.expires_after(tick_);
    timer_.async_wait([self = weak_from_this()](asio::error_code error) {
        const auto channel = self.lock();
        if (error || !channel || !channel->ticking_)
            return;
        channel->ticking_ = false;
        ares_process_fd(channel->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        if (channel->questions_ > 0)
            channel->start_ticking();
    });
}

Result<std::unique_ptr<AresResolver>> AresResolver::create(asio::io_context& io, const AresOptions& options)
{
    auto channel = std::make_shared<Channel>(io);
    if (const auto opened = channel->open(options); !opened)
        return tl::unexpected(opened.error());
    return std::unique_ptr<AresResolver>(new AresResolver(std::move(channel)));
}

AresResolver::AresResolver(std::shared_ptr<Channel> channel)
    : channel_(std::move(channel))
{
}

AresResolver::~AresResolver() = default;

asio::awaitable<DnsReply> AresResolver::lookup(std::string name, RrType type, Deadline deadline)
{
    const auto ares_name = to_ares_name(name);
    if (!ares_name)
        co_return DnsReply{DnsStatus::nxdomain, {}, negative_ttl_without_soa};
    auto pending = std::make_shared<Pending<DnsReply>>();
    channel_->ask(*ares_name, type, pending);
    co_return (co_await Pending<DnsReply>::wait(std::move(pending), deadline)).value_or(DnsReply{});
}

} // namespace postern
