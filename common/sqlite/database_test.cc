#include "common/sqlite/database.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace postern {
namespace {

constexpr std::string_view first[] = {"CREATE TABLE word(name TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID"};
constexpr std::string_view second[] = {first[0], "ALTER TABLE word ADD COLUMN seen INTEGER NOT NULL DEFAULT 7"};
constexpr std::string_view broken[] = {first[0], "CREATE TABLE half(a); CREATE TABLE word(b)"};

std::int64_t number(Database& database, std::string_view sql)
{
    auto statement = database.prepare(sql);
    REQUIRE(statement.has_value());
    REQUIRE(statement->step().value());
    return statement->integer(0);
}

} // namespace

TEST_CASE("Database: rows go in and come out, any octets")
{
    const ScratchFolder folder;
    auto database = Database::open(folder / "a.sqlite", {1, first});
    REQUIRE(database.has_value());

    const std::string name("a\0b'\xff", 5);
    auto insert = database->prepare("INSERT INTO word VALUES(?, ?)");
    REQUIRE(insert.has_value());
    CHECK(insert->bind(1, name).bind(2, std::int64_t{1} << 40).run().has_value());
    CHECK(database->changes() == 1);

    auto select = database->prepare("SELECT name, count FROM word");
    REQUIRE(select->step().value());
    CHECK(select->text(0) == name);
    CHECK(select->integer(1) == std::int64_t{1} << 40);
    CHECK_FALSE(select->step().value());
}

TEST_CASE("Database: a migration keeps the rows; one that fails leaves the old version whole")
{
    const ScratchFolder folder;
    const auto path = folder / "a.sqlite";
    {
        auto database = Database::open(path, {1, first});
        REQUIRE(database.has_value());
        REQUIRE(database->execute("INSERT INTO word VALUES('x', 3)").has_value());
    }
    CHECK_FALSE(Database::open(path, {1, broken}).has_value());

    auto database = Database::open(path, {1, second});
    REQUIRE(database.has_value());
    CHECK(number(*database, "SELECT seen FROM word WHERE name='x'") == 7);
    CHECK(number(*database, "PRAGMA user_version") == 2);
    CHECK(number(*database, "SELECT count(*) FROM sqlite_schema WHERE name='half'") == 0);
}

TEST_CASE("Database: what cannot be opened says which file and why")
{
    const ScratchFolder folder;
    REQUIRE(Database::open(folder / "new.sqlite", {1, second}).has_value());
    std::ofstream(folder / "text") << std::string(8192, 'x');
    std::filesystem::copy(folder / "new.sqlite", folder / "damaged.sqlite");
    {
        // A right header, and the first page of the schema overwritten
        std::fstream file(folder / "damaged.sqlite", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(100) << std::string(3000, 'x');
    }
    struct Case {
        const char* name;
        const char* file;
        Schema schema;
        const char* want;
    };
    const Case cases[] = {
        {"newer schema", "new.sqlite", {1, first}, "has schema version 2, this program knows up to 1"},
        {"somebody else's", "new.sqlite", {2, second}, "not of this program"},
        {"not a database", "text", {1, first}, "file is not a database"},
        {"no folder", "absent/a.sqlite", {1, first}, "unable to open database file: No such file or directory"},
        {"a folder", ".", {1, first}, "unable to open database file"},
        {"damaged", "damaged.sqlite", {1, second}, "is damaged"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = Database::open(folder / c.file, c.schema);
        REQUIRE_FALSE(got.has_value());
        CHECK(got.error().what.find(c.want) != std::string::npos);
        CHECK(got.error().what.find(folder / c.file) == 0);
    }
}

TEST_CASE("Database: a reader sees what was committed and cannot write")
{
    const ScratchFolder folder;
    auto writer = Database::open(folder / "a.sqlite", {1, first});
    auto reader = Database::open_for_reading(folder / "a.sqlite", {1, first});
    REQUIRE(reader.has_value());
    REQUIRE(writer->execute("BEGIN; INSERT INTO word VALUES('x', 1)").has_value());
    CHECK(number(*reader, "SELECT count(*) FROM word") == 0);
    REQUIRE(writer->execute("COMMIT").has_value());
    CHECK(number(*reader, "SELECT count(*) FROM word") == 1);
    CHECK_FALSE(reader->execute("DELETE FROM word").has_value());
}

TEST_CASE("Database: a file that may not be written")
{
    const ScratchFolder folder;
    const auto path = folder / "a.sqlite";
    REQUIRE(Database::open(path, {1, first}).has_value());
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    if (std::ofstream(path, std::ios::app)) // root may, whatever the mode says
        return;
    const auto database = Database::open(path, {1, first});
    REQUIRE_FALSE(database.has_value());
    CHECK(database.error().what == path + ": is read-only for this user");
}

TEST_CASE("Database: several that open a new file at once, one makes the tables")
{
    const ScratchFolder folder;
    std::vector<std::thread> threads;
    std::vector<std::string> faults(4, "not opened");
    for (auto& fault : faults)
        threads.emplace_back([&] {
            const auto database = Database::open(folder / "a.sqlite", {1, second});
            fault = database ? "" : database.error().what;
        });
    for (auto& thread : threads)
        thread.join();
    for (const auto& fault : faults)
        CHECK(fault == "");
}

TEST_CASE("Database: full at the size it may have, and usable after that")
{
    const ScratchFolder folder;
    auto database = Database::open(folder / "a.sqlite", {1, first});
    REQUIRE(database->limit_size(64 * 1024).has_value());
    Result<> ok;
    int rows = 0;
    while (ok && rows < 1'000)
        ok = database->execute(fmt::format("INSERT INTO word VALUES('{:01000}', 1)", ++rows));
    REQUIRE_FALSE(ok.has_value());
    CHECK(ok.error().what.find("database or disk is full") != std::string::npos);
    CHECK(rows > 10);
    CHECK(rows < 100);
    CHECK(number(*database, "SELECT count(*) FROM word") == rows - 1);
    CHECK(database->execute("DELETE FROM word").has_value());
    CHECK(database->execute("INSERT INTO word VALUES('x', 1)").has_value());
}

TEST_CASE("Database: notices that its file was moved away")
{
    const ScratchFolder folder;
    auto database = Database::open(folder / "a.sqlite", {1, first});
    CHECK_FALSE(database->has_moved());
    std::filesystem::rename(folder / "a.sqlite", folder / "b.sqlite");
    CHECK(database->has_moved());
}

} // namespace postern
