#include "common/queued_log.h"

#include "common/file_descriptor.h"
#include "test/scratch_folder.h"

#include <algorithm>
#include <condition_variable>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sys/stat.h>
#include <thread>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock;

// What an output was given, and how it shall behave; outlives the log.
struct Sink {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> lines; // "event name=value"
    std::size_t writes = 0;
    bool is_blocked = false;
    bool is_broken = false;
    int opened = 0;
    std::string open_error;

    void set(bool Sink::*flag, bool value)
    {
        const std::lock_guard lock(mutex);
        this->*flag = value;
        changed.notify_all();
    }

    // Waits until the thread is in its n-th write, or behind it.
    void wait_for_write(std::size_t n)
    {
        std::unique_lock lock(mutex);
        REQUIRE(changed.wait_for(lock, 10s, [&] { return writes >= n; }));
    }
};

class SinkOutput final : public LogOutput {
public:
    explicit SinkOutput(Sink& sink)
        : sink_(sink)
    {
    }

    Result<> open() override
    {
        const std::lock_guard lock(sink_.mutex);
        ++sink_.opened;
        if (!sink_.open_error.empty())
            return fail("{}", sink_.open_error);
        return {};
    }

    std::size_t write(std::span<const LogEvent> events) override
    {
        std::unique_lock lock(sink_.mutex);
        ++sink_.writes;
        sink_.changed.notify_all();
        sink_.changed.wait(lock, [this] { return !sink_.is_blocked; });
        if (sink_.is_broken)
            return events.size();
        for (const auto& event : events) {
            sink_.lines.push_back(event.event);
            for (const auto field : event.fields)
                sink_.lines.back().append(" ").append(field.name).append("=").append(field.value);
        }
        return 0;
    }

private:
    Sink& sink_;
};

QueuedLog log_to(Sink& sink, std::size_t queue_limit = 1 << 20)
{
    return QueuedLog({.program = "prog", .queue_limit = queue_limit}, std::make_unique<SinkOutput>(sink));
}

// "log dropped=N" to N; 0 for another line.
std::size_t dropped_in(const std::string& line)
{
    constexpr std::string_view report = "log dropped=";
    return line.starts_with(report) ? std::stoul(line.substr(report.size())) : 0;
}

std::string content_of(const std::string& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_CASE("lines arrive in order, those from before the start too")
{
    Sink sink;
    {
        auto log = log_to(sink);
        log.info("first", {{"n", 1}});
        REQUIRE(log.start());
        log.error("second", {{"text", "a b"}});
    }
    CHECK(sink.lines == std::vector<std::string>{"first n=1", "second text=a b"});
}

TEST_CASE("the level decides, and can be changed")
{
    Sink sink;
    {
        auto log = log_to(sink);
        REQUIRE(log.start());
        CHECK_FALSE(log.wants(LogLevel::debug));
        log.debug("no");
        log.set_level(LogLevel::debug);
        log.debug("yes");
        log.set_level(LogLevel::error);
        log.warning("no");
        log.error("yes");
    }
    CHECK(sink.lines == std::vector<std::string>{"yes", "yes"});
}

TEST_CASE("a blocked output: callers go on, and what did not fit is counted and told")
{
    Sink sink;
    sink.is_blocked = true;
    constexpr std::size_t total = 20'000;
    {
        auto log = log_to(sink, 100'000);
        REQUIRE(log.start());
        log.info("test");
        sink.wait_for_write(1);
        const auto begin = Time::now();
        for (std::size_t i = 1; i < total; ++i)
            log.info("test", {{"n", i}});
        CHECK(Time::now() - begin < 5s); // sanitizers are slow; without them it takes milliseconds
        sink.set(&Sink::is_blocked, false);
    }
    const auto reports = std::count_if(sink.lines.begin(), sink.lines.end(), dropped_in);
    CHECK(reports == 1);
    const auto dropped = dropped_in(sink.lines.back());
    CHECK(dropped > total / 2);
    CHECK(sink.lines.size() - 1 + dropped == total);
    CHECK(sink.lines[1] == "test n=1"); // the first ones are kept: they tell how it began
}

TEST_CASE("a value that is larger than the queue is dropped, not waited for")
{
    Sink sink;
    {
        auto log = log_to(sink, 10'000);
        REQUIRE(log.start());
        log.info("test", {{"text", std::string(10'000, 'x')}});
        log.info("after");
    }
    CHECK(sink.lines == std::vector<std::string>{"after", "log dropped=1"});
}

TEST_CASE("a broken output: what it lost is told when it works again")
{
    Sink sink;
    sink.is_broken = true;
    {
        auto log = log_to(sink);
        REQUIRE(log.start());
        log.info("one");
        sink.wait_for_write(1);
        log.info("two");
        sink.wait_for_write(2);
        sink.set(&Sink::is_broken, false);
        log.info("three");
    }
    REQUIRE(sink.lines.size() == 2);
    CHECK(sink.lines[0] == "three");
    CHECK(sink.lines[1] == "log dropped=2");
}

TEST_CASE("from many threads at once no line is lost")
{
    Sink sink;
    {
        auto log = log_to(sink, 64 << 20);
        REQUIRE(log.start());
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&log, t] {
                for (int i = 0; i < 2000; ++i) {
                    log.info("test", {{"t", t}});
                    log.set_level(LogLevel::info);
                }
            });
        log.reopen();
        for (auto& thread : threads)
            thread.join();
    }
    CHECK(sink.lines.size() == 8000);
    CHECK(std::count(sink.lines.begin(), sink.lines.end(), "test t=3") == 2000);
}

TEST_CASE("reopen is done by the thread, before the next line")
{
    const ScratchFolder folder;
    const auto path = folder / "log";
    {
        QueuedLog log({.program = "prog", .target = LogOptions::Target::file, .path = path});
        REQUIRE(log.start());
        log.info("before");
        while (content_of(path).empty())
            std::this_thread::yield();
        std::filesystem::rename(path, folder / "log.1");
        log.reopen();
        log.info("after");
    }
    CHECK(content_of(folder / "log.1").find("event=before\n") != std::string::npos);
    CHECK(content_of(folder / "log.1").find("event=after") == std::string::npos);
    CHECK(content_of(path).find("event=after\n") != std::string::npos);
}

TEST_CASE("a reopen that fails is logged, and the old file goes on")
{
    Sink sink;
    {
        auto log = log_to(sink);
        REQUIRE(log.start());
        sink.open_error = "no such folder";
        log.reopen();
        log.info("test");
    }
    CHECK(sink.opened == 2);
    REQUIRE(sink.lines.size() == 2);
    CHECK(sink.lines[0] == "log error=no such folder");
    CHECK(sink.lines[1] == "test");
}

TEST_CASE("a log that never started says on stderr what it was given")
{
    const ScratchFolder folder;
    const auto path = folder / "stderr";
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT, 0600));
    const FileDescriptor stderr_before(::dup(STDERR_FILENO));
    ::dup2(file.get(), STDERR_FILENO);
    {
        QueuedLog log({.program = "prog", .target = LogOptions::Target::file, .path = folder / "none/log"});
        log.error("config", {{"fault", "postern.toml:3: greylist.dealy: no such setting"}});
        const auto started = log.start();
        CHECK_FALSE(started);
        CHECK(started.error().what.starts_with("cannot open "));
    }
    ::dup2(stderr_before.get(), STDERR_FILENO);
    CHECK(content_of(path).ends_with(
        " level=error program=prog event=config fault=\"postern.toml:3: greylist.dealy: no such setting\"\n"));
}

TEST_CASE("a full pipe blocks neither the caller nor, for long, the end")
{
    const ScratchFolder folder;
    const auto path = folder / "pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    FileDescriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK)); // and never reads
    auto begin = Time::now();
    {
        QueuedLog log({.program = "prog", .target = LogOptions::Target::file, .path = path});
        REQUIRE(log.start());
        for (int i = 0; i < 20'000; ++i)
            log.info("test", {{"text", "some text, so that the pipe is full soon"}});
        CHECK(Time::now() - begin < 5s);
        begin = Time::now();
    }
    CHECK(Time::now() - begin >= QueuedLog::flush_limit);
    CHECK(Time::now() - begin < QueuedLog::flush_limit + 3s);
}

} // namespace postern
