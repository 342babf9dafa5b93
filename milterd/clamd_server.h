// clamd_server - one clamd(8), and how it is
//
//     ready      it has answered: a scan, or a PING
//     reloading  it was ready; now it takes connections and says nothing, as
//                while it loads signatures anew
//     warming    the same of one that was down, or that nobody has heard of
//                since our start: it loads them for the first time
//     down       nobody listens, or who listens is no clamd
//
// Told by who talks to it: the scans, and clamd_watch, which asks it every
// second. Every method may be called from any thread.
// Lives longer than the chain of filters: a reload of ours changes nothing about it.
#pragma once

#include "common/clock.h"
#include "common/facts.h"
#include "common/socket_address.h"
#include "milterd/clamd_addresses.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace postern {

using ClamdState = FunctionState::Kind; // ready, warming, reloading, down

class ClamdServer {
public:
    explicit ClamdServer(SocketAddress address);

    const SocketAddress& address() const { return address_; }
    std::string name() const { return address_.text(); }

    ClamdState state() const { return state_; }
    Deadline last_reply() const { return last_reply_; }
    void heard();
    void silent();
    void absent();

    // The state, if nobody has been told of it yet. For one who tells.
    bool has_changed(ClamdState& from, ClamdState& to);

    std::vector<ClamdEndpoint> endpoints() const;
    void set_endpoints(std::vector<ClamdEndpoint> endpoints);

    bool passes_descriptors() const;
    void no_more_descriptors(); // for some minutes

    void count_scan() { ++scans_; }
    void count_failure() { ++failures_; }
    std::uint64_t scans() const { return scans_; }
    std::uint64_t failures() const { return failures_; } // refused, closed, silent, nonsense

private:
    const SocketAddress address_;
    std::atomic<ClamdState> state_ = ClamdState::warming;
    std::atomic<ClamdState> told_ = ClamdState::warming;
    std::atomic<Deadline> last_reply_{Deadline{}};
    std::atomic<Deadline> stream_until_{Deadline{}};
    std::atomic<std::uint64_t> scans_ = 0, failures_ = 0;
    mutable std::mutex mutex_;
    std::vector<ClamdEndpoint> endpoints_; // under mutex_
};

void add_facts(const ClamdServer& server, Facts& facts);

// Each clamd once, by its address, whatever chain asks for it.
class ClamdServers {
public:
    std::shared_ptr<ClamdServer> at(const SocketAddress& address);

private:
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<ClamdServer>> servers_;
};

} // namespace postern
