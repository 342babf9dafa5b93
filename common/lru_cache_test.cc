#include "common/lru_cache.h"

#include <doctest/doctest.h>
#include <map>
#include <random>
#include <string>

namespace postern {

TEST_CASE("LruCache forgets what was not used longest")
{
    LruCache<int> cache(3);
    cache.put("a", 1);
    cache.put("b", 2);
    cache.put("c", 3);
    REQUIRE(cache.find("a"));
    cache.put("d", 4); // b was used before a
    CHECK(cache.size() == 3);
    CHECK_FALSE(cache.find("b"));
    CHECK(*cache.find("a") == 1);
    CHECK(*cache.find("c") == 3);
    CHECK(*cache.find("d") == 4);
}

TEST_CASE("LruCache: what is asked for all the time is never forgotten")
{
    LruCache<int> cache(100);
    for (int i = 0; i < 10'000; ++i) {
        cache.put(std::to_string(i), i);
        REQUIRE(cache.find("0"));
    }
    CHECK(cache.size() == 100);
    CHECK(cache.find("9999"));
    CHECK(cache.find("9960"));
    CHECK_FALSE(cache.find("9800"));
}

TEST_CASE("LruCache agrees with a map, whatever is put and erased")
{
    LruCache<std::string> cache(100'000);
    std::map<std::string, std::string> map;
    std::mt19937 random(1);
    for (int i = 0; i < 100'000; ++i) {
        auto key = std::to_string(random() % 3000);
        if (random() % 8 == 0)
            key.append(40, 'x');
        const auto value = std::to_string(i);
        if (random() % 3 == 0) {
            cache.erase(key);
            map.erase(key);
        } else {
            cache.put(key, value);
            map[key] = value;
        }
        if (i % 1000 != 0)
            continue;
        REQUIRE(cache.size() == map.size());
        for (const auto& [k, v] : map) {
            const auto* found = cache.find(k);
            REQUIRE(found);
            REQUIRE(*found == v);
        }
    }
    for (std::size_t left = map.size(); left > 0; --left) {
        REQUIRE(cache.size() == left);
        cache.erase_oldest();
    }
    CHECK_FALSE(cache.oldest());
}

TEST_CASE("LruCache: put replaces, erase removes, oldest is next to go")
{
    LruCache<int> cache(3);
    cache.put("a", 1);
    cache.put("b", 2);
    cache.put("a", 5);
    CHECK(cache.size() == 2);
    CHECK(*cache.oldest() == 2);
    cache.erase_oldest();
    CHECK_FALSE(cache.find("b"));
    cache.erase("a");
    cache.erase("never there");
    CHECK(cache.size() == 0);
    CHECK_FALSE(cache.oldest());
}

TEST_CASE("LruCache: find_or_put makes only what is not there")
{
    LruCache<int> cache(2);
    CHECK(cache.find_or_put("a", [] { return 1; }) == 1);
    cache.put("b", 2);
    CHECK(cache.find_or_put("a", [] { return 3; }) == 1); // and it is the last used now
    CHECK(cache.find_or_put("c", [] { return 4; }) == 4);
    CHECK_FALSE(cache.find("b"));
    CHECK(cache.size() == 2);
}

TEST_CASE("LruCache: a look-up that was begun before it was needed")
{
    LruCache<int> cache(100);
    const auto early = cache.look_ahead("0"); // may be put meanwhile, and the table grow
    CHECK(early != 0);
    CHECK_FALSE(cache.look_ahead(early));
    CHECK_FALSE(cache.look_ahead(std::uint64_t{0}));
    for (int i = 0; i < 100; ++i)
        cache.put(std::to_string(i), i);
    for (int i = 0; i < 100; ++i) {
        const auto key = std::to_string(i);
        const auto hash = cache.look_ahead(key);
        REQUIRE(cache.look_ahead(hash));
        CHECK(*cache.look_ahead(hash) == i);
        REQUIRE(cache.find(key, hash) == cache.find(key));
        CHECK(cache.size() == 100);
        CHECK_FALSE(cache.find(key + "x", hash)); // the hash leads to another
    }
    CHECK(*cache.find("0", early) == 0);
    cache.erase("0");
    CHECK_FALSE(cache.find("0", early));
    CHECK_FALSE(cache.look_ahead(early));
}

TEST_CASE("LruCache: another capacity forgets the oldest of what is too much")
{
    LruCache<int> cache(3);
    for (const auto* key : {"a", "b", "c"})
        cache.put(key, 1);
    cache.set_capacity(2);
    CHECK(cache.size() == 2);
    CHECK_FALSE(cache.find("a"));
    cache.set_capacity(4);
    for (const auto* key : {"d", "e", "f"})
        cache.put(key, 1);
    CHECK(cache.size() == 4);
    CHECK_FALSE(cache.find("b"));
}

} // namespace postern
