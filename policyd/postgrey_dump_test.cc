#include "policyd/postgrey_dump.h"

#include "common/text.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

struct Read {
    std::vector<GreylistWrite> rows;
    std::vector<std::string> faults;
    bool is_complete = false;
};

Read read(std::string_view text, const PostgreyRules& rules = {})
{
    PostgreyDump dump(rules);
    Read read;
    for (const auto line : split(text, '\n')) {
        if (line.empty())
            continue;
        auto row = dump.add(line);
        if (!row)
            read.faults.push_back(row.error().what);
        else if (*row)
            read.rows.push_back(std::move(**row));
    }
    read.is_complete = dump.is_complete();
    return read;
}

Timestamp at(int seconds)
{
    return Timestamp(std::chrono::seconds(seconds));
}

constexpr std::string_view head = "VERSION=3\nformat=print\ntype=btree\ndb_pagesize=4096\nHEADER=END\n";

} // namespace

TEST_CASE("PostgreyDump: what postgrey 1.37 has written")
{
    const auto got = read(std::string(head) + " 192.0.2.0/user@example.org/me@example.net\n 1795335000,1795335611\n"
                          " 198.51.100.0/slash/er@example.org/me@example.net\n 1795335611,1795335611\n"
                          " 198.51.100.0/early@example.org/me@example.net\n 1795335000,1795335299\n"
                          " 2001:db8:1:2:0:0:0:0/bounce-#@example.org/me@example.net\n 1795335000,1795335611\n"
                          " 192.0.2.7/32/host@example.org/me@example.net\n 1795335000,1795335611\n"
                          " 192.0.2.0//me@example.net\n 1795335000,1795335000,mail.example.org\n"
                          "DATA=END\n" + std::string(head) + " 192.0.2.17\n 3,1795335611\n 2001:DB8:1:2:3:4:5:6\n 1,1795335611\nDATA=END\n");
    CHECK(got.faults.empty());
    CHECK(got.is_complete);
    const GreylistWrite want[] = {
        {"192.0.2.0/user@example.org/me@example.net", TripletRow{at(1795335000), at(1795335611)}},
        {"198.51.100.0/slash/er@example.org/me@example.net", TripletRow{at(1795335611), at(1795335611)}},
        {"198.51.100.0/early@example.org/me@example.net", TripletRow{at(1795335000), at(1795335000)}},
        {"2001:db8:1:2::/bounce-#@example.org/me@example.net", TripletRow{at(1795335000), at(1795335611)}},
        {"192.0.2.0/host@example.org/me@example.net", TripletRow{at(1795335000), at(1795335611)}},
        {"192.0.2.0//me@example.net", TripletRow{at(1795335000), at(1795335000)}},
        {"192.0.2.0", ClientRow{3, at(1795335611)}},
        {"2001:db8:1:2::", ClientRow{1, at(1795335611)}},
    };
    REQUIRE(got.rows.size() == std::size(want));
    for (std::size_t i = 0; i < std::size(want); ++i) {
        CHECK(got.rows[i].key == want[i].key);
        CHECK(got.rows[i].row == want[i].row);
    }
}

TEST_CASE("PostgreyDump: the other format, and hashed keys")
{
    const auto hex = read("VERSION=3\nformat=bytevalue\nHEADER=END\n 3139322e302e322e31\n 322c31373935333335363131\nDATA=END\n",
                          {.client_by_address = true});
    REQUIRE(hex.rows.size() == 1);
    CHECK(hex.rows[0].key == "192.0.2.1");
    CHECK(hex.rows[0].row == std::variant<TripletRow, ClientRow>(ClientRow{2, at(1795335611)}));

    const auto hashed = read(std::string(head) + " 19eebb41c480d3f8c5a0b009f3697383de703aaf\n 1795335000,1795335611\n"
                             " 04499b324324bb6bc4d1b0c7ad47c8d5ff34b9d6\n 1,1795335615\nDATA=END\n");
    REQUIRE(hashed.rows.size() == 2);
    CHECK(hashed.rows[0].key == "#19eebb41c480d3f8c5a0b009f3697383de703aaf");
    CHECK(std::holds_alternative<TripletRow>(hashed.rows[0].row));
    CHECK(std::holds_alternative<ClientRow>(hashed.rows[1].row));

    const auto escaped = read(std::string(head) + " 192.0.2.0/a\\5c\\\\b\\c3\\a4@x/me@y\n 1795335000,1795335611\nDATA=END\n");
    REQUIRE(escaped.rows.size() == 1);
    CHECK(escaped.rows[0].key == "192.0.2.0/a\\\\b\xc3\xa4@x/me@y");
}

TEST_CASE("PostgreyDump: a bad line is said, and the next one read")
{
    const auto got = read(std::string(head) + " 192.0.2.0/no recipient\n 1,2\n nonsense\n 1795335000,1795335611\n"
                          " 192.0.2.1\n what\n 192.0.2.2\n 1\n 192.0.2.\\zz\n 1,2\nno blank\n 192.0.2.3\n 4,1795335611\n");
    CHECK(got.faults
          == std::vector<std::string>{"\"192.0.2.0/no recipient\" is not client/sender/recipient",
                                      "\"nonsense\" is not an address", "\"192.0.2.1\": \"what\" is not two numbers",
                                      "\"192.0.2.2\": \"1\" is not two numbers", "\"\\zz\" is not two hexadecimal digits",
                                      "\"\": \"1,2\" is not two numbers", "\"no blank\" is not a line of a dump"});
    CHECK(got.rows.size() == 1);
    CHECK_FALSE(got.is_complete);
}

TEST_CASE("postgrey_texts: what postgrey hashed")
{
    using Texts = std::vector<std::string>;
    CHECK(postgrey_texts("192.0.2.0/a@b/c@d") == Texts{"192.0.2.0/a@b/c@d", "192.0.2.0/32/a@b/c@d"});
    CHECK(postgrey_texts("2001:db8:1:2::/a@b/c@d")
          == Texts{"2001:db8:1:2:0:0:0:0/a@b/c@d", "2001:db8:1:2:0:0:0:0/128/a@b/c@d"});
    CHECK(postgrey_texts("2001:db8:1:2:3:4:5:6") == Texts{"2001:DB8:1:2:3:4:5:6"});
    CHECK(postgrey_texts("@example.org/a@b/c@d") == Texts{});
}

} // namespace postern
