#include "common/whole_file.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {
namespace {

std::string content_of(const std::string& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct stat status_of(const std::string& path)
{
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status;
}

std::size_t count_files(const ScratchFolder& folder)
{
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

} // namespace

TEST_CASE("replace_file: the new content, with its mode and group")
{
    const ScratchFolder folder;
    const auto path = folder / "file";
    CHECK(replace_file(path, "one", {0640, ::getegid()}).has_value());
    CHECK(content_of(path) == "one");
    CHECK((status_of(path).st_mode & 07777) == 0640);
    CHECK(replace_file(path, "", {}).has_value());
    CHECK(content_of(path).empty());
    CHECK((status_of(path).st_mode & 07777) == 0600);
    CHECK(count_files(folder) == 1);
}

TEST_CASE("replace_file takes over what a crash has left beside it")
{
    const ScratchFolder folder;
    const auto path = folder / "file";
    std::ofstream(path) << "old";
    std::ofstream(path + ".new") << "half of the ne";
    CHECK(replace_file(path, "new", {}).has_value());
    CHECK(content_of(path) == "new");
    CHECK(count_files(folder) == 1);
}

TEST_CASE("replace_file takes no device's or pipe's name")
{
    const ScratchFolder folder;
    const auto path = folder / "pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const auto done = replace_file(path, "new", {});
    REQUIRE_FALSE(done);
    CHECK(done.error().what == path + ": is not a file that could be replaced");
    CHECK(S_ISFIFO(status_of(path).st_mode));
    CHECK(count_files(folder) == 1);
}

TEST_CASE("create_file never overwrites")
{
    const ScratchFolder folder;
    const auto path = folder / "key";
    CHECK(create_file(path, "one", {0640}).has_value());
    const auto again = create_file(path, "two", {});
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().what == path + ": exists already");
    CHECK(content_of(path) == "one");
    CHECK((status_of(path).st_mode & 07777) == 0640);

    std::filesystem::create_symlink(folder / "elsewhere", folder / "link");
    CHECK_FALSE(create_file(folder / "link", "two", {}).has_value());
    CHECK_FALSE(std::filesystem::exists(folder / "elsewhere"));
    CHECK(count_files(folder) == 2);
}

TEST_CASE("whole files: what cannot be is said, and nothing is left behind")
{
    const ScratchFolder folder;
    CHECK_FALSE(replace_file(folder / "none/file", "x", {}).has_value());
    CHECK_FALSE(create_file(folder / "none/file", "x", {}).has_value());
    std::filesystem::create_directory(folder / "taken");
    const auto replaced = replace_file(folder / "taken", "x", {});
    REQUIRE_FALSE(replaced.has_value());
    CHECK(replaced.error().what == folder / "taken" + ": Is a directory");
    CHECK(count_files(folder) == 1);
}

TEST_CASE("create_directory, remove_file")
{
    const ScratchFolder folder;
    CHECK(create_directory(folder / "a/b/c", {0750}).has_value());
    CHECK((status_of(folder / "a/b/c").st_mode & 07777) == 0750);
    CHECK(create_directory(folder / "a/b/c", {0700}).has_value());
    CHECK((status_of(folder / "a/b/c").st_mode & 07777) == 0750); // it was there
    std::ofstream(folder / "file") << "x";
    CHECK_FALSE(create_directory(folder / "file", {}).has_value());
    CHECK(remove_file(folder / "file").has_value());
    CHECK(remove_file(folder / "file").has_value());
    CHECK_FALSE(remove_file(folder / "a").has_value());
}

} // namespace postern
