// postfix_sessions - the processes of one Postfix, its smtpd(8) and cleanup(8) above all, and when they began
//
// Its own only, where one sees those of others: the children of its master(8).
// `postfix reload` ends none of them: a session goes on with the lines it began
// with, and asks the programs that those name, until its client has left. Who
// stops such a program has to wait for that.
// Failure: no master(8) there is an Error; a process that ends meanwhile is none.
// See: proc(5)
#pragma once

#include "common/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct ProcessStat {
    std::string name;
    int parent = 0;
    std::uint64_t start = 0; // since the system's start, in clock ticks

    bool operator==(const ProcessStat&) const = default;
};

// Pure: the one line of /proc/PID/stat. None: it is no such line.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

struct PostfixProcess {
    std::string folder; // "/proc/123"
    ProcessStat stat;
};

// Of the Postfix whose queue this is; `processes` is a folder like /proc.
Result<std::vector<PostfixProcess>> postfix_processes(const std::string& queue_directory, const std::string& processes = "/proc");

// That moment, as ProcessStat::start has it.
Result<std::uint64_t> process_clock(std::chrono::milliseconds ago);

// How many processes that take mail in began before that moment and still run.
Result<std::size_t> sessions_from_before(const std::string& queue_directory, std::uint64_t moment);

} // namespace postern
