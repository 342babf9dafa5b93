#include "common/queued_log.h"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <numeric>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace postern {
namespace {

std::size_t octets_of(const LogEvent& event)
{
    return std::accumulate(event.fields.begin(), event.fields.end(), sizeof event + event.event.size(),
                           [](std::size_t sum, const auto& field) { return sum + sizeof field + field.value.size(); });
}

LogEvent own_event(LogLevel level, LogField field)
{
    return {std::chrono::system_clock::now(), level, "log", {std::move(field)}};
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
    void write_out(std::span<const LogEvent> events);

    const LogOptions options;
    std::atomic<LogLevel> level;
    std::thread thread; // the owner's

    // The thread's, once it runs
    std::unique_ptr<LogOutput> output;
    std::size_t unreported = 0; // events lost that the log has not told of

    // Everybody's
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable finished;
    std::vector<LogEvent> queue;
    std::size_t queued_octets = 0;
    std::size_t dropped = 0;
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
    std::vector<LogEvent> batch; // changes places with the queue, so that neither allocates for long
    std::unique_lock lock(mutex);
    for (;;) {
        wake.wait(lock, [this] { return !queue.empty() || wants_reopen || is_stopping; });
        if (queue.empty() && !wants_reopen)
            break;
        batch.swap(queue);
        queued_octets = 0;
        unreported += std::exchange(dropped, 0);
        const bool reopening = std::exchange(wants_reopen, false);
        lock.unlock();

        if (reopening)
            reopen_output();
        write_out(batch);
        batch.clear();
        lock.lock();
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
    write_out({&report, 1});
}

void QueuedLog::Shared::write_out(std::span<const LogEvent> events)
{
    const auto lost = output->write(events);
    unreported += lost;
    if (unreported == 0 || lost > 0) // a broken output is not told that it is broken
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

bool QueuedLog::wants(LogLevel level) const
{
    return level >= shared_->level.load(std::memory_order_relaxed);
}

void QueuedLog::write(LogLevel level, std::string_view event, LogFields fields)
{
    LogEvent entry{std::chrono::system_clock::now(), level, std::string(event), std::move(fields)};
    const auto octets = octets_of(entry);
    const std::lock_guard lock(shared_->mutex);
    if (shared_->queued_octets + octets > shared_->options.queue_limit) {
        ++shared_->dropped;
        return;
    }
    shared_->queued_octets += octets;
    shared_->queue.push_back(std::move(entry));
    if (shared_->queue.size() == 1) // otherwise the thread is awake, or about to be
        shared_->wake.notify_one();
}

} // namespace postern
