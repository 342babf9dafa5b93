#include "config/run_program.h"

#include "common/file_descriptor.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h> // glibc 2.36 forgets this for C++
}

namespace postern {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t answer_limit = 4 << 20;

// What spawn(3) does in the child before it runs the program.
class FileActions {
public:
    explicit FileActions(int output)
    {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    }
    ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;

    const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_;
};

// As poll(2): 0 when the time is over.
int poll_until(pollfd& waiting, Clock::time_point deadline)
{
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return left > 0 ? ::poll(&waiting, 1, static_cast<int>(left) + 1) : 0;
}

// The program, which does not outlive this.
class Child {
public:
    explicit Child(pid_t pid)
        : pid_(pid)
    {
    }
    ~Child()
    {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            wait();
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    // False: it still runs.
    bool ends_before(Clock::time_point deadline) const
    {
        const FileDescriptor ended(::pidfd_open(pid_, 0));
        pollfd waiting{ended.get(), POLLIN, 0};
        return ended && poll_until(waiting, deadline) > 0;
    }

    int wait()
    {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

private:
    pid_t pid_;
};

// To the end of the text, which is that of the program and of all it left behind.
Result<std::string> read_all(int fd, Clock::time_point deadline)
{
    std::string text;
    char buffer[4096];
    for (;;) {
        pollfd waiting{fd, POLLIN, 0};
        const int ready = poll_until(waiting, deadline);
        if (ready == 0)
            return fail("no answer in time");
        const auto size = ready > 0 ? ::read(fd, buffer, sizeof buffer) : -1;
        if (size < 0 && errno != EINTR)
            return fail("{}", std::strerror(errno));
        if (size == 0)
            return text;
        if (size > 0)
            text.append(buffer, static_cast<std::size_t>(size));
        if (text.size() > answer_limit)
            return fail("answers more than {} octets", answer_limit);
    }
}

} // namespace

Result<ProgramAnswer> run_program(const std::vector<std::string>& command, std::chrono::milliseconds limit)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return fail("{}: {}", command.front(), std::strerror(errno));
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);

    std::vector<char*> arguments;
    for (const auto& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str())); // posix_spawn does not write to them
    arguments.push_back(nullptr);

    const FileActions actions(writing.get());
    pid_t pid = 0;
    if (const int error = ::posix_spawnp(&pid, arguments[0], actions.get(), nullptr, arguments.data(), environ))
        return fail("{}: {}", command.front(), std::strerror(error));
    Child child(pid);
    writing = FileDescriptor(); // the child's are the only ends left

    const auto deadline = Clock::now() + limit;
    auto text = read_all(reading.get(), deadline);
    if (!text)
        return fail("{}: {}", command.front(), text.error().what);
    if (!child.ends_before(deadline))
        return fail("{}: does not end", command.front());
    return ProgramAnswer{child.wait(), std::move(*text)};
}

} // namespace postern
