#include "config/log_options.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("log_options: each setting arrives")
{
    LogSettings settings;
    settings.format = LogFormat::json;
    settings.level = "warning";
    settings.target = LogTarget::file;
    settings.path = "/var/log/postern";

    const auto options = log_options("postern-policyd", settings);

    CHECK(options.program == "postern-policyd");
    CHECK(options.format == LineFormat::json);
    CHECK(options.level == LogLevel::warning);
    CHECK(options.target == LogOptions::Target::file);
    CHECK(options.path == "/var/log/postern");
}

TEST_CASE("log_options: every target has its own")
{
    using Target = LogOptions::Target;
    const std::pair<LogTarget, Target> pairs[] = {{LogTarget::stderr_stream, Target::stderr_stream},
                                                  {LogTarget::journald, Target::journald},
                                                  {LogTarget::syslog, Target::syslog},
                                                  {LogTarget::file, Target::file}};
    for (const auto& [from, to] : pairs) {
        LogSettings settings;
        settings.target = from;
        CHECK(log_options("x", settings).target == to);
    }
}

TEST_CASE("log_level: words of the setting")
{
    CHECK(log_level("debug") == LogLevel::debug);
    CHECK(log_level("info") == LogLevel::info);
    CHECK(log_level("warning") == LogLevel::warning);
    CHECK(log_level("error") == LogLevel::error);
}

} // namespace postern
