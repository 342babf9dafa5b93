// fake_log - keeps what was logged, for a test to read
#pragma once

#include "common/log.h"

#include <mutex>
#include <string>
#include <vector>

namespace postern {

class FakeLog final : public Log {
public:
    bool wants(LogLevel) const override { return true; }

    void write(LogLevel, std::string_view event, const LogRecord& fields) override
    {
        std::string line(event);
        for (const auto field : fields)
            line.append(" ").append(field.name).append("=").append(field.value);
        const std::lock_guard lock(mutex_);
        lines.push_back(std::move(line));
    }

    std::vector<std::string> lines; // "event name=value name=value", unquoted

private:
    std::mutex mutex_;
};

} // namespace postern
