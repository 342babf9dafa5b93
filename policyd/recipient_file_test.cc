#include "policyd/recipient_file.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

namespace postern {
namespace {

using namespace std::chrono_literals;

void write(const std::string& path, std::string_view text)
{
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
}

} // namespace

TEST_CASE("RecipientFile: read again when it changes, kept when it has a fault")
{
    const ScratchFolder folder;
    const auto path = folder / "access";
    write(path, "a@example.org OK\n");
    auto first = RecipientFile::read(path);
    REQUIRE(first);

    asio::io_context io;
    std::vector<std::string> states;
    RecipientFile file(io, path, std::move(*first), [&](const std::string& trouble) { states.push_back(trouble); }, 20ms);
    const auto next_state = [&] {
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
    };
    CHECK(file.table()->find("a@example.org", "") != nullptr);

    write(path, "a@example.org OK\nb@example.org REJECT\n");
    CHECK(next_state() == "");
    CHECK(file.table()->find("b@example.org", "") != nullptr);

    write(path, "b@example.org NO\nc@example.org OK\n");
    CHECK(next_state() == path + ":1: \"no\" is no action of access(5); restrictions cannot be named here");
    CHECK(file.table()->find("b@example.org", "") != nullptr);
    CHECK(file.trouble() != "");

    std::filesystem::remove(path);
    CHECK(next_state() == path + ": No such file or directory");
    write(path, "c@example.org OK\n");
    CHECK(next_state() == "");
    CHECK(file.table()->find("c@example.org", "") != nullptr);
    CHECK(file.table()->find("b@example.org", "") == nullptr);
}

TEST_CASE("RecipientFile: what changes after it was read, and what a reload has read itself")
{
    const ScratchFolder folder;
    const auto path = folder / "access";
    write(path, "a@example.org OK\n");
    auto first = RecipientFile::read(path);
    REQUIRE(first);
    write(path, "b@example.org OK\n"); // before there is a thread that looks

    asio::io_context io;
    std::string trouble = "none so far";
    RecipientFile file(io, path, std::move(*first), [&](const std::string& told) { trouble = told; }, 10ms);
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (trouble == "none so far" && std::chrono::steady_clock::now() < end) {
        io.restart();
        io.run_for(10ms);
    }
    CHECK(trouble.empty());
    CHECK(file.table()->find("b@example.org", "") != nullptr);

    write(path, "c@example.org OK\n");
    auto again = RecipientFile::read(path);
    REQUIRE(again);
    file.use(std::move(again->table));
    CHECK(file.table()->find("c@example.org", "") != nullptr);
}

TEST_CASE("RecipientFile::read: what cannot be read")
{
    CHECK(RecipientFile::read("/no/such/file").error().what == "/no/such/file: No such file or directory");
    CHECK(RecipientFile::read("/").error().what == "/: is not a file");
}

} // namespace postern
