#include "common/socket_address.h"

#include <doctest/doctest.h>
#include <utility>

namespace postern {

TEST_CASE("parse_socket_address, and text() gives the same again")
{
    struct Case {
        std::string input;
        SocketAddress want;
    };
    const std::string longest = "/" + std::string(106, 'x');
    const Case cases[] = {
        {"unix:/run/postern/policy", {"/run/postern/policy", "", 0}},
        {"unix:/with:colon@and blank", {"/with:colon@and blank", "", 0}},
        {"unix:" + longest, {longest, "", 0}},
        {"inet:127.0.0.1:10040", {"", "127.0.0.1", 10040}},
        {"inet:clamd:3310", {"", "clamd", 3310}},
        {"inet:my_clamd.mail-net.example:65535", {"", "my_clamd.mail-net.example", 65535}},
        {"inet:[::1]:1", {"", "::1", 1}},
        {"inet:[2001:db8::1]:10040", {"", "2001:db8::1", 10040}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.input);
        const auto got = parse_socket_address(c.input);
        REQUIRE(got);
        CHECK(got->path == c.want.path);
        CHECK(got->host == c.want.host);
        CHECK(got->port == c.want.port);
        CHECK(got->is_unix() == !c.want.path.empty());
        CHECK(got->text() == c.input);
    }
}

TEST_CASE("parse_socket_address says what is wrong")
{
    struct Case {
        std::string input;
        std::string_view want; // in the Error
    };
    const Case cases[] = {
        {"", "neither unix:PATH nor inet:HOST:PORT"},
        {"127.0.0.1:10040", "neither unix:PATH nor inet:HOST:PORT"},
        {"tcp:127.0.0.1:1", "neither unix:PATH nor inet:HOST:PORT"},
        {"/run/policy", "write unix:PATH"},
        {"local:/run/policy", "write unix:PATH"},
        {"inet6:8891@[::1]", "write inet:[ADDRESS]:PORT"},
        {"inet:8891@localhost", "write inet:HOST:PORT"},
        {"unix:", "is absolute"},
        {"unix:private/policy", "is absolute"},
        {"unix:/run/", "is absolute"},
        {"unix:/" + std::string(107, 'x'), "at most 107 octets"},
        {std::string("unix:/a\0b", 9), "holds a NUL"},
        {"inet:", "host and port are needed"},
        {"inet:8891", "host and port are needed"},
        {"inet:[::1]", "host and port are needed"},
        {"inet:[::1", "host and port are needed"},
        {"inet:[::1]8891", "host and port are needed"},
        {"inet:::1:8891", "in brackets"},
        {"inet::8891", "neither a host name nor an IP address"},
        {"inet:[]:8891", "neither a host name nor an IP address"},
        {"inet:[127.0.0.1]:8891", "neither a host name nor an IP address"},
        {"inet:[localhost]:8891", "neither a host name nor an IP address"},
        {"inet:127.0.0.300:8891", "neither a host name nor an IP address"},
        {"inet:a b:8891", "neither a host name nor an IP address"},
        {"inet:a\nb:8891", "a?b"},
        {"inet:localhost:", "port is not between"},
        {"inet:localhost:0", "port is not between"},
        {"inet:localhost:65536", "port is not between"},
        {"inet:localhost:-1", "port is not between"},
        {"inet:localhost:smtp", "port is not between"},
        {"inet:localhost:25x", "port is not between"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.input);
        const auto got = parse_socket_address(c.input);
        REQUIRE_FALSE(got);
        CAPTURE(got.error().what);
        CHECK(got.error().what.find(c.want) != std::string::npos);
    }
}

TEST_CASE("parse_ip_endpoint")
{
    struct Case {
        std::string_view input;
        std::string_view want_address; // empty: want an error
        int want_port = 0;
    };
    const Case cases[] = {
        {"127.0.0.1", "127.0.0.1", 53},
        {"127.0.0.1:5353", "127.0.0.1", 5353},
        {"::1", "::1", 53},
        {"[::1]", "::1", 53},
        {"[2001:db8::1]:5353", "2001:db8::1", 5353},
        {"2001:db8::1:5353", "2001:db8::1:5353", 53},
        {"", "", 0},
        {"localhost:53", "", 0},
        {"[127.0.0.1]:53", "", 0},
        {"[::1]x", "", 0},
        {"[::1", "", 0},
        {"[::1]:", "", 0},
        {"127.0.0.1:", "", 0},
        {"127.0.0.1:0", "", 0},
        {"127.0.0.1:70000", "", 0},
    };
    for (const auto& c : cases) {
        CAPTURE(c.input);
        const auto got = parse_ip_endpoint(c.input, 53);
        CHECK(got.has_value() == !c.want_address.empty());
        if (got) {
            CHECK(got->address.text() == c.want_address);
            CHECK(got->port == c.want_port);
        } else {
            CHECK(got.error().what.find("\"" + std::string(c.input) + "\"") == 0);
        }
    }
}

TEST_CASE("unix_sockaddr ends in a NUL, whatever it is given")
{
    CHECK(std::string_view(unix_sockaddr("/run/x").sun_path) == "/run/x");
    CHECK(std::string_view(unix_sockaddr(std::string(500, 'x')).sun_path).size() == 107);
}

} // namespace postern
