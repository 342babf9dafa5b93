#include "milterd/clamd_watch.h"

#include <algorithm>
#include <csignal>
#include <exception>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <utility>

namespace postern {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds ask_every = 1s, ask_idle_every = 10s;
constexpr auto idle_after = 10s;         // without a scan
constexpr std::chrono::milliseconds knock_every = 250ms; // at one that is down
constexpr auto look_at_look_up = 20ms;   // has the answer come?
constexpr auto name_good_for = 30s;      // while it is ready
constexpr auto name_bad_after = 1s;      // while it is not
constexpr auto longest_question = 60s;   // the peer may have gone without a word

} // namespace

// One clamd as the thread sees it.
class ClamdWatch::Watched {
public:
    Watched(ClamdServer& server, const ClamdWatchOptions& options)
        : server_(server)
        , options_(options)
    {
    }

    // Does what can be done now; returns when to look again at the latest.
    Deadline step(bool is_idle)
    {
        const auto now = SteadyClock::now();
        every_ = is_idle ? ask_idle_every : ask_every;
        if (server_.state() == ClamdState::ready)
            next_ = std::min<Deadline>(next_, asked_at_ + every_);
        if (needs_look_up(server_.address()) && options_.look_up)
            look_up(now);
        if (!is_asking_ && now >= next_)
            begin(now);
        if (knock_at_ && now >= *knock_at_)
            connect(now);
        if (is_asking_ && !knock_at_)
            advance(now);
        const auto when = !is_asking_ ? next_
            : knock_at_               ? *knock_at_
            : is_late(now)            ? now + knock_every
                                      : asked_at_ + options_.silence;
        return answer_ ? std::min<Deadline>(when, now + look_at_look_up) : when;
    }

    // What to wait for; none: a moment.
    pollfd socket() const
    {
        return {is_asking_ && !knock_at_ ? connection_.descriptor() : -1, connection_.events(), 0};
    }

private:
    void look_up(Deadline now)
    {
        const bool is_ready = server_.state() == ClamdState::ready;
        if (!answer_ && now >= looked_up_ + (is_ready ? name_good_for : name_bad_after)) {
            looked_up_ = now;
            answer_ = options_.look_up(server_.address().host);
        }
        if (!answer_ || answer_->wait_for(0s) != std::future_status::ready)
            return;
        std::vector<IpAddress> found;
        try {
            found = answer_->get();
        } catch (const std::exception&) { // who would have answered has ended
        }
        answer_.reset();
        if (found.empty()) // also when the DNS is silent: what was known is better than nothing
            return;
        const bool is_first = server_.endpoints().empty();
        server_.set_endpoints(clamd_endpoints(server_.address(), found));
        if (is_first)
            next_ = now;
    }

    void begin(Deadline now)
    {
        endpoints_ = server_.endpoints();
        is_asking_ = true;
        asked_at_ = now;
        connect(now);
    }

    bool is_late(Deadline now) const { return now >= asked_at_ + options_.silence; }

    // To its next address.
    void connect(Deadline now)
    {
        knock_at_.reset();
        if (endpoints_.empty())
            return end(now, &ClamdServer::absent);
        connection_ = ClamdConnection(endpoints_.front(), ClamdCommand::ping, {});
        connected_to_ = endpoints_.front();
        endpoints_.erase(endpoints_.begin());
        connected_at_ = now;
    }

    // The same again: too many wait there already. It is one question, however often we knock.
    void knock(Deadline now)
    {
        connection_ = ClamdConnection();
        endpoints_.insert(endpoints_.begin(), connected_to_);
        knock_at_ = now + knock_every;
    }

    void end(Deadline now, void (ClamdServer::*what)())
    {
        (server_.*what)();
        is_asking_ = false;
        knock_at_.reset();
        connection_ = ClamdConnection();
        next_ = now + (server_.state() == ClamdState::ready ? every_ : knock_every);
    }

    void advance(Deadline now)
    {
        using Progress = ClamdConnection::Progress;
        const auto progress = connection_.advance();
        if (is_late(now) && (progress == Progress::busy || progress == Progress::under_way))
            server_.silent();
        switch (progress) {
        case Progress::replied:
            return end(now, connection_.reply() == "PONG" ? &ClamdServer::heard : &ClamdServer::absent);
        case Progress::refused:
            return connect(now);
        case Progress::connecting:
            if (now >= connected_at_ + options_.silence)
                connect(now);
            return;
        case Progress::busy:
            return knock(now);
        case Progress::under_way:
            if (now < asked_at_ + longest_question)
                return;
            is_asking_ = false;
            next_ = now;
            return;
        case Progress::closed:
        case Progress::no_descriptor:
            break;
        }
        end(now, &ClamdServer::absent);
    }

    ClamdServer& server_;
    const ClamdWatchOptions& options_;
    ClamdConnection connection_;
    ClamdEndpoint connected_to_{};
    std::vector<ClamdEndpoint> endpoints_; // not tried yet
    bool is_asking_ = false;
    std::optional<Deadline> knock_at_;
    std::chrono::milliseconds every_ = ask_every;
    Deadline asked_at_{}, connected_at_{}, next_{}, looked_up_{};
    std::optional<std::future<std::vector<IpAddress>>> answer_;
};

ClamdWatch::ClamdWatch(std::vector<std::shared_ptr<ClamdServer>> servers, ClamdWatchOptions options)
    : servers_(std::move(servers))
    , options_(std::move(options))
    , wake_up_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    , last_scan_(SteadyClock::now())
{
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before); // which the thread inherits
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ClamdWatch::~ClamdWatch()
{
    is_ending_ = true;
    wake();
    thread_.join();
}

void ClamdWatch::scan_begins()
{
    last_scan_ = SteadyClock::now();
    if (is_asleep_)
        wake();
}

bool ClamdWatch::is_idle() const
{
    return SteadyClock::now() >= last_scan_.load() + idle_after;
}

void ClamdWatch::wake()
{
    (void)::eventfd_write(wake_up_.get(), 1);
}

void ClamdWatch::run()
{
    std::vector<std::unique_ptr<Watched>> all;
    for (const auto& server : servers_)
        all.push_back(std::make_unique<Watched>(*server, options_));
    while (!is_ending_) {
        auto when = SteadyClock::now() + ask_idle_every;
        const bool idle = is_idle();
        for (const auto& watched : all)
            when = std::min(when, watched->step(idle));
        for (const auto& server : servers_)
            if (ClamdState from{}, to{}; server->has_changed(from, to) && options_.on_change)
                options_.on_change(*server, from, to);
        is_asleep_ = idle;
        if (idle == is_idle()) // else a scan has begun and did not know that it should wake us
            sleep_until(when, all);
        is_asleep_ = false;
    }
}

void ClamdWatch::sleep_until(Deadline when, const std::vector<std::unique_ptr<Watched>>& all)
{
    std::vector<pollfd> sockets{{wake_up_.get(), POLLIN, 0}};
    for (const auto& watched : all)
        sockets.push_back(watched->socket());
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - SteadyClock::now());
    (void)::poll(sockets.data(), sockets.size(),
                 static_cast<int>(std::clamp<std::chrono::milliseconds>(left, 1ms, 10s).count()));
    eventfd_t ignored = 0;
    (void)::eventfd_read(wake_up_.get(), &ignored);
}

} // namespace postern
