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
        : store(io, clock, {std::move(path), cache_rows, 0, policy, 0s, [this](const auto& t) { states.push_back(t); }})
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
    CHECK(setup.store.recall(both.domain, setup.store.look_ahead(both.domain)) == second);
    CHECK_FALSE(setup.store.recall(keys(3), setup.store.look_ahead(keys(3))).has_value());
    CHECK_FALSE(setup.store.recall(keys(3)).has_value());
}

TEST_CASE("GreylistSqlite: a client is known by itself, whatever the triplet")
{
    ScratchFolder folder;
    Setup setup(folder / "greylist.sqlite");
    const auto other = GreylistKeyPair{keys(2).triplet, keys(1).client};
    CHECK_FALSE(setup.store.recall_client(other));
    setup.store.apply(keys(1), {{}, ClientRow{5, setup.clock.now()}});
    CHECK(setup.store.recall_client(other) == ClientRow{5, setup.clock.now()});
}

TEST_CASE("GreylistSqlite: where nobody is whitelisted, a triplet is recalled without its client")
{
    const ScratchFolder folder;
    const auto path = folder / "greylist.sqlite";
    {
        Setup setup(path);
        setup.store.apply(keys(1), {row_at(setup.clock.now()), ClientRow{5, setup.clock.now()}});
    }
    Setup setup(path);
    setup.store.apply(keys(1), {row_at(setup.clock.now()), {}}); // the client's row is on disk alone
    const auto is_recalled = [&] { return setup.store.recall(keys(1)).has_value(); };
    CHECK_FALSE(is_recalled());
    auto without_whitelist = policy;
    without_whitelist.auto_whitelist_after = 0;
    setup.store.set_policy(without_whitelist);
    CHECK(is_recalled());
    setup.store.set_policy(policy);
    CHECK_FALSE(is_recalled());
    CHECK(setup.find(keys(1))->client->passes == 5);
    CHECK(is_recalled());
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

TEST_CASE("GreylistSqlite: a file that is moved away is noticed, and another one is begun")
{
    const ScratchFolder folder;
    const auto path = folder / "greylist.sqlite";
    Setup setup(path);
    setup.store.apply(keys(1), {row_at(setup.clock.now()), {}});
    setup.turn_until_written();
    for (const auto* part : {"-wal", "-shm", ""})
        std::filesystem::rename(path + part, folder / (std::string("old") + part));
    setup.turn_until([&] { return setup.states.size() >= 2; });
    CHECK(setup.states[0] == path + ": was moved away, removed or replaced");
    CHECK(setup.states[1].empty());
    CHECK_FALSE(setup.find(keys(1))->triplet.has_value()); // it was in the other file
    setup.store.apply(keys(2), {row_at(setup.clock.now()), {}});
    setup.turn_until_written();
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("GreylistSqlite: what another program has changed counts after reread()")
{
    const ScratchFolder folder;
    Setup setup(folder / "greylist.sqlite");
    CHECK_FALSE(setup.find(keys(1))->triplet.has_value()); // remembered
    auto other = GreylistTables::open(folder / "greylist.sqlite");
    const GreylistWrite row{keys(1).triplet, row_at(setup.clock.now())};
    REQUIRE(other->write({&row, 1}).has_value());
    CHECK_FALSE(setup.find(keys(1))->triplet.has_value());
    setup.store.reread();
    CHECK(setup.find(keys(1))->triplet == row_at(setup.clock.now()));
}

TEST_CASE("GreylistSqlite: what was read before reread() and arrives after it is not remembered")
{
    const ScratchFolder folder;
    Setup setup(folder / "greylist.sqlite");
    auto other = GreylistTables::open(folder / "greylist.sqlite");
    REQUIRE(other);
    for (int i = 0; i < 100; ++i) { // most of them are read before the row is there
        CAPTURE(i);
        const GreylistKeys asked{keys(i), {}};
        auto before = asio::co_spawn(setup.io, setup.store.find(asked, std::chrono::steady_clock::now() + 10s), asio::use_future);
        setup.io.restart();
        setup.io.poll_one(); // to the reader
        const GreylistWrite row{keys(i).triplet, row_at(setup.clock.now())};
        REQUIRE(other->write({&row, 1}).has_value());
        setup.store.reread();
        setup.turn_until([&] { return before.wait_for(0s) == std::future_status::ready; });
        REQUIRE(before.get().has_value());
        REQUIRE(setup.find(keys(i))->triplet == row_at(setup.clock.now()));
    }
}

TEST_CASE("GreylistSqlite: a disk that was too full to delete old rows is said to work again without a write")
{
    const ScratchFolder folder;
    Setup setup(folder / "greylist.sqlite");
    const auto time = setup.clock.now() - 30min;
    for (int i = 0; i < 500; ++i)
        setup.store.apply(keys(i), {TripletRow{time, time}, {}});
    setup.turn_until_written();
    {
        const FullDisk full;
        setup.store.set_policy({5min, 10min, 24h * 35, 5}); // too old by now
        setup.turn_until([&] { return !setup.states.empty(); });
        CHECK(setup.states.back() != "");
    }
    setup.turn_until([&] { return setup.states.back().empty(); });
    CHECK(setup.find(keys(1000)).has_value());
}

TEST_CASE("GreylistSqlite: near its limit it learns nothing more, lets the unknown pass, and makes room")
{
    const ScratchFolder folder;
    asio::io_context io;
    const FakeClock clock;
    std::vector<bool> states;
    GreylistSqliteOptions options;
    options.path = folder / "greylist.sqlite";
    options.cache_rows = 16;
    options.max_size = 1 << 20;
    options.policy = {5min, 48h, 24h * 35, 5};
    options.expiry_settled = 0s;
    options.on_full = [&](bool is_full) { states.push_back(is_full); };
    GreylistSqlite store(io, clock, options);
    const auto turn_until = [&](const std::function<bool()>& done) {
        const auto limit = std::chrono::steady_clock::now() + 30s;
        while (!done() && std::chrono::steady_clock::now() < limit) {
            io.restart();
            io.run_for(5ms);
        }
        REQUIRE(done());
    };
    int number = 0;
    turn_until([&] {
        for (int i = 0; i < 200 && !store.state().is_full; ++i)
            store.apply(keys(number++), {TripletRow{clock.now() - 30min, clock.now() - 30min}, {}});
        return store.state().is_full;
    });
    CHECK(states == std::vector<bool>{true});
    CHECK(std::filesystem::file_size(options.path) <= static_cast<std::uintmax_t>(options.max_size));
    turn_until([&] { return store.state().waiting_writes == 0; });

    const GreylistKeys unknown{keys(9'999'999), {}};
    auto answer = asio::co_spawn(io, store.find(unknown, std::chrono::steady_clock::now() + 10s), asio::use_future);
    turn_until([&] { return answer.wait_for(0s) == std::future_status::ready; });
    const auto found = answer.get();
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().what == "the store has reached greylist.max_size");

    CHECK(store.state().is_full); // all rows are too young, even for haste
    store.set_policy({5min, 10h, 24h * 35, 5}); // of which a 64th part has passed
    turn_until([&] { return !store.state().is_full; });
    CHECK(states == std::vector<bool>{true, false});
    CHECK(store.state().trouble.empty());
}

} // namespace postern
