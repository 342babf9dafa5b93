#include "milterd/clamd_client.h"

#include "milterd/clamd_reply.h"

#include <algorithm>
#include <cstring>
#include <netdb.h>
#include <poll.h>
#include <thread>
#include <utility>

namespace postern {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto first_pause = 100ms, longest_pause = 500ms; // between connections to a clamd that is not there
constexpr auto stream_instead = 5min;  // after a descriptor was refused
constexpr auto look_up_every = 1s;
constexpr int max_failures = 2;

std::vector<ClamdEndpoint> look_up(const SocketAddress& address)
{
    ClamdEndpoint endpoint;
    if (address.is_unix()) {
        const auto path = unix_sockaddr(address.path);
        std::memcpy(&endpoint.address, &path, sizeof path);
        endpoint.size = sizeof path;
        return {endpoint};
    }
    std::vector<ClamdEndpoint> endpoints;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) != 0)
        return endpoints;
    for (const addrinfo* at = found; at; at = at->ai_next) {
        std::memcpy(&endpoint.address, at->ai_addr, at->ai_addrlen);
        endpoint.size = at->ai_addrlen;
        endpoints.push_back(endpoint);
    }
    ::freeaddrinfo(found);
    return endpoints;
}

} // namespace

// The right to be kept waiting.
class ClamdClient::Slot {
public:
    explicit Slot(ClamdClient& client)
        : client_(client)
        , is_free_(client.waiting_++ < client.options_.max_waiting)
    {
    }
    ~Slot() { --client_.waiting_; }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

    bool is_free() const { return is_free_; }

private:
    ClamdClient& client_;
    bool is_free_;
};

ClamdClient::ClamdClient(ClamdOptions options)
    : options_(std::move(options))
    , endpoints_(look_up(options_.address))
    , looked_up_(SteadyClock::now())
{
}

std::vector<ClamdEndpoint> ClamdClient::endpoints()
{
    const std::lock_guard lock(mutex_);
    return endpoints_;
}

// One thread asks, the others go on with what is known.
void ClamdClient::look_up_again()
{
    if (options_.address.is_unix())
        return;
    {
        const std::lock_guard lock(mutex_);
        if (SteadyClock::now() < looked_up_ + look_up_every)
            return;
        looked_up_ = SteadyClock::now();
    }
    auto found = look_up(options_.address);
    const std::lock_guard lock(mutex_);
    looked_up_ = SteadyClock::now();
    if (!found.empty())
        endpoints_ = std::move(found);
}

bool ClamdClient::passes_descriptors() const
{
    return options_.address.is_unix() && SteadyClock::now() >= stream_until_.load();
}

void ClamdClient::no_more_descriptors()
{
    stream_until_ = SteadyClock::now() + stream_instead;
}

void ClamdClient::heard()
{
    last_reply_ = SteadyClock::now();
    state_ = ClamdState::ready;
}

ClamdScan::ClamdScan(ClamdClient& client, ClamdContent content)
    : client_(client)
    , content_(content)
    , command_(client.passes_descriptors() ? ClamdCommand::descriptor : ClamdCommand::stream)
    , pause_(first_pause)
{
    connect();
}

ClamdScan::~ClamdScan() = default;

void ClamdScan::connect()
{
    endpoints_ = client_.endpoints();
    connection_ = ClamdConnection();
    connect_elsewhere();
}

// Takes the next address of a name that has several; what can be sent is sent.
bool ClamdScan::connect_elsewhere()
{
    if (endpoints_.empty())
        return false;
    connection_ = ClamdConnection(endpoints_.front(), command_, content_);
    endpoints_.erase(endpoints_.begin());
    moved_at_ = SteadyClock::now();
    moved_ = 0;
    (void)connection_.advance();
    return true;
}

ScanOutcome ClamdScan::wait(Deadline deadline)
{
    deadline_ = deadline;
    for (;;)
        if (auto outcome = step())
            return *outcome;
}

// One look at the connection, and the wait that it asks for.
std::optional<ScanOutcome> ClamdScan::step()
{
    using Progress = ClamdConnection::Progress;
    const auto progress = connection_.advance();
    if (progress != Progress::refused && progress != Progress::connecting)
        absent_since_.reset();
    switch (progress) {
    case Progress::refused:
        return connect_elsewhere() ? std::nullopt : wait_absent(progress);
    case Progress::connecting:
        return wait_absent(progress);
    case Progress::busy:
    case Progress::under_way:
        return wait_silent(progress);
    case Progress::replied:
        return read_reply();
    case Progress::closed:
        return try_again("clamd closed the connection");
    case Progress::no_descriptor:
        break;
    }
    client_.no_more_descriptors();
    command_ = ClamdCommand::stream;
    connect();
    return std::nullopt;
}

std::optional<ScanOutcome> ClamdScan::wait_absent(ClamdConnection::Progress progress)
{
    const bool is_refused = progress == ClamdConnection::Progress::refused;
    if (!absent_since_)
        absent_since_ = moved_at_;
    auto outcome = lose_patience(ClamdState::absent, *absent_since_ + (is_refused ? 0ms : client_.options_.silence),
                                 *absent_since_ + client_.options_.wait);
    if (!outcome && is_refused) {
        client_.look_up_again();
        sleep();
    } else if (!outcome) {
        poll();
    }
    return outcome;
}

std::optional<ScanOutcome> ClamdScan::wait_silent(ClamdConnection::Progress progress)
{
    if (std::exchange(moved_, connection_.moved()) != connection_.moved())
        moved_at_ = SteadyClock::now();
    const auto since = std::max(moved_at_, client_.last_reply_.load());
    auto outcome
        = lose_patience(ClamdState::silent, since + client_.options_.silence, since + client_.options_.reload_wait);
    if (!outcome && progress == ClamdConnection::Progress::busy) {
        const auto first_knock = moved_at_;
        sleep();
        moved_at_ = first_knock; // it is one silence, however often we knock
    } else if (!outcome) {
        poll();
    }
    return outcome;
}

std::optional<ScanOutcome> ClamdScan::read_reply()
{
    using Kind = ClamdReply::Kind;
    client_.heard();
    const auto reply = parse_clamd_reply(connection_.reply());
    if (!reply)
        return try_again(reply.error().what);
    switch (reply->kind) {
    case Kind::clean:
        return ScanOutcome{ScanOutcome::Kind::clean};
    case Kind::infected:
        return ScanOutcome{ScanOutcome::Kind::infected, reply->text};
    case Kind::too_large:
        return ScanOutcome{ScanOutcome::Kind::too_large, reply->text};
    case Kind::no_descriptor:
    case Kind::error:
        break;
    }
    if (command_ == ClamdCommand::stream)
        return try_again("clamd error: " + reply->text);
    if (reply->kind == Kind::no_descriptor)
        client_.no_more_descriptors();
    command_ = ClamdCommand::stream; // perhaps it may not read what it was passed
    connect();
    return std::nullopt;
}

// Once more, on a fresh connection: clamd may just have been restarted.
std::optional<ScanOutcome> ClamdScan::try_again(std::string why)
{
    if (++failures_ >= max_failures || SteadyClock::now() >= deadline_)
        return ScanOutcome{ScanOutcome::Kind::failed, std::move(why)};
    wake_at_ = deadline_;
    sleep();
    return std::nullopt;
}

// Whether to give up now; if not, wake_at_ is when to ask again. Who is in trouble, from `begins` on, needs a slot.
std::optional<ScanOutcome> ClamdScan::lose_patience(ClamdState trouble, Deadline begins, Deadline limit)
{
    const std::string reason = trouble == ClamdState::absent ? "clamd unavailable" : "clamd silent";
    const auto now = SteadyClock::now();
    if (now < begins) {
        slot_.reset();
    } else {
        client_.state_ = trouble;
        if (!slot_)
            slot_ = std::make_unique<ClamdClient::Slot>(client_);
        if (!slot_->is_free())
            return ScanOutcome{ScanOutcome::Kind::failed, reason + ", too many wait"};
    }
    limit = std::min(limit, deadline_);
    if (now >= limit)
        return ScanOutcome{ScanOutcome::Kind::failed, reason};
    wake_at_ = now < begins ? std::min(begins, limit) : limit;
    return std::nullopt;
}

// Then knocks again.
void ClamdScan::sleep()
{
    std::this_thread::sleep_until(std::min(wake_at_, SteadyClock::now() + pause_));
    pause_ = std::min<std::chrono::milliseconds>(pause_ * 2, longest_pause);
    connect();
}

void ClamdScan::poll()
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(wake_at_ - SteadyClock::now());
    pollfd socket{connection_.descriptor(), connection_.events(), 0};
    (void)::poll(&socket, 1, static_cast<int>(std::clamp<std::chrono::milliseconds>(left, 0ms, 60s).count()));
}

} // namespace postern
