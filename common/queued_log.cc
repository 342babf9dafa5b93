#include "common/queued_log.h"

#include "common/log_event.h"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace postern {
namespace {

// While lines keep coming they are written this often, not one by one: to wake a thread costs
// the caller more than all the rest of a line.
constexpr std::chrono::milliseconds gather_time{3};
constexpr std::size_t most_at_a_time = 100; // events in memory twice
constexpr std::size_t usual_batch = 256 << 10; // octets: what a burst took beyond this is given back

LogEvent own_event(LogLevel level, LogField field)
{
    return {std::chrono::system_clock::now(), level, "log", pack({std::move(field)})};
}

} // namespace

struct QueuedLog::Shared {
    Shared(LogOptions o, std::unique_ptr<LogOutput> p)
        : options(std::move(o))
        , level(options.level)
        , output(std::move(p))
    {
    }

    void start_thread(std::shared_ptr<Shared> self);
    void run();
    void reopen_output();
    void write_batch(std::string_view packed);
    void tell_of(std::size_t lost);

    const LogOptions options;
    std::atomic<LogLevel> level;
    std::atomic<std::uint64_t> all_lost = 0;
    std::thread thread; // the owner's

    // The thread's, once it runs
    std::unique_ptr<LogOutput> output;
    std::vector<LogEvent> unpacked{most_at_a_time}; // the ones at hand, and before them others
    std::size_t unreported = 0; // events lost that the log has not told of

    // Everybody's
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable finished;
    std::string queue; // packed (log_record)
    std::size_t dropped = 0;
    bool is_waiting = false; // the thread; else it will look by itself
    bool wants_reopen = false;
    bool is_stopping = false;
    bool is_finished = false;
};

void QueuedLog::Shared::start_thread(std::shared_ptr<Shared> self)
{
    // Signals are for the thread that asked for them, and a broken pipe is an error of write(2) here.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread = std::thread([self = std::move(self)] { self->run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void QueuedLog::Shared::run()
{
    std::string batch; // changes places with the queue, so that neither allocates for long
    std::unique_lock lock(mutex);
    for (;;) {
        is_waiting = true;
        wake.wait(lock, [this] { return !queue.empty() || wants_reopen || is_stopping; });
        is_waiting = false;
        if (queue.empty() && !wants_reopen)
            break;
        batch.swap(queue);
        unreported += std::exchange(dropped, 0);
        const bool reopening = std::exchange(wants_reopen, false);
        lock.unlock();

        if (reopening)
            reopen_output();
        write_batch(batch);
        batch.clear();
        if (batch.capacity() > usual_batch)
            batch.shrink_to_fit();
        lock.lock();
        wake.wait_for(lock, gather_time, [this] { return wants_reopen || is_stopping; });
    }
    is_finished = true;
    finished.notify_all();
}

void QueuedLog::Shared::reopen_output()
{
    const auto opened = output->open();
    if (opened)
        return;
    const auto report = own_event(LogLevel::warning, {"error", opened.error().what});
    tell_of(output->write({&report, 1}));
}

void QueuedLog::Shared::write_batch(std::string_view packed)
{
    std::size_t lost = 0;
    while (!packed.empty())
        lost += output->write(unpack_log_events(packed, unpacked));
    tell_of(lost);
}

// What was lost now or before, unless the output is still broken.
void QueuedLog::Shared::tell_of(std::size_t lost)
{
    unreported += lost;
    all_lost += lost;
    if (unreported == 0 || lost > 0)
        return;
    const auto report = own_event(LogLevel::warning, {"dropped", unreported});
    if (output->write({&report, 1}) == 0)
        unreported = 0;
}

QueuedLog::QueuedLog(LogOptions options)
    : QueuedLog(options, make_log_output(options))
{
}

QueuedLog::QueuedLog(LogOptions options, std::unique_ptr<LogOutput> output)
    : shared_(std::make_shared<Shared>(std::move(options), std::move(output)))
{
}

QueuedLog::~QueuedLog()
{
    if (!shared_->thread.joinable()) {
        auto to_stderr = shared_->options;
        to_stderr.target = LogOptions::Target::stderr_stream;
        shared_->output = make_log_output(to_stderr);
        shared_->start_thread(shared_);
    }
    std::unique_lock lock(shared_->mutex);
    shared_->is_stopping = true;
    shared_->wake.notify_one();
    const bool is_finished = shared_->finished.wait_for(lock, flush_limit, [this] { return shared_->is_finished; });
    lock.unlock();
    if (is_finished)
        shared_->thread.join();
    else
        shared_->thread.detach(); // the output blocks; `shared_` stays with the thread
}

Result<> QueuedLog::start()
{
    if (const auto opened = shared_->output->open(); !opened)
        return opened;
    shared_->start_thread(shared_);
    return {};
}

void QueuedLog::reopen()
{
    const std::lock_guard lock(shared_->mutex);
    shared_->wants_reopen = true;
    shared_->wake.notify_one();
}

void QueuedLog::set_level(LogLevel level)
{
    shared_->level.store(level, std::memory_order_relaxed);
}

std::uint64_t QueuedLog::lost() const
{
    return shared_->all_lost;
}

bool QueuedLog::wants(LogLevel level) const
{
    return level >= shared_->level.load(std::memory_order_relaxed);
}

void QueuedLog::write(LogLevel level, std::string_view event, const LogRecord& fields)
{
    const auto now = std::chrono::system_clock::now();
    const std::lock_guard lock(shared_->mutex);
    const auto size_before = shared_->queue.size();
    pack_log_event(shared_->queue, now, level, event, fields);
    if (shared_->queue.size() > shared_->options.queue_limit) {
        shared_->queue.resize(size_before);
        ++shared_->dropped;
        ++shared_->all_lost;
        return;
    }
    if (std::exchange(shared_->is_waiting, false))
        shared_->wake.notify_one();
}

} // namespace postern
