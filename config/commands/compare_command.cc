#include "config/commands/compare_command.h"

#include "common/text.h"
#include "config/commands/command_line.h"
#include "config/compare/report.h"

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace postern {
namespace {

constexpr int cannot_compare = 2;

// Debian's, the older first.
constexpr const char* usual_logs[] = {"/var/log/mail.log.1", "/var/log/mail.log"};

int give_up(const std::string& why)
{
    (void)print_faults({Error{why}});
    return cannot_compare;
}

// Where the daemons write if it is a file of their own; empty: the log that all use.
std::string own_log(const std::string& config_path)
{
    const auto loaded = load_config(config_path, environment_of(environ));
    return loaded && loaded->config.log.target == LogTarget::file ? loaded->config.log.path : "";
}

} // namespace

CompareCommand::CompareCommand(const Command& program, int& status)
{
    const auto command = program.add_command("compare", "Where Postern would have done otherwise than the old programs");
    command.add_option("LOG", logs_, "Logs, also packed by gzip; none: /var/log/mail.log, or else the journal");
    command.add_option("--since", since_, "From when on: 2026-11-28, \"2026-11-28 03:00\", or how long ago: 2d, 12h")
        .type_name("TIME");
    command.add_option("--config", path_, "The configuration").show_default().type_name("FILE");
    command.then([this, &status] { status = run(); });
}

int CompareCommand::run() const
{
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto since = since_.empty() ? std::nullopt : parse_since(since_, now);
    if (!since_.empty() && !since)
        return give_up(fmt::format("--since {}: neither a time nor how long ago", since_));
    auto sources = open(since);
    if (!sources)
        return give_up(sources.error().what);

    Comparison comparison(path_ == default_config_path ? "postern explain" : "postern explain --config " + path_);
    const auto seen = compare_logs(std::move(*sources), since, now, comparison);
    if (!seen)
        return give_up(seen.error().what);
    if (const auto why = why_not_compared(comparison, *seen); !why.empty())
        return give_up(why + (seen->faults.lines > 0 ? fmt::format("; {}", seen->faults.first) : ""));
    if (print(comparison_report(comparison, *seen)) != 0)
        return cannot_compare;
    return comparison.differences().empty() ? 0 : 1;
}

Result<std::vector<LogSource>> CompareCommand::open(std::optional<LogTime> since) const
{
    auto paths = logs_;
    if (paths.empty())
        std::copy_if(std::begin(usual_logs), std::end(usual_logs), std::back_inserter(paths),
                     [](const char* path) { return ::access(path, F_OK) == 0; });
    std::vector<LogSource> sources;
    if (paths.empty()) {
        const auto from = since ? std::chrono::floor<std::chrono::seconds>(*since).time_since_epoch().count() : 0;
        auto journal = LogSource::open_journal(from);
        if (!journal)
            return tl::unexpected(journal.error());
        sources.push_back(std::move(*journal));
    }
    if (const auto own = own_log(path_);
        !own.empty() && ::access(own.c_str(), F_OK) == 0 && std::find(paths.begin(), paths.end(), own) == paths.end())
        paths.push_back(own);
    for (const auto& path : paths) {
        auto source = LogSource::open(path);
        if (!source)
            return tl::unexpected(source.error());
        sources.push_back(std::move(*source));
    }
    return sources;
}

} // namespace postern
