// clamd_client - asks one of several clamd(8) about a message, and bears with their moods
//
// A ClamdScan hands the message over when it is made and is asked for the
// outcome later, so that other work goes on meanwhile. It works on the
// caller's thread, whichever that is.
//
// Who: those that are ready take turns; the others are asked where none is.
// How: over a Unix socket clamd is passed the descriptor and reads by itself.
// Where that does not work (containers, AppArmor) or over TCP, the message is
// streamed; a refused descriptor is remembered for some minutes.
//
// Failure: the outcome is `failed`, with the reason. Before that, within the
// deadline:
//   absent   nobody listens, as while clamd starts: the others are asked at
//            once; if nobody listens anywhere, again and again for `wait`
//   silent   it takes the connection and says nothing to anyone, as while it
//            loads signatures (ConcurrentDatabaseReload no: 31 s were seen): to
//            one that is ready, or stay on for `reload_wait`. A long scan is no
//            silence as long as others, or the watch, are answered.
//   broken   it closes, complains or talks nonsense: one more try, elsewhere
//            or on a fresh connection. No more, for the mail itself may be what
//            breaks it.
// Of the mails that are kept waiting by absent or silent clamds at most
// `max_waiting` may wait at a time; beyond them a scan fails at once, and so
// does one that is to have no patience.
// Config: [clamav] clamd, wait, reload_wait
// See: clamd_server for the health of each, clamd_watch for how it is known
#pragma once

#include "common/clock.h"
#include "milterd/clamd_connection.h"
#include "milterd/clamd_server.h"
#include "milterd/clamd_watch.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern {

struct ClamdOptions {
    std::vector<SocketAddress> addresses{};
    std::chrono::milliseconds wait = std::chrono::seconds(10);
    std::chrono::milliseconds reload_wait = std::chrono::seconds(60);
    std::size_t max_waiting = 250;
    std::chrono::milliseconds silence = std::chrono::seconds(2); // of a clamd to everyone, before it counts as silent
    std::shared_ptr<ClamdServers> servers{}; // those of an earlier client; none: it has its own
    ClamdLookUp look_up{};
    std::function<void(const ClamdServer&, ClamdState from, ClamdState to)> on_change{}; // on a thread of the client's
};

struct ScanOutcome {
    enum class Kind { clean, infected, too_large, failed } kind{};
    std::string text{}; // the virus, or the reason; printable
};

class ClamdClient {
public:
    explicit ClamdClient(ClamdOptions options);

    const std::vector<std::shared_ptr<ClamdServer>>& servers() const { return servers_; }
    ClamdState state() const;                            // of the best of them
    std::size_t waiting() const { return waiting_; }     // mails that absent or silent clamds keep

private:
    friend class ClamdScan;
    class Slot;

    std::size_t first() { return turn_++ % servers_.size(); }

    const ClamdOptions options_;
    const std::vector<std::shared_ptr<ClamdServer>> servers_;
    std::atomic<std::size_t> turn_ = 0;
    std::atomic<std::size_t> waiting_ = 0;
    ClamdWatch watch_; // last: its thread uses the servers
};

enum class ScanPatience { usual, none };

class ClamdScan {
public:
    // `content` and `client` must outlive the scan.
    ClamdScan(ClamdClient& client, ClamdContent content, ScanPatience patience = ScanPatience::usual);
    ~ClamdScan();

    ScanOutcome wait(Deadline deadline);

private:
    ClamdServer& server() { return *client_.servers_[at_]; }

    std::optional<std::size_t> choose(bool ready_only) const;
    bool go_elsewhere(bool ready_only);
    void connect();
    bool connect_to_next_address();
    std::optional<ScanOutcome> step();
    std::optional<ScanOutcome> read_reply();
    std::optional<ScanOutcome> try_again(std::string why);
    std::optional<ScanOutcome> wait_connecting();
    std::optional<ScanOutcome> wait_absent();
    std::optional<ScanOutcome> wait_silent(ClamdConnection::Progress progress);
    std::optional<ScanOutcome> lose_patience(std::string_view reason, Deadline limit);
    void sleep();
    void poll(Deadline until);

    ClamdClient& client_;
    const ClamdContent content_;
    const std::chrono::milliseconds wait_, reload_wait_;
    const std::size_t first_; // whose turn it is
    std::size_t at_ = 0;      // who is asked
    std::vector<bool> tried_; // in this round
    ClamdCommand command_{};
    std::vector<ClamdEndpoint> endpoints_; // of who is asked: not tried yet
    ClamdConnection connection_;
    std::unique_ptr<ClamdClient::Slot> slot_; // held while we are kept waiting
    Deadline deadline_{};
    Deadline connected_at_{};
    Deadline moved_at_{}; // when it last took something from us
    std::size_t moved_ = 0;
    std::optional<Deadline> absent_since_, silent_since_;
    std::chrono::milliseconds pause_; // before the next round
    int failures_ = 0;
};

} // namespace postern
