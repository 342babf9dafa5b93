#include "common/process_facts.h"

#include <cstdio>
#include <memory>
#include <sys/resource.h>
#include <unistd.h>

namespace postern {
namespace {

double seconds_of(const timeval& time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// statm(5): the second number, in pages. Zero where /proc is not there.
double resident_octets()
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"), std::fclose);
    unsigned long all = 0;
    unsigned long resident = 0;
    if (!file || std::fscanf(file.get(), "%lu %lu", &all, &resident) != 2)
        return 0;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

} // namespace

ProcessFacts::ProcessFacts(std::string_view program, std::string_view version)
    : program_(program)
    , version_(version)
    , started_at_(std::chrono::system_clock::now())
    , started_(std::chrono::steady_clock::now())
{
}

void ProcessFacts::add(Facts& facts, std::uint64_t lost_log_lines) const
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    rlimit descriptors{}; // a sandbox may keep it from us
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    const auto uptime = std::chrono::steady_clock::now() - started_;

    facts.line("build").info({{"program", std::string(program_)}, {"version", std::string(version_)}},
                             "What is running.");
    facts.line("uptime").gauge("seconds", std::chrono::duration_cast<std::chrono::seconds>(uptime).count(),
                               "Time since the start.");
    facts.line("process")
        .gauge("start_time_seconds", std::chrono::floor<std::chrono::seconds>(started_at_.time_since_epoch()).count(),
               "When it was started, in seconds since 1970.")
        .counter("cpu_seconds", seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), "Processor time used.")
        .gauge("resident_memory_bytes", resident_octets(), "Memory that is in use.")
        .gauge("max_fds", descriptors.rlim_cur, "The most file descriptors that may be open.");
    facts.line("log_lines").counter("lost", lost_log_lines, "Log lines dropped, or not written.");
}

} // namespace postern
