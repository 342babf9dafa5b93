#include "policyd/recipient_file.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

namespace postern {
namespace {

using namespace std::chrono_literals;

void write(const std::string& path, std::string_view text)
{
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
}

// A table that is watched.
struct Fixture {
    explicit Fixture(std::string_view text) { write(path, text); }

    void watch(RecipientFile::Snapshot first, std::chrono::milliseconds interval)
    {
        file.emplace(io, path, std::move(first), [this](const std::string& trouble) { states.push_back(trouble); }, interval);
    }

    // The one change that comes next: its trouble.
    std::string next_state()
    {
        const auto before = states.size();
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (states.size() == before && std::chrono::steady_clock::now() < end) {
            io.restart();
            io.run_one_for(20ms);
            if (states.size() == before)
                std::this_thread::sleep_for(5ms);
        }
        REQUIRE(states.size() == before + 1);
        return states.back();
    }

    bool has(const char* recipient) const { return file->table()->find(recipient, "") != nullptr; }

    ScratchFolder folder;
    std::string path = folder / "access";
    asio::io_context io;
    std::vector<std::string> states;
    std::optional<RecipientFile> file;
};

} // namespace

TEST_CASE("RecipientFile: read again when it changes, kept when it has a fault")
{
    Fixture fixture("a@example.org OK\n");
    auto first = RecipientFile::read(fixture.path);
    REQUIRE(first);
    fixture.watch(std::move(*first), 20ms);
    CHECK(fixture.has("a@example.org"));

    write(fixture.path, "a@example.org OK\nb@example.org REJECT\n");
    CHECK(fixture.next_state() == "");
    CHECK(fixture.has("b@example.org"));

    write(fixture.path, "b@example.org NO\nc@example.org OK\n");
    CHECK(fixture.next_state() == fixture.path + ":1: \"no\" is no action of access(5); restrictions cannot be named here");
    CHECK(fixture.has("b@example.org"));
    CHECK(fixture.file->trouble() != "");

    std::filesystem::remove(fixture.path);
    CHECK(fixture.next_state() == fixture.path + ": No such file or directory");
    write(fixture.path, "c@example.org OK\n");
    CHECK(fixture.next_state() == "");
    CHECK(fixture.has("c@example.org"));
    CHECK_FALSE(fixture.has("b@example.org"));
}

TEST_CASE("RecipientFile: what changes after it was read, and what a reload has read itself")
{
    Fixture fixture("a@example.org OK\n");
    auto first = RecipientFile::read(fixture.path);
    REQUIRE(first);
    write(fixture.path, "b@example.org OK\n"); // before there is a thread that looks
    fixture.watch(std::move(*first), 10ms);
    CHECK(fixture.next_state() == "");
    CHECK(fixture.has("b@example.org"));

    write(fixture.path, "c@example.org OK\n");
    auto again = RecipientFile::read(fixture.path);
    REQUIRE(again);
    fixture.file->use(std::move(again->table));
    CHECK(fixture.has("c@example.org"));
}

TEST_CASE("RecipientFile::read: what cannot be read")
{
    CHECK(RecipientFile::read("/no/such/file").error().what == "/no/such/file: No such file or directory");
    CHECK(RecipientFile::read("/").error().what == "/: is not a file");
}

} // namespace postern
