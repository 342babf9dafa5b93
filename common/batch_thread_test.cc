#include "common/batch_thread.h"

#include <atomic>
#include <doctest/doctest.h>
#include <future>

namespace postern {

TEST_CASE("BatchThread does what was pushed, in order, all of it before it ends")
{
    std::vector<int> done;
    std::promise<void> go;
    auto wait = go.get_future();
    {
        int batches = 0;
        BatchThread<int> thread([&](auto&, std::vector<int> jobs) {
            if (++batches == 1)
                wait.wait(); // the rest gathers meanwhile
            done.insert(done.end(), jobs.begin(), jobs.end());
        }, {});
        for (int i = 0; i < 100; ++i)
            CHECK(thread.push(i));
        go.set_value();
    }
    REQUIRE(done.size() == 100);
    for (int i = 0; i < 100; ++i)
        CHECK(done[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("BatchThread lets jobs gather while they keep coming")
{
    using namespace std::chrono_literals;
    std::atomic<int> batches = 0;
    std::atomic<int> done = 0;
    {
        BatchThread<int> thread(
            [&](auto&, std::vector<int> jobs) {
                ++batches;
                done += static_cast<int>(jobs.size());
            },
            {.gather = 500ms});
        thread.push(0);
        while (done == 0) // the first one does not wait
            std::this_thread::yield();
        for (int i = 0; i < 20; ++i) {
            thread.push(i);
            std::this_thread::sleep_for(1ms);
        }
    } // nor does the end
    CHECK(done == 21);
    CHECK(batches <= 3);
}

TEST_CASE("BatchThread refuses what does not fit its queue")
{
    std::promise<void> started;
    std::promise<void> go;
    auto wait = go.get_future();
    bool first = true;
    BatchThread<int> thread([&](auto&, std::vector<int>) {
        if (std::exchange(first, false)) {
            started.set_value();
            wait.wait();
        }
    }, {.capacity = 2, .idle_interval = {}, .idle = {}});
    REQUIRE(thread.push(0));
    started.get_future().wait();
    CHECK(thread.push(1));
    CHECK(thread.push(2));
    CHECK_FALSE(thread.push(3));
    go.set_value();
}

TEST_CASE("BatchThread is idle between batches, and its pause ends when it ends")
{
    std::promise<void> idled;
    std::atomic<int> idles = 0;
    const auto idle = [&](auto&) {
        if (++idles == 1)
            idled.set_value();
    };
    std::promise<void> pausing;
    {
        BatchThread<int> thread([&](auto& self, std::vector<int>) {
            pausing.set_value();
            self.pause(std::chrono::hours(1));
        }, {.capacity = 1, .idle_interval = std::chrono::milliseconds(1), .idle = idle});
        idled.get_future().wait();
        REQUIRE(thread.push(0));
        pausing.get_future().wait();
    } // hangs here if pause() does not end
    CHECK(idles >= 1);
}

} // namespace postern
