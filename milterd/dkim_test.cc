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

std::vector<DkimHeaderHash> hashes_of(const std::vector<std::string>& fields)
{
    const auto hashes = library()->hash_header(fields);
    REQUIRE(hashes.has_value());
    return *hashes;
}

std::string header_hash(const std::string& signature, const std::string& field)
{
    return hashes_of({signature, field}).at(0).hash;
}

} // namespace

TEST_CASE("DkimLibrary: header fields")
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
        CHECK(hashes[0].hash
              == sha256(c.want_text + (is_relaxed ? "dkim-signature:" + own.substr(16) : own)));
    }
}

TEST_CASE("DkimLibrary: each signature has its own hash, whatever it says of the body")
{
    const auto hashes = hashes_of({signature_field("c=simple/simple; h=from"), "From: a@b",
                                   signature_field("c=relaxed/relaxed; h=from"),
                                   signature_field("c=simple/relaxed; h=from; l=0"),
                                   signature_field("c=simple/simple; h=from; l=7")});
    REQUIRE(hashes.size() == 4);
    for (std::size_t at = 0; at < hashes.size(); ++at) {
        CHECK(hashes[at].fault == "");
        CHECK(hashes[at].hash.size() == 32);
        CHECK((at == 0 || hashes[at].hash != hashes[at - 1].hash));
    }
}

TEST_CASE("DkimLibrary: a signature that libopendkim does not take has a fault, and keeps its place")
{
    const auto hashes = hashes_of({signature_field("h=from"), signature_field("h=to"), "DKIM-Signature: nonsense",
                                   signature_field("h=from; t=100"), "From: a@b", signature_field("h=from"),
                                   signature_field("h=to; l=5"), signature_field("h=from; t=100; l=5"),
                                   "DKIM-Signature: nonsense; l=5"});
    REQUIRE(hashes.size() == 8);
    CHECK(hashes[0].fault == "");
    CHECK(hashes[1].fault == "header list missing required entries");
    CHECK(hashes[2].fault != "");
    CHECK(hashes[3].fault == "signature timestamp in the future"); // its arithmetic: 100 less the drift is negative
    CHECK(hashes[4].fault == "");
    for (std::size_t at = 5; at < 8; ++at) // where libopendkim thinks that the body is too short as well
        CHECK(hashes[at].fault != "");
}

TEST_CASE("DkimLibrary: a From that cannot be parsed, or none, or a field that is none, is no error")
{
    CHECK(hashes_of({signature_field("h=from"), "From: <<<"}).at(0).fault == "");
    CHECK(hashes_of({signature_field("h=from")}).at(0).fault == "");
    CHECK(hashes_of({signature_field("h=from"), "no colon", "\xff: x", "From: a@b"}).at(0).fault == "");
}

TEST_CASE("DkimLibrary can be made and closed again and again")
{
    for (int i = 0; i < 1000; ++i)
        CHECK(library()->hash_header(std::vector<std::string>{signature_field("h=from"), "From: a@b"}).has_value());
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
    CHECK(header_hash(long_list, "Subject: one") == header_hash(long_list, "Subject: two"));
}

TEST_CASE("fault of libopendkim: the last of two tags counts (DkimTagList)")
{
    const auto twice = signature_field("h=from:subject; h=from");
    CHECK(header_hash(twice, "Subject: one") == header_hash(twice, "Subject: two"));
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
