#include "config/log_options.h"

namespace postern {
namespace {

LogOptions::Target target_of(LogTarget target)
{
    switch (target) {
    case LogTarget::stderr_stream:
        return LogOptions::Target::stderr_stream;
    case LogTarget::journald:
        return LogOptions::Target::journald;
    case LogTarget::syslog:
        return LogOptions::Target::syslog;
    case LogTarget::file:
        return LogOptions::Target::file;
    }
    return LogOptions::Target::stderr_stream; // unreachable: -Wswitch names a target without a case
}

} // namespace

LogLevel log_level(std::string_view word)
{
    for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error})
        if (word == log_level_name(level))
            return level;
    return LogLevel::info;
}

LogOptions log_options(std::string program, const LogSettings& settings)
{
    LogOptions options;
    options.program = std::move(program);
    options.level = log_level(settings.level);
    options.format = settings.format == LogFormat::json ? LineFormat::json : LineFormat::logfmt;
    options.target = target_of(settings.target);
    options.path = settings.path;
    return options;
}

} // namespace postern
