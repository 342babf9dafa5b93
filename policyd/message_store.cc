#include "policyd/message_store.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t messages_a_connection = 3; // LruCache knows the oldest only to within half of its entries

} // namespace

MessageStore::MessageStore(std::size_t capacity, std::chrono::seconds lifetime)
    : lifetime_(lifetime)
    , entries_(capacity)
{
}

void MessageStore::make_room_for(std::size_t connections)
{
    entries_.set_capacity(std::max(least_capacity, messages_a_connection * connections));
}

std::shared_ptr<PolicyMessage> MessageStore::at(std::string_view instance, Time now)
{
    forget_old(now);
    if (instance.empty())
        return std::make_shared<PolicyMessage>();
    auto& entry = entries_.find_or_put(instance, [] { return Entry{std::make_shared<PolicyMessage>(), {}}; });
    entry.used = now;
    return entry.message;
}

std::shared_ptr<PolicyMessage> MessageStore::find(std::string_view instance, Time now)
{
    forget_old(now);
    auto* const entry = entries_.find(instance);
    if (!entry)
        return nullptr;
    entry->used = now;
    return entry->message;
}

void MessageStore::forget_old(Time now)
{
    while (entries_.oldest() && entries_.oldest()->used + lifetime_ < now)
        entries_.erase_oldest();
}

} // namespace postern
