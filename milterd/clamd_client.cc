#include "milterd/clamd_client.h"

#include "milterd/clamd_reply.h"

#include <algorithm>
#include <poll.h>
#include <thread>
#include <utility>

namespace postern {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto first_pause = 100ms, longest_pause = 500ms; // between rounds among clamds that are not there
constexpr int max_failures = 2;

std::vector<std::shared_ptr<ClamdServer>> servers_of(const ClamdOptions& options)
{
    const auto servers = options.servers ? options.servers : std::make_shared<ClamdServers>();
    std::vector<std::shared_ptr<ClamdServer>> found;
    for (const auto& address : options.addresses)
        found.push_back(servers->at(address));
    return found;
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
    , servers_(servers_of(options_))
    , watch_(servers_, {options_.silence, options_.look_up, options_.on_change})
{
}

ClamdState ClamdClient::state() const
{
    for (const auto state : {ClamdState::ready, ClamdState::reloading, ClamdState::warming})
        for (const auto& server : servers_)
            if (server->state() == state)
                return state;
    return ClamdState::down;
}

ClamdScan::ClamdScan(ClamdClient& client, ClamdContent content, ScanPatience patience)
    : client_(client)
    , content_(content)
    , wait_(patience == ScanPatience::none ? 0ms : client.options_.wait)
    , reload_wait_(patience == ScanPatience::none ? 0ms : client.options_.reload_wait)
    , first_(client.first())
    , tried_(client.servers_.size())
    , pause_(first_pause)
{
    client_.watch_.scan_begins();
    go_elsewhere(false);
}

ClamdScan::~ClamdScan() = default;

// Who has not been tried in this round, the best first, and of equals the one whose turn it is.
std::optional<std::size_t> ClamdScan::choose(bool ready_only) const
{
    const auto count = client_.servers_.size();
    for (const auto state : {ClamdState::ready, ClamdState::reloading, ClamdState::warming, ClamdState::down}) {
        for (std::size_t i = 0; i < count; ++i)
            if (const auto at = (first_ + i) % count; !tried_[at] && client_.servers_[at]->state() == state)
                return at;
        if (ready_only)
            break;
    }
    return std::nullopt;
}

// False: there is nobody, and all is as it was.
bool ClamdScan::go_elsewhere(bool ready_only)
{
    const auto to = choose(ready_only);
    if (!to)
        return false;
    const bool is_begun = connected_at_ != Deadline{};
    if (!is_begun || *to != at_) // the same again: as it was asked last
        command_ = client_.servers_[*to]->passes_descriptors() ? ClamdCommand::descriptor : ClamdCommand::stream;
    at_ = *to;
    tried_[at_] = true;
    connect();
    return true;
}

void ClamdScan::connect()
{
    connected_at_ = SteadyClock::now();
    endpoints_ = server().endpoints();
    connection_ = ClamdConnection();
    connect_to_next_address();
}

// Of a name that has several; what can be sent is sent.
bool ClamdScan::connect_to_next_address()
{
    if (endpoints_.empty())
        return false;
    connection_ = ClamdConnection(endpoints_.front(), command_, content_);
    endpoints_.erase(endpoints_.begin());
    connected_at_ = moved_at_ = SteadyClock::now();
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
        return wait_absent();
    case Progress::connecting:
        return wait_connecting();
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
    server().no_more_descriptors();
    command_ = ClamdCommand::stream;
    connect();
    return std::nullopt;
}

// A host that does not answer at all counts as one where nobody listens.
std::optional<ScanOutcome> ClamdScan::wait_connecting()
{
    const auto until = std::min(connected_at_ + client_.options_.silence, deadline_);
    if (SteadyClock::now() >= until)
        return wait_absent();
    poll(until);
    return std::nullopt;
}

std::optional<ScanOutcome> ClamdScan::wait_absent()
{
    if (connect_to_next_address())
        return std::nullopt;
    server().absent();
    if (!absent_since_) {
        absent_since_ = SteadyClock::now();
        server().count_failure();
    }
    if (go_elsewhere(false))
        return std::nullopt;
    if (auto outcome = lose_patience("clamd unavailable", *absent_since_ + wait_))
        return outcome;
    sleep();
    return std::nullopt;
}

std::optional<ScanOutcome> ClamdScan::wait_silent(ClamdConnection::Progress progress)
{
    if (std::exchange(moved_, connection_.moved()) != connection_.moved())
        moved_at_ = SteadyClock::now();
    const auto since = std::max(moved_at_, server().last_reply());
    const auto begins = since + client_.options_.silence;
    if (SteadyClock::now() < begins) {
        if (server().state() == ClamdState::ready) {
            silent_since_.reset();
            slot_.reset();
        }
        if (SteadyClock::now() >= deadline_)
            return ScanOutcome{ScanOutcome::Kind::failed, "clamd too slow"};
    } else {
        server().silent();
        if (!silent_since_) {
            silent_since_ = since;
            server().count_failure();
        }
        if (go_elsewhere(true))
            return std::nullopt;
        tried_.assign(tried_.size(), false); // whoever is ready next is asked
        tried_[at_] = true;
        if (auto outcome = lose_patience("clamd silent", *silent_since_ + reload_wait_))
            return outcome;
    }
    if (progress == ClamdConnection::Progress::busy) {
        const auto first_knock = moved_at_;
        std::this_thread::sleep_until(std::min(deadline_, SteadyClock::now() + pause_));
        connect();
        moved_at_ = first_knock; // it is one silence, however often we knock
    } else {
        poll(SteadyClock::now() < begins ? begins : SteadyClock::now() + longest_pause);
    }
    return std::nullopt;
}

std::optional<ScanOutcome> ClamdScan::read_reply()
{
    using Kind = ClamdReply::Kind;
    server().heard();
    const auto reply = parse_clamd_reply(connection_.reply());
    if (!reply)
        return try_again(reply.error().what);
    switch (reply->kind) {
    case Kind::clean:
        server().count_scan();
        return ScanOutcome{ScanOutcome::Kind::clean};
    case Kind::infected:
        server().count_scan();
        return ScanOutcome{ScanOutcome::Kind::infected, reply->text};
    case Kind::too_large:
        server().count_scan();
        return ScanOutcome{ScanOutcome::Kind::too_large, reply->text};
    case Kind::no_descriptor:
    case Kind::error:
        break;
    }
    if (command_ == ClamdCommand::stream)
        return try_again("clamd error: " + reply->text);
    if (reply->kind == Kind::no_descriptor)
        server().no_more_descriptors();
    command_ = ClamdCommand::stream; // perhaps it may not read what it was passed
    connect();
    return std::nullopt;
}

// Once more, elsewhere or on a fresh connection: clamd may just have been restarted.
std::optional<ScanOutcome> ClamdScan::try_again(std::string why)
{
    server().count_failure();
    if (++failures_ >= max_failures || SteadyClock::now() >= deadline_)
        return ScanOutcome{ScanOutcome::Kind::failed, std::move(why)};
    if (!go_elsewhere(true))
        sleep();
    return std::nullopt;
}

// Whether to give up now. Who does not needs a slot.
std::optional<ScanOutcome> ClamdScan::lose_patience(std::string_view reason, Deadline limit)
{
    if (!slot_)
        slot_ = std::make_unique<ClamdClient::Slot>(client_);
    if (SteadyClock::now() >= std::min(limit, deadline_))
        return ScanOutcome{ScanOutcome::Kind::failed, std::string(reason)};
    if (!slot_->is_free())
        return ScanOutcome{ScanOutcome::Kind::failed, std::string(reason) + ", too many wait"};
    return std::nullopt;
}

// Then all are asked again.
void ClamdScan::sleep()
{
    std::this_thread::sleep_until(std::min(deadline_, SteadyClock::now() + pause_));
    pause_ = std::min<std::chrono::milliseconds>(pause_ * 2, longest_pause);
    tried_.assign(tried_.size(), false);
    go_elsewhere(false);
}

void ClamdScan::poll(Deadline until)
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min(until, deadline_) - SteadyClock::now());
    pollfd socket{connection_.descriptor(), connection_.events(), 0};
    (void)::poll(&socket, 1, static_cast<int>(std::clamp<std::chrono::milliseconds>(left, 0ms, 1s).count()));
}

} // namespace postern
