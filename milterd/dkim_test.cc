#include "milterd/dkim.h"

#include "milterd/dkim_header.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#include <opendkim/dkim.h>

namespace postern {
namespace {

std::shared_ptr<DkimLibrary> library()
{
    auto made = DkimLibrary::create(std::chrono::seconds(300));
    REQUIRE(made.has_value());
    return *made;
}

std::string sha256(std::string_view text)
{
    std::array<unsigned char, 32> digest{};
    EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    return {digest.begin(), digest.end()};
}

std::string signature_field(const std::string& tags, const std::string& end = "bh=YQ==; b=YQ==")
{
    return "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; " + tags + "; " + end;
}

std::vector<DkimHashes> hashes_of(const std::vector<std::string>& fields, std::string_view body = "",
                                  std::size_t chunk = 1000)
{
    auto hashing = DkimHashing::create(library(), fields);
    REQUIRE(hashing.has_value());
    for (; !body.empty(); body.remove_prefix(std::min(chunk, body.size())))
        (*hashing)->body(body.substr(0, chunk));
    auto hashes = (*hashing)->finish();
    REQUIRE(hashes.has_value());
    return *hashes;
}

std::string header_hash(const std::string& signature, const std::string& field)
{
    return hashes_of({signature, field}).at(0).header;
}

} // namespace

TEST_CASE("DkimHashing: bodies, in chunks that end anywhere")
{
    struct Case {
        const char* name;
        std::string body;
        std::string want_simple;  // what RFC 6376 3.4.3 makes of it
        std::string want_relaxed; // 3.4.4
    };
    const std::string long_line(100'000, 'x');
    const Case cases[] = {
        {"empty", "", "\r\n", ""},
        {"empty lines alone", "\r\n\r\n", "\r\n", ""},
        {"RFC 6376 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
        {"no line end", "Hi", "Hi\r\n", "Hi\r\n"},
        {"long, and no line end", long_line, long_line + "\r\n", long_line + "\r\n"},
        {"no line end behind a blank", "Hi ", "Hi \r\n", "Hi\r\n"},
        {"CR at the end", "Hi\r", "Hi\r\n", "Hi\r\n"},
        {"blank lines inside", "a\r\n\r\n \r\nb\r\n", "a\r\n\r\n \r\nb\r\n", "a\r\n\r\n\r\nb\r\n"},
        {"blank lines at the end", "a\r\n \r\n\t\r\n", "a\r\n \r\n\t\r\n", "a\r\n"},
        {"NUL, form feed, 8-bit", std::string("a\0\f\v\xff\r\n", 7), std::string("a\0\f\v\xff\r\n", 7),
         std::string("a\0\f\v\xff\r\n", 7)},
        {"NUL at the end", std::string("a\0", 2), std::string("a\0\r\n", 4), std::string("a\0\r\n", 4)},
    };
    for (const auto& c : cases) {
        for (const std::size_t chunk : {1, 2, 3, 1000, 65535}) {
            CAPTURE(c.name);
            CAPTURE(chunk);
            const auto hashes = hashes_of({signature_field("c=simple/simple; h=from"),
                                           signature_field("c=simple/relaxed; h=from"), "From: a@b"},
                                          c.body, chunk);
            REQUIRE(hashes.size() == 2);
            CHECK(hashes[0].body == sha256(c.want_simple));
            CHECK(hashes[1].body == sha256(c.want_relaxed));
        }
    }
}

TEST_CASE("DkimHashing: headers")
{
    const std::vector<std::string> fields = {
        "A: X", "B : Y\t\r\n\tZ  ", "Empty:", "B: last", "Folded:\r\n  at once",
    };
    struct Case {
        const char* name;
        const char* tags;
        std::string want_text; // without the signature's own field
    };
    const Case cases[] = {
        {"RFC 6376 3.4.5, simple", "c=simple; h=a:from", "A: X\r\n"},
        {"the last of two", "c=simple; h=B:from", "B: last\r\n"},
        {"both of two, the last one first", "c=simple; h=b:b:from", "B: last\r\nB : Y\t\r\n\tZ  \r\n"},
        {"relaxed", "c=relaxed; h=A:b:B:from", "a:X\r\nb:last\r\nb:Y Z\r\n"},
        {"empty", "c=relaxed; h=empty:from", "empty:\r\n"},
        {"folded at once, relaxed", "c=relaxed; h=folded:from", "folded:at once\r\n"},
        {"folded at once, simple", "c=simple; h=folded:from", "Folded:\r\n  at once\r\n"},
        {"names without a field", "c=simple; h=from:from:x:a:y:a", "A: X\r\n"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto own = signature_field(c.tags, "bh=YQ==; b=");
        auto all = fields;
        all.push_back(own + "YQ==\r\n\t YQ==");
        const bool is_relaxed = std::string_view(c.tags).starts_with("c=relaxed");
        const auto hashes = hashes_of(all);
        REQUIRE(hashes.size() == 1);
        CHECK(hashes[0].fault == "");
        CHECK(hashes[0].header
              == sha256(c.want_text + (is_relaxed ? "dkim-signature:" + own.substr(16) : own)));
    }
}

TEST_CASE("DkimHashing: each signature has its own hashes")
{
    const auto hashes = hashes_of({signature_field("c=simple/simple; h=from; l=2"), "From: a@b",
                                   signature_field("c=simple/simple; h=from; l=7"),
                                   signature_field("c=simple/simple; h=from; l=8")},
                                  "Hello\r\n");
    REQUIRE(hashes.size() == 3);
    CHECK(hashes[0].body == sha256("He"));
    CHECK(hashes[1].body == sha256("Hello\r\n"));
    CHECK(!hashes[0].is_too_long);
    CHECK(!hashes[1].is_too_long);
    CHECK(hashes[2].is_too_long);
    CHECK(hashes[0].header != hashes[1].header);
}

TEST_CASE("DkimHashing: a signature that libopendkim does not take has a fault, and keeps its place")
{
    const auto hashes = hashes_of({signature_field("h=from"), signature_field("h=to"), "DKIM-Signature: nonsense",
                                   signature_field("h=from; t=100"), "From: a@b", signature_field("h=from")});
    REQUIRE(hashes.size() == 5);
    CHECK(hashes[0].fault == "");
    CHECK(hashes[1].fault == "header list missing required entries");
    CHECK(hashes[2].fault != "");
    CHECK(hashes[3].fault == "signature timestamp in the future"); // its arithmetic: 100 less the drift is negative
    CHECK(hashes[4].fault == "");
}

TEST_CASE("DkimHashing: a From that cannot be parsed, or none, or a field that is none, is no error")
{
    CHECK(hashes_of({signature_field("h=from"), "From: <<<"}).at(0).fault == "");
    CHECK(hashes_of({signature_field("h=from")}).at(0).fault == "");
    CHECK(hashes_of({signature_field("h=from"), "no colon", "\xff: x", "From: a@b"}).at(0).fault == "");
}

TEST_CASE("DkimLibrary can be made and closed again and again, and outlives itself in a hashing")
{
    std::unique_ptr<DkimHashing> hashing;
    for (int i = 0; i < 1000; ++i) {
        auto made = DkimHashing::create(library(), std::vector<std::string>{signature_field("h=from"), "From: a@b"});
        REQUIRE(made.has_value());
        hashing = std::move(*made);
    }
    CHECK(hashing->finish().has_value());
}

// The faults that guards stand against. Should one of these fail, libopendkim
// has been mended, and its guard may go.

TEST_CASE("fault of libopendkim: relaxed header fields with a control character (is_misread_when_relaxed)")
{
    const auto relaxed = signature_field("c=relaxed; h=from:subject");
    CHECK(header_hash(relaxed, "Subject: a\fb") == header_hash(relaxed, "Subject: a b"));
    CHECK(header_hash(relaxed, "Subject: a\vb") == header_hash(relaxed, "Subject: a b"));
    CHECK(header_hash(relaxed, "Subject: a\rb") == header_hash(relaxed, "Subject: a b"));
    CHECK(header_hash(relaxed, std::string("Subject: a\0 hidden", 18)) == header_hash(relaxed, "Subject: a"));
    const auto simple = signature_field("c=simple; h=from:subject");
    CHECK(header_hash(simple, "Subject: a\fb") != header_hash(simple, "Subject: a b"));
    CHECK(header_hash(simple, std::string("Subject: a\0 hidden", 18)) != header_hash(simple, "Subject: a"));
}

TEST_CASE("fault of libopendkim: which tag is b= (check_for_misreading)")
{
    const auto hash = [](const std::string& end) { return header_hash(signature_field("h=from", end), "From: a@b"); };
    CHECK(hash("bh=YQ==; b=YQ==") == hash("bh=YQ==; b=Yg=="));   // as it should be
    CHECK(hash("bh=YQ==; b =YQ==") != hash("bh=YQ==; b =Yg==")); // not emptied
    CHECK(hash("zb=1; bh=YQ==; b=YQ==") == hash("zb=2; bh=YQ==; b=YQ==")); // emptied
}

TEST_CASE("fault of libopendkim: h= is cut at 4,096 octets (read_signed_fields)")
{
    const auto long_list = signature_field("h=from:" + std::string(5000, 'x') + ":subject");
    const auto subject = hashes_of({long_list, "Subject: one"}).at(0).header;
    CHECK(subject == hashes_of({long_list, "Subject: two"}).at(0).header);
}

TEST_CASE("fault of libopendkim: the last of two tags counts (DkimTagList)")
{
    const auto twice = signature_field("h=from; l=3; l=1");
    CHECK(hashes_of({twice, "From: a@b"}, "Hello\r\n").at(0).body == sha256("H"));
}

TEST_CASE("fault of libopendkim: l= that overflows counts as none (read_number)")
{
    const auto overflowing = signature_field("h=from; l=18446744073709551614");
    CHECK(hashes_of({overflowing, "From: a@b"}, "Hello\r\n").at(0).body == sha256("Hello\r\n"));
}

namespace {

// Memory with a mark behind each piece
struct Marked {
    static constexpr std::size_t mark = 64;
    static inline bool is_overrun = false;

    static void* allocate(void*, std::size_t size)
    {
        auto* memory = static_cast<char*>(std::malloc(sizeof(std::size_t) + size + mark));
        std::memcpy(memory, &size, sizeof size);
        std::memset(memory + sizeof size + size, 'm', mark);
        return memory + sizeof size;
    }

    static void release(void*, void* given)
    {
        if (given == nullptr)
            return;
        auto* memory = static_cast<char*>(given) - sizeof(std::size_t);
        std::size_t size = 0;
        std::memcpy(&size, memory, sizeof size);
        for (std::size_t i = 0; i < mark; ++i)
            is_overrun = is_overrun || memory[sizeof size + size + i] != 'm';
        std::free(memory);
    }
};

bool overruns(const std::vector<std::string>& fields)
{
    Marked::is_overrun = false;
    DKIM_LIB* lib = dkim_init(Marked::allocate, Marked::release);
    DKIM_STAT status = DKIM_STAT_OK;
    std::uint32_t flags = DKIM_LIBFLAGS_DELAYSIGPROC;
    dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags);
    unsigned char id[] = "";
    DKIM* handle = dkim_verify(lib, id, nullptr, &status);
    for (auto field : fields)
        dkim_header(handle, reinterpret_cast<u_char*>(field.data()), field.size());
    dkim_eoh(handle);
    dkim_free(handle);
    dkim_close(lib);
    return Marked::is_overrun;
}

} // namespace

TEST_CASE("fault of libopendkim: it writes behind an array when h= names more than each field (uncoverable_field)")
{
    const auto signature = signature_field("h=dkim-signature:from:from");
    CHECK(overruns({signature, "From: a@b"}));
    CHECK(!overruns({signature, "From: a@b", std::string(uncoverable_field)}));
}

} // namespace postern
