// greylist_list_watch - list files are read again when they change
//
// A thread looks at the files every few seconds. If one is another than
// before (another file, time or size, there or gone), all are read, and the
// new lists take the place of the old ones on the io_context's thread, all at
// once. If there is a fault, the old ones stay.
// Failure: on_change is told of every fault, once for each change.
#pragma once

#include "common/batch_thread.h"
#include "policyd/greylist_lists.h"

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace postern {

// The lists in force, for a check that asks them and a watch that replaces them.
struct CurrentGreylistLists {
    std::shared_ptr<GreylistLists> lists; // not null
};

class GreylistListWatch {
public:
    struct Options {
        std::chrono::milliseconds interval{2000};
        // On the io_context's thread: the new lists, or why there are none.
        std::function<void(const Result<std::shared_ptr<GreylistLists>>& lists)> on_change{};
    };

    // Loads the lists before it returns. `io` outlives it.
    static Result<std::unique_ptr<GreylistListWatch>> create(asio::io_context& io, const GreylistSettings& settings,
                                                             Options options);

    std::shared_ptr<CurrentGreylistLists> current() const { return current_; }

    struct FileState; // of one file at one time
    ~GreylistListWatch();

private:
    GreylistListWatch(asio::io_context& io, const GreylistSettings& settings, Options options);
    std::vector<FileState> look() const;
    void watch();

    asio::io_context& io_;
    GreylistSettings settings_;
    Options options_;
    std::shared_ptr<CurrentGreylistLists> current_ = std::make_shared<CurrentGreylistLists>();
    std::shared_ptr<int> alive_ = std::make_shared<int>(); // for what is posted and arrives after the end
    std::vector<FileState> seen_; // the thread's alone, once it runs
    std::unique_ptr<BatchThread<int>> thread_; // nothing is ever pushed
};

} // namespace postern
