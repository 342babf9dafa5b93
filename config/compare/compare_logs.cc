#include "config/compare/compare_logs.h"

#include "config/compare/mail_log.h"

#include <algorithm>
#include <fmt/format.h>
#include <list>
#include <utility>

namespace postern {
namespace {

// One log, and the line of it that comes next.
struct LogReader {
    LogSource source;
    MailLogParser parser;
    std::string line;
    MailLogLine parsed{};

    // The next line that is one; false: there is none.
    bool advance(LogFaults& faults)
    {
        while (source.next(line)) {
            if (line.empty())
                continue;
            if (const auto next = parser.parse(line)) {
                parsed = *next;
                return true;
            }
            if (faults.lines++ == 0)
                faults.first = fmt::format("{}:{}: no line of a mail log", source.name(), source.line_number());
        }
        return false;
    }
};

// A record of Postern's: in its own file, or beside others in syslog.
bool is_ours(const MailLogLine& line)
{
    return line.program.empty() || line.program.starts_with("postern-");
}

class Reading {
public:
    Reading(Comparison& comparison, ComparedLogs& seen)
        : comparison_(comparison)
        , seen_(seen)
    {
    }

    void take(const LogReader& reader)
    {
        const auto& line = reader.parsed;
        ++seen_.lines;
        seen_.begin = std::min(seen_.begin.value_or(line.time), line.time);
        seen_.end = std::max(seen_.end.value_or(line.time), line.time);
        if (is_ours(line))
            return take_ours(reader);
        if (line.program.starts_with("postfix"))
            comparison_.saw_postfix();
        comparison_.take_old(line.time, parse_old_line(line.program, line.text));
    }

private:
    // Most lines of ours are of no interest: only those are taken apart that may be.
    void take_ours(const LogReader& reader)
    {
        const auto& line = reader.parsed;
        if (line.text.find("would") == line.text.npos)
            return;
        const auto record = read_log_fields(line.text);
        if (!record) {
            if (seen_.faults.lines++ == 0)
                seen_.faults.first = fmt::format("{}:{}: a record that is broken off", reader.source.name(),
                                                 reader.source.line_number());
            return;
        }
        seen_.records += record->has("would");
        comparison_.take_record(line.time, *record);
    }

    Comparison& comparison_;
    ComparedLogs& seen_;
};

} // namespace

Result<ComparedLogs> compare_logs(std::vector<LogSource> sources, std::optional<LogTime> since, LogTime now,
                                  Comparison& comparison)
{
    ComparedLogs seen;
    std::list<LogReader> readers; // which stay where they are: their lines are looked at in place
    for (auto& source : sources)
        readers.push_back({std::move(source), MailLogParser(now), {}});
    Result<> read;
    const auto next = [&](std::list<LogReader>::iterator reader) {
        if (reader->advance(seen.faults))
            return std::next(reader);
        if (auto closed = reader->source.close(); !closed && read)
            read = closed;
        return readers.erase(reader);
    };
    for (auto reader = readers.begin(); reader != readers.end();)
        reader = next(reader);

    Reading reading(comparison, seen);
    while (read && !readers.empty()) { // a handful: looking at all of them is quick
        const auto first = std::min_element(readers.begin(), readers.end(), [](const LogReader& a, const LogReader& b) {
            return a.parsed.time < b.parsed.time;
        });
        if (!since || first->parsed.time >= *since)
            reading.take(*first);
        next(first);
    }
    if (!read)
        return tl::unexpected(read.error());
    comparison.finish();
    return seen;
}

} // namespace postern
