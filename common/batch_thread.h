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
        std::function<void(BatchThread&)> idle{};
        std::chrono::milliseconds gather{0}; // while jobs keep coming: how long they gather between batches
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
        bool is_waiting = false;
        {
            const std::lock_guard lock(mutex_);
            if (queue_.size() >= options_.capacity)
                return false;
            queue_.push_back(std::move(job));
            is_waiting = std::exchange(is_waiting_, false);
        }
        if (is_waiting) // otherwise it has been told already, or will look by itself
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
            if (!wait_for_jobs(lock)) {
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
            if (options_.gather.count() > 0)
                wakeup_.wait_for(lock, options_.gather, [&] { return stopping_; });
        }
    }

    // False: there were none during the idle interval.
    bool wait_for_jobs(std::unique_lock<std::mutex>& lock)
    {
        const auto ready = [&] { return stopping_ || !queue_.empty(); };
        is_waiting_ = true;
        bool is_ready = true;
        if (options_.idle_interval.count() == 0)
            wakeup_.wait(lock, ready);
        else
            is_ready = wakeup_.wait_for(lock, options_.idle_interval, ready);
        is_waiting_ = false;
        return is_ready;
    }

    std::function<void(BatchThread&, std::vector<Job>)> work_;
    Options options_;
    mutable std::mutex mutex_;
    std::condition_variable wakeup_;
    std::vector<Job> queue_;
    bool stopping_ = false;
    bool is_waiting_ = false; // the thread, for a job
    std::thread thread_; // last: it uses the others
};

} // namespace postern
