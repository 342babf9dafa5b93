#include "common/log_event.h"

#include <cstddef>
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

std::span<const LogEvent> unpack_log_events(std::string_view& packed, std::span<LogEvent> room)
{
    std::size_t count = 0;
    for (; !packed.empty() && count < room.size(); ++count) {
        EventHead head;
        std::memcpy(&head, take(packed, sizeof head).data(), sizeof head);
        auto& event = room[count];
        event.time = head.time;
        event.level = head.level;
        event.event = take(packed, head.event_size);
        event.fields.assign(take(packed, head.fields_size));
    }
    return room.first(count);
}

} // namespace postern
