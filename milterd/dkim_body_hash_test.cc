#include "milterd/dkim_body_hash.h"

#include "milterd/dkim_base64.h"
#include "test/dkim/opendkim_body_hash.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <random>

namespace postern {
namespace {

constexpr auto simple = DkimCanonicalization::simple;
constexpr auto relaxed = DkimCanonicalization::relaxed;

std::vector<DkimBodyHash> hashes_of(const std::vector<DkimBodyPart>& parts, std::string_view body,
                                    std::size_t chunk = 65535)
{
    DkimBodyHashing hashing(parts);
    for (; !body.empty(); body.remove_prefix(std::min(chunk, body.size())))
        hashing.body(body.substr(0, chunk));
    auto hashes = hashing.finish();
    REQUIRE(hashes.has_value());
    return *hashes;
}

std::string hash_of(const DkimBodyPart& part, std::string_view body)
{
    return encode_base64(hashes_of({part}, body).at(0).hash);
}

// Where libopendkim is right: without lone CRs and LFs
std::string as_from_postfix(std::string text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_cr = text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
        const bool is_lf = text[i] == '\n' && (i == 0 || text[i - 1] != '\r');
        if (is_cr || is_lf)
            text[i] = ' ';
    }
    return text;
}

void check_with_opendkim(const std::vector<DkimBodyPart>& parts, const std::string& body, std::size_t chunk)
{
    CAPTURE(body);
    CAPTURE(chunk);
    std::vector<std::string> ours;
    for (const auto& hash : hashes_of(parts, body, chunk))
        ours.push_back(hash.hash);
    CHECK(ours == opendkim_body_hashes(parts, body, chunk));
}

} // namespace

TEST_CASE("DkimBodyHashing: the hashes that the RFCs name")
{
    CHECK(hash_of({simple}, "") == "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="); // RFC 6376 3.4.3
    CHECK(hash_of({relaxed}, "") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="); // 3.4.4
    const std::string_view dinner = "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";
    CHECK(hash_of({simple}, dinner) == "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="); // RFC 6376 A.2
    const std::string_view spaced = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
    CHECK(hash_of({relaxed}, spaced) == "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="); // RFC 8463 A.3
}

TEST_CASE("DkimBodyHashing: each part has its own hash, in their order")
{
    const std::string_view body = "Hello  all\r\n\r\n"; // 12 octets when simple, 11 when relaxed
    const auto hashes = hashes_of({{simple, 2}, {relaxed}, {simple}, {relaxed, 11}, {simple, 13}, {relaxed, 12},
                                   {simple, 0}, {relaxed, 0}, {simple, 2}, {simple, ~std::uint64_t{0}}},
                                  body);
    REQUIRE(hashes.size() == 10);
    const auto all_but_end = hashes_of({{simple}, {relaxed}}, body);
    CHECK(hashes[0].hash == hashes_of({{simple, 2}}, "He")[0].hash);
    CHECK(hashes[1].hash == all_but_end[1].hash);
    CHECK(hashes[2].hash == all_but_end[0].hash);
    CHECK(hashes[3].hash == hashes[1].hash);
    CHECK(hashes[4].hash == ""); // longer than the body: of all things not the hash of all of it
    CHECK(hashes[5].hash == "");
    CHECK(hashes[6].hash == hashes_of({{relaxed}}, "")[0].hash); // of no octets
    CHECK(hashes[7].hash == hashes[6].hash);
    CHECK(hashes[8].hash == hashes[0].hash);
    CHECK(hashes[9].hash == "");
    for (std::size_t at : {0, 2, 4, 6, 8, 9})
        CHECK(hashes[at].body_size == 12);
    for (std::size_t at : {1, 3, 5, 7})
        CHECK(hashes[at].body_size == 11);
}

TEST_CASE("DkimBodyHashing: l= to the octet, wherever chunks end")
{
    const std::string body = "One  line \r\n\r\nand\tanother\r\n";
    std::string canonical = "One line\r\n\r\nand another\r\n";
    for (std::size_t length = 0; length <= canonical.size(); ++length)
        for (std::size_t chunk = 1; chunk <= body.size(); ++chunk)
            CHECK(hashes_of({{relaxed, length}}, body, chunk)[0].hash
                  == hashes_of({{simple, length}}, canonical)[0].hash);
}

TEST_CASE("DkimBodyHashing: no parts, no work")
{
    CHECK(hashes_of({}, "Hello\r\n").empty());
}

TEST_CASE("DkimBodyHashing: libopendkim comes to the same hashes")
{
    const std::vector<DkimBodyPart> parts = {{simple}, {relaxed}, {simple, 0}, {relaxed, 1}, {simple, 7}, {relaxed, 40}};
    for (const std::string body : {"", "\r\n", "\r\n\r\n", " \r\n", "Hi.", "Hi. ", "Hi.\r\n\r\n\r\n", " a\t b \r\n\t\r\n\r\nc"})
        for (const std::size_t chunk : {1, 2, 1000})
            check_with_opendkim(parts, body, chunk);

    std::mt19937 random(8463);
    const auto below = [&random](std::size_t limit) { return random() % limit; };
    const std::string_view pieces[] = {" ", "\t", "\r\n", "\r\n", std::string_view("\0", 1), "x", "\f", "\xa0",
                                       "of some words", "\r\n\r\n", "  ", " \r\n"};
    for (int run = 0; run < 1500; ++run) {
        std::string body;
        for (auto count = below(60); count > 0; --count)
            body += pieces[below(std::size(pieces))];
        check_with_opendkim({{simple}, {relaxed}, {simple, below(100)}, {relaxed, below(100)}}, body, 1 + below(20));
    }
    for (int run = 0; run < 300; ++run) {
        std::string octets(below(2000), '\0');
        std::generate(octets.begin(), octets.end(), [&] { return static_cast<char>(below(256)); });
        check_with_opendkim({{simple}, {relaxed}, {simple, below(3000)}}, as_from_postfix(octets), 1 + below(500));
    }
}

TEST_CASE("fault of libopendkim: it drops lone CRs when relaxed, and octets at lone LFs when simple")
{
    const std::vector<DkimBodyPart> parts = {{simple}, {relaxed}};
    CHECK(opendkim_body_hashes(parts, "a\rb\r\n", 100)[1] == hashes_of(parts, "ab\r\n")[1].hash);
    CHECK(opendkim_body_hashes(parts, "a \rb\r\n", 100)[1] == hashes_of(parts, "ab\r\n")[1].hash);
    CHECK(opendkim_body_hashes(parts, "a\nb\r\n", 100)[0] != hashes_of(parts, "a\nb\r\n")[0].hash);
}

} // namespace postern
