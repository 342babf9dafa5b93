#include "config/postfix_sessions.h"

#include "common/digits.h"
#include "common/text.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace postern {
namespace {

namespace fs = std::filesystem;

// What is asked of policy services and milters: SMTP, QMQP, and mail of this host.
constexpr std::string_view programs[] = {"smtpd", "cleanup", "qmqpd"};

std::string first_line(const fs::path& path)
{
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

} // namespace

// "123 (smtpd) S 99 ...": the name may hold blanks and parentheses; field 4 is the parent, field 22 the start.
std::optional<ProcessStat> parse_process_stat(std::string_view text)
{
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == text.npos || close == text.npos || close < open)
        return std::nullopt;
    const auto rest = split_words(text.substr(close + 1)); // from field 3 on
    if (rest.size() < 20)
        return std::nullopt;
    const auto parent = parse_number<int>(rest[1]);
    const auto start = parse_number<std::uint64_t>(rest[19]);
    if (!parent || !start)
        return std::nullopt;
    return ProcessStat{std::string(text.substr(open + 1, close - open - 1)), *parent, *start};
}

Result<std::uint64_t> process_clock(std::chrono::milliseconds ago)
{
    timespec now{};
    const auto ticks = ::sysconf(_SC_CLK_TCK);
    if (::clock_gettime(CLOCK_BOOTTIME, &now) != 0 || ticks <= 0)
        return fail("the time since the system's start is not known");
    const auto per_second = static_cast<std::uint64_t>(ticks);
    const auto time = static_cast<std::uint64_t>(now.tv_sec) * per_second
        + static_cast<std::uint64_t>(now.tv_nsec) * per_second / 1'000'000'000;
    return time - std::min(time, static_cast<std::uint64_t>(std::max(ago.count(), std::int64_t{0})) * per_second / 1000);
}

Result<std::vector<PostfixProcess>> postfix_processes(const std::string& queue_directory, const std::string& processes)
{
    const auto pid_file = queue_directory + "/pid/master.pid";
    const auto master = parse_number<int>(trim(first_line(pid_file)));
    if (!master)
        return fail("{}: no process of Postfix's", pid_file);
    std::vector<PostfixProcess> children;
    std::error_code error;
    for (fs::directory_iterator at(processes, error), end; !error && at != end; at.increment(error)) {
        if (!parse_number<int>(at->path().filename().string()))
            continue;
        auto stat = parse_process_stat(first_line(at->path() / "stat"));
        if (stat && stat->parent == *master)
            children.push_back({at->path(), std::move(*stat)});
    }
    if (error)
        return fail("{}: {}", processes, error.message());
    return children;
}

Result<std::size_t> sessions_from_before(const std::string& queue_directory, std::uint64_t moment)
{
    const auto children = postfix_processes(queue_directory);
    if (!children)
        return tl::unexpected(children.error());
    return static_cast<std::size_t>(std::count_if(children->begin(), children->end(), [&](const PostfixProcess& child) {
        return child.stat.start < moment
            && std::find(std::begin(programs), std::end(programs), child.stat.name) != std::end(programs);
    }));
}

} // namespace postern
