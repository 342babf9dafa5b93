#include "common/log_record.h"

#include <cstring>

namespace postern {
namespace {

struct EventHead {
    std::chrono::system_clock::time_point time;
    std::size_t event_size;
    std::size_t fields;
    LogLevel level;
};

struct FieldHead {
    std::size_t name_size;
    std::size_t value_size;
    bool is_number;
};

template <class Head>
void append(std::string& out, const Head& head)
{
    char octets[sizeof head];
    std::memcpy(octets, &head, sizeof head);
    out.append(octets, sizeof head);
}

std::string_view take(std::string_view& packed, std::size_t size)
{
    const auto octets = packed.substr(0, size);
    packed.remove_prefix(size);
    return octets;
}

template <class Head>
Head take_head(std::string_view& packed)
{
    Head head;
    std::memcpy(&head, take(packed, sizeof head).data(), sizeof head);
    return head;
}

} // namespace

void pack_log_event(std::string& out, std::chrono::system_clock::time_point time, LogLevel level,
                    std::string_view event, const LogFields& fields)
{
    append(out, EventHead{time, event.size(), fields.size(), level});
    out.append(event);
    for (const auto& field : fields) {
        append(out, FieldHead{field.name.size(), field.value.size(), field.is_number});
        out.append(field.name).append(field.value);
    }
}

std::vector<LogEvent> unpack_log_events(std::string_view& packed, std::size_t count)
{
    std::vector<LogEvent> events;
    while (!packed.empty() && events.size() < count) {
        const auto head = take_head<EventHead>(packed);
        LogEvent event{head.time, head.level, std::string(take(packed, head.event_size)), {}};
        event.fields.reserve(head.fields);
        for (std::size_t i = 0; i < head.fields; ++i) {
            const auto field = take_head<FieldHead>(packed);
            const auto name = take(packed, field.name_size);
            event.fields.emplace_back(name, take(packed, field.value_size));
            event.fields.back().is_number = field.is_number;
        }
        events.push_back(std::move(event));
    }
    return events;
}

} // namespace postern
