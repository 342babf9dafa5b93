// lru_cache - the values used last, up to a number
//
// A map from text to Value that forgets what has not been asked for longest.
// Looking up takes a string_view and allocates nothing. Not for threads.
#pragma once

#include "common/keyed_hash.h"

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace postern {

template <class Value>
class LruCache {
public:
    explicit LruCache(std::size_t capacity)
        : capacity_(capacity)
    {
        index_.reserve(capacity < 1024 ? capacity : 1024);
    }

    // Makes it the last used; nullptr if it is not there. Valid until the next put.
    Value* find(std::string_view key)
    {
        const auto it = index_.find(key);
        if (it == index_.end())
            return nullptr;
        entries_.splice(entries_.begin(), entries_, it->second);
        return &it->second->second;
    }

    Value& put(std::string_view key, Value value)
    {
        if (Value* old = find(key)) {
            *old = std::move(value);
            return *old;
        }
        if (entries_.size() >= capacity_ && !entries_.empty()) {
            index_.erase(entries_.back().first);
            entries_.pop_back();
        }
        entries_.emplace_front(std::string(key), std::move(value));
        index_.emplace(entries_.front().first, entries_.begin());
        return entries_.front().second;
    }

    void erase(std::string_view key)
    {
        if (const auto it = index_.find(key); it != index_.end()) {
            const auto entry = it->second;
            index_.erase(it);
            entries_.erase(entry);
        }
    }

    // The one that would be forgotten next; nullptr if there is none.
    const Value* oldest() const { return entries_.empty() ? nullptr : &entries_.back().second; }
    void erase_oldest() { erase(entries_.back().first); }

    std::size_t size() const { return entries_.size(); }

private:
    using Entry = std::pair<const std::string, Value>;

    std::size_t capacity_;
    std::list<Entry> entries_; // front: used last
    std::unordered_map<std::string_view, typename std::list<Entry>::iterator, KeyedHash> index_; // views into entries_
};

} // namespace postern
