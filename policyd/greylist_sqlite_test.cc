#include "policyd/greylist_sqlite.h"

#include "test/fake/fake_clock.h"
#include "test/scratch_folder.h"

#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

const GreylistPolicy policy{5min, 48h, 24h * 35, 5};

// A store whose loop the test turns by hand.
struct Setup {
    explicit Setup(std::string path, std::size_t cache_rows = 100)
        : store(io, clock, {std::move(path), cache_rows, policy, 0s, [this](const auto& t) { states.push_back(t); }})
    {
    }

    Result<GreylistRows> find(const GreylistKeys& keys, Deadline deadline = std::chrono::steady_clock::now() + 10s)
    {
        auto result = asio::co_spawn(io, store.find(keys, deadline), asio::use_future);
        turn_until([&] { return result.wait_for(0s) == std::future_status::ready; });
        return result.get();
    }

    Result<GreylistRowPair> find(const GreylistKeyPair& pair, Deadline deadline = std::chrono::steady_clock::now() + 10s)
    {
        const auto rows = find(GreylistKeys{pair, {}}, deadline);
        return rows ? Result<GreylistRowPair>(rows->network) : tl::unexpected(rows.error());
    }

    void turn_until(const std::function<bool()>& done)
    {
        const auto limit = std::chrono::steady_clock::now() + 20s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > limit)
                FAIL("waited in vain");
            io.restart();
            io.run_for(5ms);
        }
    }

    void turn_until_written()
    {
        turn_until([&] { return store.state().waiting_writes == 0; });
    }

    asio::io_context io;
    FakeClock clock;
    std::vector<std::string> states;
    GreylistSqlite store;
};

GreylistKeyPair keys(int number)
{
    return {fmt::format("192.0.2.0/{}@example.org/me@example.net", number), fmt::format("10.0.{}.0", number)};
}

TripletRow row_at(Timestamp time)
{
    return {time, time + 1s};
}

// While it lives, no file of this process grows past 16 KiB.
class FullDisk {
public:
    FullDisk()
    {
        std::signal(SIGXFSZ, SIG_IGN); // an error of write(2) instead
        getrlimit(RLIMIT_FSIZE, &old_);
        const rlimit small{16384, old_.rlim_max};
        REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    }
    ~FullDisk() { setrlimit(RLIMIT_FSIZE, &old_); }

private:
    rlimit old_{};
};

// While it lives, another process holds the read and write locks of a WAL index.
// (A process never waits for its own.)
class HeldFile {
public:
    explicit HeldFile(const std::string& path)
    {
        int ready[2];
        REQUIRE(pipe(ready) == 0);
        child_ = fork();
        if (child_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            struct flock all{};
            all.l_type = F_WRLCK;
            all.l_start = 120; // where SQLite's wal.c keeps its eight locks
            all.l_len = 8;
            const int file = open(path.c_str(), O_RDWR);
            while (fcntl(file, F_SETLK, &all) != 0)
                usleep(1000); // until the writer is between two transactions
            (void)!write(ready[1], "", 1);
            pause();
            _exit(0);
        }
        char octet = 0;
        REQUIRE(read(ready[0], &octet, 1) == 1);
        close(ready[0]);
        close(ready[1]);
    }
    ~HeldFile()
    {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }

private:
    pid_t child_ = -1;
};

} // namespace

TEST_CASE("GreylistSqlite: what was applied is found, also by the next start")
{
    const ScratchFolder folder;
    const FakeClock clock;
    const GreylistRowPair writes{row_at(clock.now()), ClientRow{3, clock.now()}};
    {
        Setup setup(folder / "greylist.sqlite");
        CHECK_FALSE(setup.find(keys(1))->triplet.has_value());
        setup.store.apply(keys(1), writes);
        CHECK(setup.find(keys(1))->triplet == writes.triplet); // before it is on disk
    } // the end writes what waits

    Setup setup(folder / "greylist.sqlite");
    const auto rows = setup.find(keys(1));
    REQUIRE(rows.has_value());
    CHECK(rows->triplet == writes.triplet);
    CHECK(rows->client == writes.client);
    CHECK_FALSE(setup.find(keys(2))->triplet.has_value());
}

TEST_CASE("GreylistSqlite: both names of a client, in one question and from memory")
{
    const ScratchFolder folder;
    const GreylistKeys both{keys(1), keys(2)};
    const FakeClock clock;
    const GreylistRowPair first{row_at(clock.now()), {}}, second{{}, ClientRow{3, clock.now()}};
    {
        Setup setup(folder / "greylist.sqlite");
        setup.store.apply(both.network, first);
        setup.store.apply(both.domain, second);
    }
    Setup setup(folder / "greylist.sqlite");
    CHECK_FALSE(setup.store.recall(both.network).has_value()); // nobody has asked yet
    const auto rows = setup.find(both);
    REQUIRE(rows.has_value());
    CHECK(*rows == GreylistRows{first, second});
    CHECK(setup.store.recall(both.network) == first);
    CHECK(setup.store.recall(both.domain) == second);
    CHECK_FALSE(setup.store.recall(keys(3)).has_value());
}

TEST_CASE("GreylistSqlite: many triplets through a small memory")
{
    const ScratchFolder folder;
    constexpr int many = 5000;
    Setup setup(folder / "greylist.sqlite", 16);
    for (int i = 0; i < many; ++i)
        setup.store.apply(keys(i), {row_at(setup.clock.now() + std::chrono::seconds(i)), {}});
    for (int i = 0; i < many; i += 97) // some on disk by now, some on their way
        CHECK(setup.find(keys(i))->triplet == row_at(setup.clock.now() + std::chrono::seconds(i)));
    setup.turn_until_written();
    CHECK(setup.store.state().cached_rows <= 32);
    CHECK(setup.store.state().lost_writes == 0);
}

TEST_CASE("GreylistSqlite: a new triplet costs no read, once the file has been gone through")
{
    const ScratchFolder folder;
    const auto path = folder / "greylist.sqlite";
    const auto has_filter = [](Setup& setup) { return [&] { return setup.store.state().filter_octets > 0; }; };
    {
        Setup setup(path);
        for (int i = 0; i < 50; ++i)
            setup.store.apply(keys(i), {row_at(setup.clock.now()), ClientRow{1, setup.clock.now()}});
        setup.turn_until(has_filter(setup));
        for (int i = 50; i < 60; ++i) // known to the filter that is there, not to the one that was made
            setup.store.apply(keys(i), {row_at(setup.clock.now()), ClientRow{1, setup.clock.now()}});
        setup.turn_until_written();
        for (int i = 0; i < 60; ++i)
            REQUIRE(setup.find(keys(i))->triplet);
    }
    Setup setup(path, 1);
    setup.turn_until(has_filter(setup));
    int known = 0;
    for (int i = 100; i < 200; ++i)
        if (const auto rows = setup.store.recall(keys(i)); rows && !rows->triplet && !rows->client)
            ++known;
    CHECK(known > 90);
    for (int i = 0; i < 60; ++i) {
        CHECK_FALSE(setup.store.recall(keys(i)));
        CHECK(setup.find(keys(i))->triplet);
    }
}

TEST_CASE("GreylistSqlite: what another program writes into the file is found")
{
    const ScratchFolder folder;
    const auto path = folder / "greylist.sqlite";
    Setup setup(path);
    setup.turn_until([&] { return setup.store.state().filter_octets > 0; });
    auto tables = GreylistTables::open(path);
    REQUIRE(tables);
    const GreylistWrite write{keys(7).triplet, row_at(setup.clock.now())};
    REQUIRE(tables->write({&write, 1}));
    setup.turn_until([&] { return !setup.store.recall(keys(7)); });
    CHECK(setup.find(keys(7))->triplet);
    setup.turn_until([&] { return setup.store.state().filter_octets > 0; });
    CHECK(setup.find(keys(7))->triplet);
}

TEST_CASE("GreylistSqlite: a file that cannot be opened is said once, and taken up when it can")
{
    const ScratchFolder folder;
    std::filesystem::create_directory(folder / "greylist.sqlite"); // no database
    Setup setup(folder / "greylist.sqlite");
    REQUIRE(setup.states.size() == 1);
    CHECK(setup.states[0].find("unable to open database file") != std::string::npos);
    CHECK_FALSE(setup.find(keys(1)).has_value());
    CHECK(setup.store.state().failed_finds == 1);

    setup.store.apply(keys(1), {row_at(setup.clock.now()), ClientRow{1, setup.clock.now()}});
    CHECK(setup.find(keys(1))->triplet == row_at(setup.clock.now())); // memory knows it all the same

    std::filesystem::remove(folder / "greylist.sqlite");
    setup.turn_until([&] { return setup.states.size() == 2; });
    CHECK(setup.states[1].empty());
    setup.turn_until_written();
    CHECK_FALSE(setup.find(keys(2))->triplet.has_value());
}

TEST_CASE("GreylistSqlite: a full disk passes mail, says so, and heals")
{
    const ScratchFolder folder;
    Setup setup(folder / "greylist.sqlite", 4);
    {
        const FullDisk full;
        for (int i = 0; i < 50; ++i)
            setup.store.apply(keys(i), {row_at(setup.clock.now()), {}});
        setup.turn_until([&] { return !setup.states.empty(); });
        CHECK(setup.states.back().find("disk") != std::string::npos);
        const auto unknown = setup.find(keys(1000));
        REQUIRE_FALSE(unknown.has_value());
        CHECK(unknown.error().what == setup.states.back());
    }
    setup.turn_until([&] { return setup.states.back().empty(); });
    setup.turn_until_written();
    for (int i = 0; i < 50; ++i)
        CHECK(setup.find(keys(i))->triplet.has_value());
    CHECK(setup.store.state().lost_writes == 0);
}

TEST_CASE("GreylistSqlite: a store that hangs does not keep the caller past the deadline")
{
    const ScratchFolder folder;
    Setup setup(folder / "greylist.sqlite");
    REQUIRE(setup.find(keys(1)).has_value()); // the -shm file is there now
    const HeldFile held(folder / "greylist.sqlite-shm");
    const auto late = setup.find(keys(2), std::chrono::steady_clock::now() + 20ms);
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().what == "the store did not answer in time");
}

} // namespace postern
