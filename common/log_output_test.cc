#include "common/log_output.h"

#include "common/file_descriptor.h"
#include "common/socket_address.h"
#include "test/scratch_folder.h"

#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <vector>

namespace postern {
namespace {

std::vector<LogEvent> events(int count)
{
    std::vector<LogEvent> all;
    for (int i = 0; i < count; ++i)
        all.push_back({std::chrono::system_clock::now(), LogLevel::warning, "test", pack({{"n", i}})});
    return all;
}

std::vector<std::string> lines_of(const std::string& path)
{
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        lines.push_back(line);
    return lines;
}

FileDescriptor bind_datagrams(const std::string& path)
{
    FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
    const auto address = unix_sockaddr(path);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return socket;
}

std::string receive(const FileDescriptor& socket)
{
    char buffer[4096];
    const auto size = ::recv(socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    return size < 0 ? "" : std::string(buffer, static_cast<std::size_t>(size));
}

} // namespace

TEST_CASE("a file gets every line, readable by its owner and group only")
{
    const ScratchFolder folder;
    const auto path = folder / "log";
    const auto output = make_log_output({.program = "prog", .target = LogOptions::Target::file, .path = path});
    REQUIRE(output->open());

    CHECK(output->write(events(5000)) == 0);

    const auto lines = lines_of(path);
    REQUIRE(lines.size() == 5000);
    CHECK(lines.front().ends_with(" level=warning program=prog event=test n=0"));
    CHECK(lines.back().ends_with(" level=warning program=prog event=test n=4999"));
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0137) == 0);
}

TEST_CASE("a file is opened again after a rotation, or kept")
{
    const ScratchFolder folder;
    std::filesystem::create_directory(folder / "var");
    const auto output = make_log_output({.program = "prog", .target = LogOptions::Target::file, .path = folder / "var/log"});
    REQUIRE(output->open());
    output->write(events(1));

    std::filesystem::rename(folder / "var/log", folder / "log.1");
    output->write(events(1));
    CHECK(lines_of(folder / "log.1").size() == 2);
    REQUIRE(output->open());
    output->write(events(1));
    CHECK(lines_of(folder / "log.1").size() == 2);
    CHECK(lines_of(folder / "var/log").size() == 1);

    std::filesystem::rename(folder / "var", folder / "gone");
    const auto opened = output->open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().what.find("cannot open " + folder / "var/log") == 0);
    output->write(events(1));
    CHECK(lines_of(folder / "gone/log").size() == 2);
}

TEST_CASE("a full disk loses lines, says how many, and the next line begins on its own")
{
    const ScratchFolder folder;
    const auto path = folder / "log";
    const auto output = make_log_output({.program = "prog", .target = LogOptions::Target::file, .path = path});
    REQUIRE(output->open());

    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit small = before;
    small.rlim_cur = 100; // one line and a part of the second
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto lost = output->write(events(3));
    const auto lost_again = output->write(events(2));
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, old_handler);

    CHECK(lost == 3);
    CHECK(lost_again == 2);
    CHECK(output->write(events(1)) == 0);
    CHECK(lines_of(path).back().starts_with("time="));
    CHECK(lines_of(path).back().ends_with("event=test n=0"));
}

TEST_CASE("a pipe that nobody reads loses lines, and does not kill")
{
    const ScratchFolder folder;
    const auto path = folder / "pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    FileDescriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
    const auto output = make_log_output({.program = "prog", .target = LogOptions::Target::file, .path = path});
    REQUIRE(output->open());
    CHECK(output->write(events(1)) == 0);

    const auto old_handler = std::signal(SIGPIPE, SIG_IGN); // blocked in the thread of a QueuedLog
    reader = FileDescriptor();
    CHECK(output->write(events(3)) == 3);
    reader = FileDescriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
    CHECK(output->write(events(1)) == 0);
    std::signal(SIGPIPE, old_handler);
}

TEST_CASE("syslog gets one datagram a line, and may be restarted")
{
    const ScratchFolder folder;
    const auto path = folder / "dev-log";
    const auto output
        = make_log_output({.program = "prog", .target = LogOptions::Target::syslog, .syslog_socket = path});
    const auto absent = output->open();
    REQUIRE_FALSE(absent);
    CHECK(absent.error().what == "syslog cannot be reached at " + path + ": No such file or directory");

    auto daemon = bind_datagrams(path);
    REQUIRE(output->open());
    CHECK(output->write(events(2)) == 0);
    const auto first = receive(daemon);
    CHECK(first.starts_with("<20>")); // mail.warning
    CHECK(first.ends_with(fmt::format(" prog[{}]: event=test n=0", ::getpid())));
    CHECK(first.size() == std::string_view("<20>Mar  1 12:34:56 ").size() + fmt::format("prog[{}]: ", ::getpid()).size() + 14);
    CHECK(receive(daemon).ends_with(": event=test n=1"));

    daemon = FileDescriptor();
    CHECK(output->write(events(2)) == 2);
    std::filesystem::remove(path);
    CHECK(output->write(events(1)) == 1);
    daemon = bind_datagrams(path);
    CHECK(output->write(events(1)) == 0);
    CHECK(receive(daemon).ends_with(": event=test n=0"));
}

TEST_CASE("journald is asked for at start: its library would be silent")
{
    const auto output = make_log_output({.program = "prog", .target = LogOptions::Target::journald});
    const auto opened = output->open();
    if (::access("/run/systemd/journal/socket", W_OK) == 0)
        CHECK(opened);
    else
        CHECK(opened.error().what.starts_with("journald cannot be reached at /run/systemd/journal/socket: "));
}

} // namespace postern
