#include "config/resolver_options.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("resolver_options: each setting arrives")
{
    using namespace std::chrono_literals;
    const auto options = resolver_options(
        {.servers = {"127.0.0.1:5353"}, .timeout = 700ms, .tries = 3, .cache_size = 77, .max_ttl = 99s});

    CHECK(options.servers == Texts{"127.0.0.1:5353"});
    CHECK(options.timeout == 700ms);
    CHECK(options.tries == 3);
    CHECK(options.cache_size == 77);
    CHECK(options.max_ttl == 99s);
}

} // namespace postern
