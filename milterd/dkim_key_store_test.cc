#include "milterd/dkim_key_store.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

namespace postern {
namespace {

mode_t mode_of(const std::string& path)
{
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

ManagedDkimDomain domain_of(std::string name)
{
    return {std::move(name), false, {{"s1", DkimKeyType::rsa, DkimKeyState::active, {}, {}, {}}}};
}

} // namespace

TEST_CASE("DkimKeyStore: what was saved is loaded, and a folder that is not there has nothing")
{
    const ScratchFolder scratch;
    const DkimKeyStore store(scratch / "dkim");
    CHECK(store.domains().value().empty());
    CHECK_FALSE(store.load("example.org").value().has_value());

    REQUIRE(store.lock("example.org").has_value());
    CHECK(store.domains().value().empty()); // a folder without a state
    REQUIRE(store.save(domain_of("example.org")).has_value());
    REQUIRE(store.lock("a.example").has_value());
    REQUIRE(store.save(domain_of("a.example")).has_value());
    CHECK(store.domains().value() == std::vector<std::string>{"a.example", "example.org"});
    CHECK(store.load("example.org").value() == domain_of("example.org"));
    CHECK(mode_of(scratch / "dkim") == 0750);
    CHECK(mode_of(scratch / "dkim/example.org") == 0750);
    CHECK(mode_of(scratch / "dkim/example.org/state") == 0640);
}

TEST_CASE("DkimKeyStore: a state that cannot be read is a fault with its line, not an absence")
{
    const ScratchFolder scratch;
    const DkimKeyStore store(scratch.path());
    REQUIRE(store.lock("example.org").has_value());
    const auto state = scratch / "example.org/state";
    std::ofstream(state) << "domain example.org\nnonsense\n";
    CHECK(store.load("example.org").error().what == state + ":2: \"nonsense\" is neither domain, subdomains nor key");
    std::ofstream(state) << "domain example.net\n";
    CHECK(store.load("example.org").error().what == state + ": is of example.net, and stands in the folder of example.org");
    std::filesystem::remove(state);
    std::filesystem::create_directory(state);
    CHECK(store.load("example.org").error().what == state + ": Is a directory");
    CHECK(store.domains().value().size() == 1);
}

TEST_CASE("DkimKeyStore: one process at a time")
{
    const ScratchFolder scratch;
    const DkimKeyStore store(scratch.path());
    {
        const auto held = store.lock("example.org");
        REQUIRE(held.has_value());
        CHECK(store.lock("example.org").error().what == scratch / "example.org" + ": another postern dkim is at work on it");
        CHECK(store.lock("example.net").has_value());
    }
    CHECK(store.lock("example.org").has_value());
}

TEST_CASE("DkimKeyStore: key files are never overwritten")
{
    const ScratchFolder scratch;
    const DkimKeyStore store(scratch.path());
    REQUIRE(store.lock("example.org").has_value());
    CHECK_FALSE(store.has_files("example.org", "s1"));
    CHECK(store.add_files("example.org", "s1", "pem", "record").has_value());
    CHECK(store.has_files("example.org", "s1"));
    CHECK(mode_of(store.key_path("example.org", "s1")) == 0640);
    CHECK(store.add_files("example.org", "s1", "x", "x").error().what == scratch / "example.org/s1.txt" + ": exists already");
    std::filesystem::remove(scratch / "example.org/s1.txt");
    CHECK(store.add_files("example.org", "s1", "x", "x").error().what
          == scratch / "example.org/s1.private" + ": exists already");
    std::ifstream file(store.key_path("example.org", "s1"));
    CHECK(std::string{std::istreambuf_iterator<char>(file), {}} == "pem");
    CHECK(store.remove_files("example.org", "s1").has_value());
    CHECK_FALSE(store.has_files("example.org", "s1"));
    CHECK(store.remove_files("example.org", "s1").has_value());
}

TEST_CASE("DkimKeyStore: what no daemon has been told is remembered")
{
    const ScratchFolder scratch;
    const DkimKeyStore store(scratch.path());
    CHECK_FALSE(store.is_untold());
    REQUIRE(store.set_untold().has_value());
    CHECK(store.is_untold());
    CHECK(store.domains().value().empty());
    REQUIRE(store.clear_untold().has_value());
    CHECK_FALSE(store.is_untold());
}

} // namespace postern
