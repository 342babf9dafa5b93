// batch_thread - a thread that takes all that waits for it at once
//
// For what may block (a database, a directory) and what is cheaper in bulk:
// the caller pushes and goes on; the thread takes the whole queue, works on
// it, and comes back for what has gathered meanwhile. Between batches it may
// do a little of something else (`idle`).
// The queue is bounded: push() says false when it is full. The destructor
// finishes what was pushed, then ends the thread.
// An exception of `work` or `idle` ends the program: they must handle theirs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace postern {

template <class Job>
class BatchThread {
public:
    struct Options {
        std::size_t capacity = 100'000;
        std::chrono::milliseconds idle_interval{0}; // 0: never idle
        std::function<void(BatchThread&)> idle;
    };

    // Both are called on the thread, with this object.
    BatchThread(std::function<void(BatchThread&, std::vector<Job>)> work, Options options)
        : work_(std::move(work))
        , options_(std::move(options))
        , thread_([this] { run(); })
    {
    }

    ~BatchThread()
    {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wakeup_.notify_one();
        thread_.join();
    }

    BatchThread(const BatchThread&) = delete;
    BatchThread& operator=(const BatchThread&) = delete;

    bool push(Job job)
    {
        bool was_empty = false;
        {
            const std::lock_guard lock(mutex_);
            if (queue_.size() >= options_.capacity)
                return false;
            was_empty = queue_.empty();
            queue_.push_back(std::move(job));
        }
        if (was_empty) // otherwise it has been told already
            wakeup_.notify_one();
        return true;
    }

    bool stopping() const
    {
        const std::lock_guard lock(mutex_);
        return stopping_;
    }

    // For the thread, between two tries: sleeps, but not past the end.
    void pause(std::chrono::milliseconds time)
    {
        std::unique_lock lock(mutex_);
        wakeup_.wait_for(lock, time, [&] { return stopping_; });
    }

private:
    void run()
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            const auto ready = [&] { return stopping_ || !queue_.empty(); };
            if (options_.idle_interval.count() == 0)
                wakeup_.wait(lock, ready);
            else if (!wakeup_.wait_for(lock, options_.idle_interval, ready)) {
                lock.unlock();
                options_.idle(*this);
                lock.lock();
                continue;
            }
            if (queue_.empty())
                return; // stopping
            auto batch = std::exchange(queue_, {});
            lock.unlock();
            work_(*this, std::move(batch));
            lock.lock();
        }
    }

    std::function<void(BatchThread&, std::vector<Job>)> work_;
    Options options_;
    mutable std::mutex mutex_;
    std::condition_variable wakeup_;
    std::vector<Job> queue_;
    bool stopping_ = false;
    std::thread thread_; // last: it uses the others
};

} // namespace postern
