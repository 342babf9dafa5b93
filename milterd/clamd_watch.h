// clamd_watch - asks each clamd how it is, on a thread of its own
//
// So a clamd that comes back is known before a mail has to find out, one that
// is busy with a long scan is not taken for silent, and a host's name is looked
// up without a mail waiting for it.
//
// Each is sent a PING every second while there are scans or it is not ready,
// else every ten seconds; connections are made anew for ever. While a PING
// stays without its PONG the question is left open: the end of a reload is
// noticed at once.
// See: clamd_server for what is made of it
#pragma once

#include "common/file_descriptor.h"
#include "milterd/clamd_server.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace postern {

struct ClamdWatchOptions {
    std::chrono::milliseconds silence = std::chrono::seconds(2); // as ClamdOptions have it
    ClamdLookUp look_up{}; // none: names have no addresses
    std::function<void(const ClamdServer&, ClamdState from, ClamdState to)> on_change{}; // on the thread
};

class ClamdWatch {
public:
    ClamdWatch(std::vector<std::shared_ptr<ClamdServer>> servers, ClamdWatchOptions options);
    ~ClamdWatch(); // waits for the thread, which waits for nobody

    void scan_begins(); // from any thread

private:
    class Watched;

    void run();
    void sleep_until(Deadline when, const std::vector<std::unique_ptr<Watched>>& all);
    bool is_idle() const;
    void wake();

    const std::vector<std::shared_ptr<ClamdServer>> servers_;
    const ClamdWatchOptions options_;
    FileDescriptor wake_up_; // eventfd(2)
    std::atomic<Deadline> last_scan_;
    std::atomic<bool> is_asleep_ = false; // for long, as nothing happens
    std::atomic<bool> is_ending_ = false;
    std::thread thread_; // last: it uses the others
};

} // namespace postern
