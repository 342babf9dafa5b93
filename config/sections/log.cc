#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr std::string_view log_levels[] = {"debug", "info", "warning", "error"};

constexpr Setting log_rows[] = {
    {.section = "log", .name = "format",
     .target = [](Config& c) -> Target { return &c.log.format; },
     .fallback = "logfmt",
     .text = "A line is name=value pairs, or a JSON object.",
     .restart = true},
    {.section = "log", .name = "level",
     .target = [](Config& c) -> Target { return &c.log.level; },
     .fallback = "info",
     .text = "Lines below this level are not written. Decisions are info.",
     .words = log_levels},
    {.section = "log", .name = "target",
     .target = [](Config& c) -> Target { return &c.log.target; },
     .fallback = "stderr",
     .text = "Where lines go: stderr, which systemd and container engines keep; journald with its fields; syslog, as "
             "facility mail; or a file, which is opened again at a reload.",
     .restart = true},
    {.section = "log", .name = "path",
     .target = [](Config& c) -> Target { return &c.log.path; },
     .fallback = "",
     .text = "The file, with target = \"file\". The daemons' user must be able to write it.",
     .check = check_path, .restart = true},
};

} // namespace

std::span<const Setting> log_settings()
{
    return log_rows;
}

} // namespace postern
