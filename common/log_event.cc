#include "common/log_event.h"

#include <cstring>

namespace postern {
namespace {

struct EventHead {
    std::chrono::system_clock::time_point time;
    std::size_t event_size;
    std::size_t fields_size;
    LogLevel level;
};

std::string_view take(std::string_view& packed, std::size_t size)
{
    const auto octets = packed.substr(0, size);
    packed.remove_prefix(size);
    return octets;
}

} // namespace

void pack_log_event(std::string& out, std::chrono::system_clock::time_point time, LogLevel level,
                    std::string_view event, const LogRecord& fields)
{
    const EventHead head{time, event.size(), fields.packed().size(), level};
    char octets[sizeof head];
    std::memcpy(octets, &head, sizeof head);
    out.append(octets, sizeof head).append(event).append(fields.packed());
}

std::vector<LogEvent> unpack_log_events(std::string_view& packed, std::size_t count)
{
    std::vector<LogEvent> events;
    while (!packed.empty() && events.size() < count) {
        EventHead head;
        std::memcpy(&head, take(packed, sizeof head).data(), sizeof head);
        const auto event = take(packed, head.event_size);
        events.push_back({head.time, head.level, std::string(event), LogRecord(take(packed, head.fields_size))});
    }
    return events;
}

} // namespace postern
