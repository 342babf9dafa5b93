#include "container/drain.h"

#include "config/postfix_sessions.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <vector>

namespace postern {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view deliverers[] = {"smtp", "lmtp", "local", "virtual"};
constexpr const char* fresh_queues[] = {"maildrop", "incoming", "active"}; // all but those of mail that waits
constexpr std::size_t most_octets = 64 << 10;

// Its beginning; of nothing if it is gone.
std::string beginning_of(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::string text(most_octets, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

bool has_file(const fs::path& folder)
{
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error), end;
         !error && it != end; it.increment(error))
        if (std::error_code gone; it->is_regular_file(gone))
            return true;
    return false;
}

} // namespace

UnderWay what_is_under_way(const std::string& processes, const std::string& queue)
{
    UnderWay found;
    const auto children = postfix_processes(queue, processes);
    for (const auto& [folder, stat] : children ? *children : std::vector<PostfixProcess>()) { // its end is the children's
        const bool delivers = std::find(std::begin(deliverers), std::end(deliverers), stat.name) != std::end(deliverers);
        if ((!delivers && stat.name != "smtpd")
            || beginning_of(fs::path(folder) / "cmdline").find(drain_mark) != std::string::npos)
            continue;
        ++(delivers ? found.deliveries : found.sessions);
    }
    found.has_mail = std::any_of(std::begin(fresh_queues), std::end(fresh_queues),
                                 [&](const char* name) { return has_file(fs::path(queue) / name); });
    return found;
}

std::string UnderWay::text() const
{
    std::vector<std::string> parts;
    if (sessions > 0)
        parts.push_back(fmt::format("{} session{}", sessions, sessions == 1 ? "" : "s"));
    if (deliveries > 0)
        parts.push_back(fmt::format("{} deliver{}", deliveries, deliveries == 1 ? "y" : "ies"));
    if (has_mail)
        parts.emplace_back("mail in the queue");
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i)
        text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
    return text.empty() ? "nothing" : text;
}

} // namespace postern
