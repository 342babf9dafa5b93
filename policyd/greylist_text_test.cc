#include "policyd/greylist_text.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

Timestamp at(int seconds)
{
    return Timestamp(std::chrono::seconds(seconds));
}

} // namespace

TEST_CASE("a row is read as it was written")
{
    const std::pair<GreylistWrite, const char*> cases[] = {
        {{"192.0.2.0/a@example.org/b@example.net", TripletRow{at(1700000000), at(1700000300)}},
         "triplet 1700000000 1700000300 192.0.2.0/a@example.org/b@example.net\n"},
        {{"@example.org", ClientRow{7, at(1700000000)}}, "client 7 1700000000 @example.org\n"},
        {{"#0123", TripletRow{at(1), at(2)}}, "triplet 1 2 #0123\n"},
        {{"192.0.2.0/\"a b\\\n\"@x/\xc3\xa4@y", TripletRow{at(1), at(1)}},
         "triplet 1 1 192.0.2.0/\"a\\x20b\\x5c\\x0a\"@x/\\xc3\\xa4@y\n"},
    };
    for (const auto& [row, text] : cases) {
        CAPTURE(text);
        CHECK(write_greylist_line(row) == text);
        const auto got = read_greylist_line(text);
        REQUIRE(got.has_value());
        REQUIRE(got->has_value());
        CHECK((*got)->key == row.key);
        CHECK((*got)->row == row.row);
    }
    for (const auto* nothing : {"", "\n", "# postern greylist 1", "  \r\n"})
        CHECK_FALSE(read_greylist_line(nothing)->has_value());
}

TEST_CASE("read_greylist_line: what it is not")
{
    const std::pair<const char*, const char*> cases[] = {
        {"tripletx 1 1 a", "begins with \"tripletx\", not with triplet or client"},
        {"triplet 1 x a", "\"x\" is not a number from 0 to 32503680000"},
        {"triplet -1 1 a", "\"-1\" is not a number from 0 to 32503680000"},
        {"triplet 1", "\"\" is not a number from 0 to 32503680000"},
        {"triplet 2 1 a", "was seen last before it was seen first"},
        {"triplet 1 1", "a key of 0 octets; it must have some, and at most 2000"},
        {"client 1 1 \\x4", "a backslash that is not \\x and two hexadecimal digits"},
        {"triplet 1 1 192.0.2.0/a@example.org", "\"192.0.2.0/a@example.org\" is not CLIENT/SENDER/RECIPIENT"},
        {"client 1 1 192.0.2.0/a@b/c@d", "\"192.0.2.0/a@b/c@d\" is not a client"},
        {"client 1 99999999999999999999 a", "\"99999999999999999999\" is not a number from 0 to 32503680000"},
    };
    for (const auto& [line, want] : cases) {
        CAPTURE(line);
        const auto got = read_greylist_line(line);
        REQUIRE_FALSE(got.has_value());
        CHECK(got.error().what == want);
    }
}

TEST_CASE("key_parts")
{
    const auto parts = key_parts("192.0.2.0/a/b@example.org/me@example.net");
    CHECK(parts.client == "192.0.2.0");
    CHECK(parts.sender == "a/b@example.org");
    CHECK(parts.recipient == "me@example.net");
    CHECK(key_parts("192.0.2.0//me@example.net").sender == "");
    CHECK(key_parts("192.0.2.0//me@example.net").recipient == "me@example.net");
    CHECK(key_parts("#0123").client == "#0123");
    CHECK(shown_time(at(1700000000)) == "2023-11-14T22:13:20Z");
}

} // namespace postern
