#include "milterd/clamd_watch.h"

#include "test/fake/fake_clamd.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <algorithm>
#include <mutex>
#include <thread>

namespace postern {
namespace {

using namespace std::chrono_literals;

ClamdReaction clean(const ClamdRequest&)
{
    return clamd_says("stream: OK");
}

void wait_until(const ClamdServer& server, ClamdState state)
{
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (server.state() != state && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(1ms);
    CHECK(state_name(server.state()) == state_name(state));
}

} // namespace

TEST_CASE("ClamdWatch sees a clamd start, answer, fall silent and go, without a mail")
{
    const ScratchFolder folder;
    const auto server = std::make_shared<ClamdServer>(SocketAddress{folder / "clamd", "", 0});
    std::mutex mutex;
    std::string told;
    ClamdWatch watch({server}, {50ms, {}, [&](const ClamdServer&, ClamdState from, ClamdState to) {
                                    const std::lock_guard lock(mutex);
                                    told += std::string(state_name(from)) + " " + std::string(state_name(to)) + "\n";
                                }});
    wait_until(*server, ClamdState::down);
    {
        FakeClamd starting({.path = folder / "clamd", .accepts = false}, clean);
        wait_until(*server, ClamdState::warming);
    }
    wait_until(*server, ClamdState::down);
    {
        FakeClamd up({.path = folder / "clamd"}, clean);
        wait_until(*server, ClamdState::ready);
        CHECK(server->last_reply() > Deadline{});
    }
    wait_until(*server, ClamdState::down);
    FakeClamd stuck({.path = folder / "clamd", .pongs = false}, clean);
    wait_until(*server, ClamdState::warming);
    for (int i = 0; i < 3000; ++i) {
        const std::lock_guard lock(mutex);
        if (std::count(told.begin(), told.end(), '\n') >= 6)
            break;
        std::this_thread::sleep_for(10ms);
    }
    const std::lock_guard lock(mutex);
    CHECK(told == "warming down\ndown warming\nwarming down\ndown ready\nready down\ndown warming\n");
}

TEST_CASE("ClamdWatch: silence of one that was ready is a reload")
{
    const ScratchFolder folder;
    const auto server = std::make_shared<ClamdServer>(SocketAddress{folder / "clamd", "", 0});
    server->heard();
    FakeClamd stuck({.path = folder / "clamd", .pongs = false}, clean);
    ClamdWatch watch({server}, {50ms, {}, {}});
    wait_until(*server, ClamdState::reloading);
}

TEST_CASE("ClamdWatch: who listens must be a clamd")
{
    const ScratchFolder folder;
    const auto server = std::make_shared<ClamdServer>(SocketAddress{folder / "other", "", 0});
    server->heard();
    FakeClamd other({.path = folder / "other", .closes_at_once = true}, clean);
    ClamdWatch watch({server}, {50ms, {}, {}});
    wait_until(*server, ClamdState::down);
}

TEST_CASE("ClamdWatch looks a host's name up, again and again, and nobody waits for it")
{
    FakeClamd clamd({}, clean);
    const auto server = std::make_shared<ClamdServer>(SocketAddress{"", "clamd.example", clamd.port()});
    std::atomic<int> asked = 0;
    const auto look_up = [&](const std::string&) {
        std::promise<std::vector<IpAddress>> answer;
        if (++asked == 1)
            answer.set_value({}); // the name is not known yet
        else if (asked == 2)
            return std::promise<std::vector<IpAddress>>().get_future(); // who would answer has gone
        else
            answer.set_value({IpAddress::v4({127, 0, 0, 2}), IpAddress::v4({127, 0, 0, 1})});
        return answer.get_future();
    };
    ClamdWatch watch({server}, {2s, look_up, {}});
    wait_until(*server, ClamdState::ready);
    CHECK(asked == 3);
    CHECK(server->endpoints().size() == 2);
}

} // namespace postern
