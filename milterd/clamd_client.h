// clamd_client - asks clamd(8) about a message, and bears with its moods
//
// A ClamdScan hands the message over when it is made and is asked for the
// outcome later, so that other work goes on meanwhile. It works on the
// caller's thread, whichever that is.
//
// How: over a Unix socket clamd is passed the descriptor and reads by itself.
// Where that does not work (containers, AppArmor) or over TCP, the message is
// streamed; a refused descriptor is remembered for some minutes.
//
// Failure: the outcome is `failed`, with the reason.
//   absent   nobody listens, as while clamd starts: try again for `wait`
//   silent   it takes the connection and says nothing to anyone, as while it
//            loads signatures (ConcurrentDatabaseReload no: 31 s were seen):
//            stay on for `reload_wait`. A long scan is no silence as long as
//            others are answered.
//   broken   it closes, complains or talks nonsense: one more try, on a fresh
//            connection
// Of the mails that are kept waiting by an absent or silent clamd at most
// `max_waiting` may wait at a time; beyond them a scan fails at once.
//
// A host name is looked up with getaddrinfo(3), at the start and when a
// connection fails: its own time-outs are not bound by the deadline.
// Config: [clamav] clamd, wait, reload_wait
#pragma once

#include "common/clock.h"
#include "common/socket_address.h"
#include "milterd/clamd_connection.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace postern {

struct ClamdOptions {
    SocketAddress address{};
    std::chrono::milliseconds wait = std::chrono::seconds(10);
    std::chrono::milliseconds reload_wait = std::chrono::seconds(60);
    std::size_t max_waiting = 250;
    std::chrono::milliseconds silence = std::chrono::seconds(2); // of clamd to everyone, before it counts as silent
};

// What clamd was when it was last asked.
enum class ClamdState { ready, silent, absent };

struct ScanOutcome {
    enum class Kind { clean, infected, too_large, failed } kind{};
    std::string text{}; // the virus, or the reason; printable
};

class ClamdClient {
public:
    explicit ClamdClient(ClamdOptions options);

    ClamdState state() const { return state_; }
    std::size_t waiting() const { return waiting_; } // mails that an absent or silent clamd keeps

private:
    friend class ClamdScan;
    class Slot;

    std::vector<ClamdEndpoint> endpoints();
    void look_up_again();
    bool passes_descriptors() const;
    void no_more_descriptors();
    void heard();

    const ClamdOptions options_;
    std::mutex mutex_;
    std::vector<ClamdEndpoint> endpoints_; // under mutex_
    Deadline looked_up_{};                 // under mutex_
    std::atomic<ClamdState> state_ = ClamdState::ready;
    std::atomic<std::size_t> waiting_ = 0;
    std::atomic<Deadline> last_reply_{Deadline{}};
    std::atomic<Deadline> stream_until_{Deadline{}};
};

class ClamdScan {
public:
    // `content` and `client` must outlive the scan.
    ClamdScan(ClamdClient& client, ClamdContent content);
    ~ClamdScan();

    ScanOutcome wait(Deadline deadline);

private:
    void connect();
    bool connect_elsewhere();
    std::optional<ScanOutcome> read_reply();
    std::optional<ScanOutcome> try_again(std::string why);
    std::optional<ScanOutcome> step();
    std::optional<ScanOutcome> wait_absent(ClamdConnection::Progress progress);
    std::optional<ScanOutcome> wait_silent(ClamdConnection::Progress progress);
    std::optional<ScanOutcome> lose_patience(ClamdState trouble, Deadline begins, Deadline limit);
    void sleep();
    void poll();

    ClamdClient& client_;
    ClamdContent content_;
    ClamdCommand command_;
    std::vector<ClamdEndpoint> endpoints_; // not tried yet
    ClamdConnection connection_;
    std::unique_ptr<ClamdClient::Slot> slot_; // held while clamd keeps us waiting
    Deadline deadline_{};
    Deadline moved_at_{};                     // when it last took something from us
    std::size_t moved_ = 0;
    std::optional<Deadline> absent_since_;
    Deadline wake_at_{};                      // when patience is to be looked at again
    std::chrono::milliseconds pause_;         // before the next connection
    int failures_ = 0;
};

} // namespace postern
