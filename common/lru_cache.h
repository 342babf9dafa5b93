// lru_cache - the values used last, up to a number
//
// A map from text to Value that forgets what has not been asked for longest.
// Looking up takes a string_view and allocates nothing. An entry stands in one
// piece with its key, and a table of hashes leads to it: two cache lines a
// look-up, where a chained table costs five. In a large cache an entry that is
// among the newest half is not moved to the front when it is used, so "used
// last" is true there to within half the entries. Not for threads.
// Memory that is not in the CPU's cache costs a look-up as much as some hundred
// instructions. Who has many look-ups to come may begin them all before the
// first is needed: look_ahead() of a key asks for its place in the table, then
// of the hash that it gave for the entry there; both go on at once.
#pragma once

#include "common/keyed_hash.h"
#include "common/prefetch.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

template <class Value>
class LruCache {
public:
    explicit LruCache(std::size_t capacity)
        : capacity_(std::max<std::size_t>(capacity, 1))
        , slots_(16)
    {
    }
    LruCache(const LruCache&) = delete;
    LruCache& operator=(const LruCache&) = delete;
    ~LruCache()
    {
        while (newest_)
            erase_entry(slot_of(*newest_));
    }

    // Gives what find() may be given later, too: the hash, which is never 0.
    std::uint64_t look_ahead(std::string_view key) const
    {
        const auto hash = hash_of(key);
        prefetch(&slots_[home(hash)]);
        return hash;
    }

    // Where the value stands in memory that may not be here yet; nullptr: there is none, or `hash` is 0. It may be
    // another key's.
    const Value* look_ahead(std::uint64_t hash) const
    {
        if (hash == 0)
            return nullptr;
        auto slot = home(hash);
        while (slots_[slot].entry && slots_[slot].hash != hash)
            slot = after(slot);
        const auto* const entry = slots_[slot].entry;
        if (!entry)
            return nullptr;
        prefetch(entry, 2 * cache_line); // with a usual key
        return &entry->value;
    }

    // Makes it the last used; nullptr if it is not there. Valid until the next put. `hash`: of look_ahead(), else 0.
    Value* find(std::string_view key, std::uint64_t hash = 0)
    {
        auto* const entry = slots_[slot_for(key, hash ? hash : hash_of(key))].entry;
        if (!entry)
            return nullptr;
        if (uses_ - entry->used > (size_ < exact_size ? 0 : size_ / 2))
            use(*entry);
        return &entry->value;
    }

    Value& put(std::string_view key, Value value)
    {
        const auto hash = hash_of(key);
        if (auto* const old = slots_[slot_for(key, hash)].entry) {
            old->value = std::move(value);
            use(*old);
            return old->value;
        }
        return add(key, hash, std::move(value));
    }

    // The one that is there, else what `make` gives.
    template <class Make>
    Value& find_or_put(std::string_view key, Make make)
    {
        const auto hash = hash_of(key);
        if (auto* const old = slots_[slot_for(key, hash)].entry) {
            use(*old);
            return old->value;
        }
        return add(key, hash, make());
    }

    void erase(std::string_view key)
    {
        if (const auto slot = slot_for(key, hash_of(key)); slots_[slot].entry)
            erase_entry(slot);
    }

    // The one that would be forgotten next; nullptr if there is none.
    const Value* oldest() const { return oldest_ ? &oldest_->value : nullptr; }
    void erase_oldest()
    {
        if (oldest_)
            erase_entry(slot_of(*oldest_));
    }

    // Forgets what is too much.
    void set_capacity(std::size_t capacity)
    {
        capacity_ = std::max<std::size_t>(capacity, 1);
        while (size_ > capacity_)
            erase_oldest();
    }

    std::size_t capacity() const { return capacity_; }
    std::size_t size() const { return size_; }

private:
    struct Entry { // its key's octets stand behind it
        std::uint64_t hash;
        std::uint64_t used; // number of the use that moved it to the front
        Entry* newer;
        Entry* older;
        std::size_t key_size;
        Value value;

        char* octets() { return reinterpret_cast<char*>(this + 1); }
        std::string_view key() { return {octets(), key_size}; }
    };
    struct Slot { // an open table: an entry stands at its hash's place or after it, with no gap between
        std::uint64_t hash = 0;
        Entry* entry = nullptr;
    };

    static_assert(alignof(Entry) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

    static Entry* make(std::string_view key, std::uint64_t hash, Value&& value)
    {
        void* const memory = ::operator new(sizeof(Entry) + key.size());
        Entry* entry = nullptr;
        try {
            entry = new (memory) Entry{hash, 0, nullptr, nullptr, key.size(), std::move(value)};
        } catch (...) {
            ::operator delete(memory);
            throw;
        }
        if (!key.empty())
            std::memcpy(entry->octets(), key.data(), key.size());
        return entry;
    }

    Value& add(std::string_view key, std::uint64_t hash, Value&& value)
    {
        if (size_ >= capacity_)
            erase_oldest();
        if ((size_ + 1) * 2 > slots_.size())
            grow();
        auto* const entry = make(key, hash, std::move(value));
        slots_[slot_for(key, hash)] = {hash, entry};
        ++size_;
        link(*entry);
        return entry->value;
    }

    std::uint64_t hash_of(std::string_view key) const { return hash_(key) | 1; }
    std::size_t home(std::uint64_t hash) const { return hash >> 1 & (slots_.size() - 1); }
    std::size_t after(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }

    // Where the key is, or would be.
    std::size_t slot_for(std::string_view key, std::uint64_t hash) const
    {
        auto slot = home(hash);
        while (slots_[slot].entry && !(slots_[slot].hash == hash && slots_[slot].entry->key() == key))
            slot = after(slot);
        return slot;
    }

    std::size_t slot_of(const Entry& entry) const
    {
        auto slot = home(entry.hash);
        while (slots_[slot].entry != &entry)
            slot = after(slot);
        return slot;
    }

    void grow()
    {
        std::vector<Slot> old(slots_.size() * 2);
        old.swap(slots_);
        for (const auto& from : old) {
            if (!from.entry)
                continue;
            auto slot = home(from.hash);
            while (slots_[slot].entry)
                slot = after(slot);
            slots_[slot] = from;
        }
    }

    void erase_entry(std::size_t slot)
    {
        auto* const entry = slots_[slot].entry;
        unlink(*entry);
        --size_;
        entry->~Entry();
        ::operator delete(entry);

        // What stands after it moves up, as far as that brings it no further than its own place.
        for (auto next = after(slot); slots_[next].entry; next = after(next)) {
            const auto mask = slots_.size() - 1;
            if (((next - home(slots_[next].hash)) & mask) >= ((next - slot) & mask))
                slots_[std::exchange(slot, next)] = slots_[next];
        }
        slots_[slot] = {};
    }

    void use(Entry& entry)
    {
        unlink(entry);
        link(entry);
    }

    void link(Entry& entry)
    {
        entry.used = ++uses_;
        entry.newer = nullptr;
        entry.older = newest_;
        (newest_ ? newest_->newer : oldest_) = &entry;
        newest_ = &entry;
    }

    void unlink(Entry& entry)
    {
        (entry.newer ? entry.newer->older : newest_) = entry.older;
        (entry.older ? entry.older->newer : oldest_) = entry.newer;
    }

    static constexpr std::size_t exact_size = 64; // below it every use counts

    std::size_t capacity_;
    std::size_t size_ = 0;
    std::uint64_t uses_ = 0; // that moved an entry to the front
    Entry* newest_ = nullptr;
    Entry* oldest_ = nullptr;
    std::vector<Slot> slots_; // a power of two, at most half of them taken
    KeyedHash hash_;
};

} // namespace postern
