#include "config/resolver_options.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <fstream>

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
    CHECK(options.system.empty());
}

TEST_CASE("resolver_options: where the system names the servers, its words count")
{
    const ScratchFolder folder;
    const auto system = folder / "resolv.conf";
    CHECK(resolver_options({}, system).system.empty());
    std::ofstream(system) << "nameserver 192.0.2.1\n";
    const auto before = resolver_options({}, system);
    CHECK(before == resolver_options({}, system));
    std::ofstream(system) << "nameserver 192.0.2.2\n";
    CHECK_FALSE(before == resolver_options({}, system));
}

} // namespace postern
