#include "config/redis_options.h"

#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("redis_options")
{
    RedisSettings settings;
    settings.mode = "sentinel";
    settings.servers = {"inet:redis-1.example.org:26379", "unix:/run/redis/socket"};
    settings.sentinel_master = "greylist";
    settings.sentinel_password = "other";
    settings.user = "postern";
    settings.password = "secret";
    settings.database = 3;
    settings.tls = true;
    settings.verify = true;
    settings.ca = "/ca.pem";
    settings.tls_name = "redis.example.org";
    settings.connect_timeout = std::chrono::milliseconds(700);
    settings.timeout = std::chrono::milliseconds(900);

    auto options = redis_options(settings);
    CHECK(options.mode == RedisOptions::Mode::sentinel);
    REQUIRE(options.servers.size() == 2);
    CHECK(options.servers[0].text() == "inet:redis-1.example.org:26379");
    CHECK(options.servers[1].text() == "unix:/run/redis/socket");
    CHECK(options.sentinel_master == "greylist");
    CHECK(options.login == RedisLogin{"postern", "secret", 3});
    CHECK(options.sentinel_login == RedisLogin{"", "other"});
    REQUIRE(options.tls);
    CHECK(*options.tls == RedisTlsOptions{true, "/ca.pem", "", "", "redis.example.org"});
    CHECK(options.times.connect == std::chrono::milliseconds(700));
    CHECK(options.times.timeout == std::chrono::milliseconds(900));

    settings.mode = "cluster";
    settings.tls = false;
    options = redis_options(settings);
    CHECK(options.mode == RedisOptions::Mode::cluster);
    CHECK(!options.tls);
    settings.mode = "server";
    CHECK(redis_options(settings).mode == RedisOptions::Mode::server);
}

} // namespace postern
