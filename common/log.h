// log - one line an event, name=value
//
// The one place that quotes: whatever is put in a value leaves as one line of
// printable text, as logfmt or as JSON. write() never blocks: a QueuedLog has
// a bounded queue and a thread behind it, and counts the lines it had to drop.
// Leaves of the program (parsers, wrappers) do not log; they return.
// Config: [log].
#pragma once

#include "common/log_record.h"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

enum class LogLevel { debug, info, warning, error };

struct LogField {
    LogField(std::string_view n, std::string v)
        : name(n), value(std::move(v))
    {
    }
    LogField(std::string_view n, std::string_view v)
        : name(n), value(v)
    {
    }
    LogField(std::string_view n, const char* v)
        : name(n), value(v)
    {
    }
    template <std::integral T>
    LogField(std::string_view n, T v)
        : name(n), value(std::to_string(v)), is_number(true)
    {
    }

    std::string_view name; // a literal of ours: it is not copied
    std::string value;     // any octets
    bool is_number = false;
};

using LogFields = std::vector<LogField>;

LogRecord pack(const LogFields& fields);

class Log {
public:
    virtual ~Log() = default;

    virtual bool wants(LogLevel level) const = 0;
    virtual void write(LogLevel level, std::string_view event, const LogRecord& fields) = 0;

    void debug(std::string_view event, const LogFields& fields = {}) { put(LogLevel::debug, event, fields); }
    void info(std::string_view event, const LogFields& fields = {}) { put(LogLevel::info, event, fields); }
    void warning(std::string_view event, const LogFields& fields = {}) { put(LogLevel::warning, event, fields); }
    void error(std::string_view event, const LogFields& fields = {}) { put(LogLevel::error, event, fields); }

private:
    void put(LogLevel level, std::string_view event, const LogFields& fields)
    {
        if (wants(level))
            write(level, event, pack(fields));
    }
};

} // namespace postern
