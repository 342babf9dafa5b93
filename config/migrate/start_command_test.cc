#include "config/migrate/start_command.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <fstream>

namespace postern {
namespace {

void write(const ScratchFolder& root, const std::string& path, const std::string& text)
{
    const auto file = std::filesystem::path(root.path() + path);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
}

std::string shown(const std::vector<StartWord>& words)
{
    std::string text;
    for (const auto& word : words)
        text += "[" + word.text + "]" + word.at.where() + " ";
    return text;
}

} // namespace

TEST_CASE("a unit's lines, one for those that go on")
{
    const auto lines =
        parse_unit("[Unit]\nA = b\n[Service]\n# x\nExecStart=/bin/x \\\n ; remark\n  -y \\\n -z\nnonsense\nB=\n");
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].section == "Unit");
    CHECK(lines[1].name == "ExecStart");
    CHECK(lines[1].value == "/bin/x -y -z");
    CHECK(lines[1].line == 5);
    CHECK(lines[2].value.empty());
}

TEST_CASE("Debian's unit of postgrey takes its options from /etc/default")
{
    const ScratchFolder root;
    write(root, "/lib/systemd/system/postgrey.service",
          "[Service]\nEnvironment=POSTGREY_TEXT=\"of the package\"\nEnvironmentFile=-/etc/default/postgrey\n"
          "ExecStart=/usr/sbin/postgrey \\\n $POSTGREY_OPTS \\\n --greylist-text=\"${POSTGREY_TEXT}\"\n");
    write(root, "/etc/default/postgrey", "POSTGREY_OPTS=\"--inet=10023 --x-greylist-header='a b'\"\n");
    const OldHost host(root.path());
    const auto start = find_start(host, "postgrey");
    REQUIRE(start.commands.size() == 1);
    CHECK(start.faults.empty());
    CHECK(shown(start.commands[0])
          == "[/usr/sbin/postgrey]/lib/systemd/system/postgrey.service:4 [--inet=10023]/etc/default/postgrey:1 "
             "[--x-greylist-header=a b]/etc/default/postgrey:1 "
             "[--greylist-text=of the package]/lib/systemd/system/postgrey.service:2 ");
}

TEST_CASE("a drop-in and a unit of the operator's stand over the package's")
{
    const ScratchFolder root;
    write(root, "/usr/lib/systemd/system/x.service", "[Service]\nExecStart=/bin/old\n");
    write(root, "/etc/systemd/system/x.service.d/10-a.conf", "[Service]\nExecStart=\nExecStart=-/bin/new $A ${A}b\n");
    write(root, "/etc/systemd/system/x.service.d/20-b.conf", "[Service]\nEnvironment=\"A=1 2\" B=3\n");
    const auto start = find_start(OldHost(root.path()), "x");
    REQUIRE(start.commands.size() == 1);
    CHECK(shown(start.commands[0])
          == "[/bin/new]/etc/systemd/system/x.service.d/10-a.conf:3 [1]/etc/systemd/system/x.service.d/20-b.conf:2 "
             "[2]/etc/systemd/system/x.service.d/20-b.conf:2 [1 2b]/etc/systemd/system/x.service.d/20-b.conf:2 ");
}

TEST_CASE("links of a root lead to what is below it")
{
    const ScratchFolder root;
    write(root, "/data/real", "A=1\n");
    std::filesystem::create_directories(root / "etc/default");
    std::filesystem::create_symlink("/data/link", root / "etc/default/x");
    std::filesystem::create_symlink("../../../data/real", root / "data/link");
    std::filesystem::create_symlink("loop", root / "etc/loop");
    const OldHost host(root.path() + "/");
    CHECK(host.read("/etc/default/x").value_or("") == "A=1\n");
    CHECK_FALSE(host.has("/etc/loop"));
    const auto missing = host.read("/etc/none");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().what.starts_with("/etc/none: "));
    CHECK(find_start(host, "x").variables.at("A").at.where() == "/etc/default/x:1");
}

} // namespace postern
