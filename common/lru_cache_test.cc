#include "common/lru_cache.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("LruCache forgets what was not used longest")
{
    LruCache<int> cache(2);
    cache.put("a", 1);
    cache.put("b", 2);
    REQUIRE(cache.find("a"));
    cache.put("c", 3); // b was used before a
    CHECK(cache.size() == 2);
    CHECK_FALSE(cache.find("b"));
    CHECK(*cache.find("a") == 1);
    CHECK(*cache.find("c") == 3);
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

} // namespace postern
