#include "config/compare/log_source.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace postern {
namespace {

constexpr std::size_t longest_line = 64 * 1024;

int leave_open(std::FILE*)
{
    return 0;
}

} // namespace

LogSource::LogSource(std::string name, File file, pid_t child)
    : name_(std::move(name))
    , file_(std::move(file))
    , child_(child)
{
}

LogSource::LogSource(LogSource&& other) noexcept
    : name_(std::move(other.name_))
    , file_(std::move(other.file_))
    , child_(std::exchange(other.child_, -1))
    , line_number_(other.line_number_)
{
}

LogSource::~LogSource()
{
    if (child_ > 0)
        ::kill(child_, SIGTERM);
    (void)close();
}

Result<LogSource> LogSource::open(const std::string& path)
{
    if (path == "-")
        return LogSource("standard input", File(stdin, leave_open), -1);
    if (path.ends_with(".gz"))
        return run(path, {"gzip", "-dc", "--", path});
    File file(std::fopen(path.c_str(), "re"), std::fclose);
    if (!file)
        return fail("{}: {}", path, std::strerror(errno));
    return LogSource(path, std::move(file), -1);
}

Result<LogSource> LogSource::open_journal(std::int64_t since)
{
    return run("the journal", {"journalctl", "--no-pager", "--quiet", "-o", "short-iso-precise",
                               "--since=@" + std::to_string(since)});
}

Result<LogSource> LogSource::run(std::string name, std::vector<std::string> command)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return fail("pipe: {}", std::strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::vector<char*> arguments;
    for (auto& word : command)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    File file(error ? nullptr : ::fdopen(ends[0], "r"), std::fclose);
    if (!file) {
        ::close(ends[0]);
        return fail("{}: {}", command.front(), std::strerror(error));
    }
    return LogSource(std::move(name), std::move(file), pid);
}

bool LogSource::next(std::string& line)
{
    line.clear();
    int c = file_ ? ::getc_unlocked(file_.get()) : EOF;
    if (c == EOF)
        return false;
    for (; c != EOF && c != '\n'; c = ::getc_unlocked(file_.get()))
        if (line.size() < longest_line)
            line += static_cast<char>(c);
    ++line_number_;
    return true;
}

Result<> LogSource::close()
{
    const bool is_broken = file_ && std::ferror(file_.get()) != 0;
    file_.reset();
    int status = 0;
    if (child_ > 0)
        while (::waitpid(std::exchange(child_, -1), &status, 0) < 0 && errno == EINTR) {
        }
    if (is_broken || status != 0)
        return fail("{}: was not read to its end", name_);
    return {};
}

} // namespace postern
