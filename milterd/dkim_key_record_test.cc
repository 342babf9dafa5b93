#include "milterd/dkim_key_record.h"

#include <doctest/doctest.h>
#include <optional>

namespace postern {

TEST_CASE("parse_dkim_key_record")
{
    struct Case {
        const char* name;
        std::string_view input;
        std::optional<DkimKeyRecord> want; // nullopt: an error
    };
    const DkimKeyRecord plain{DkimKeyType::rsa, "key", true, true, false, false};
    const auto with = [&plain](auto change) {
        auto record = plain;
        change(record);
        return record;
    };
    const Case cases[] = {
        {"the least", "p=a2V5", plain},
        {"version and type", "v=DKIM1; k=rsa; p=a2V5", plain},
        {"folded key", "v=DKIM1; p=a2 V5", plain},
        {"last semicolon", "v=DKIM1; p=a2V5; ", plain},
        {"Ed25519, RFC 8463 4", "v=DKIM1; k=ed25519; p=a2V5",
         with([](auto& r) { r.key_type = DkimKeyType::ed25519; })},
        {"revoked", "v=DKIM1; p=", with([](auto& r) { r.public_key = ""; })},
        {"notes and unknown tags", "v=DKIM1; n=by=20hand; g=*; zz=1; p=a2V5", plain},
        {"sha256 among the hashes", "h=sha1:sha256; p=a2V5", plain},
        {"sha1 alone", "h=sha1; p=a2V5", with([](auto& r) { r.permits_sha256 = false; })},
        {"for mail", "s=email; p=a2V5", plain},
        {"for everything", "s=tlsrpt : *; p=a2V5", plain},
        {"for something else", "s=tlsrpt; p=a2V5", with([](auto& r) { r.permits_email = false; })},
        {"testing", "t=y; p=a2V5", with([](auto& r) { r.is_testing = true; })},
        {"both flags and an unknown one", "t=y : s : z; p=a2V5",
         with([](auto& r) { r.is_testing = r.is_exact = true; })},
        {"no key", "v=DKIM1; k=rsa", std::nullopt},
        {"key that is no base64", "p=a2V5x", std::nullopt},
        {"another version", "v=DKIM2; p=a2V5", std::nullopt},
        {"version in lower case", "v=dkim1; p=a2V5", std::nullopt},
        {"version not first, RFC 6376 3.6.1", "k=rsa; v=DKIM1; p=a2V5", std::nullopt},
        {"unknown type", "k=dsa; p=a2V5", std::nullopt},
        {"two keys", "p=a2V5; p=eHl6", std::nullopt},
        {"SPF", "v=spf1 -all", std::nullopt},
        {"empty", "", std::nullopt},
        {"8-bit", "n=\xc3\xa9; p=a2V5", std::nullopt},
        {"quotes pasted along", "\"p=a2V5\"", std::nullopt},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_dkim_key_record(c.input);
        REQUIRE(got.has_value() == c.want.has_value());
        if (!got)
            continue;
        CHECK(got->key_type == c.want->key_type);
        CHECK(got->public_key == c.want->public_key);
        CHECK(got->permits_sha256 == c.want->permits_sha256);
        CHECK(got->permits_email == c.want->permits_email);
        CHECK(got->is_testing == c.want->is_testing);
        CHECK(got->is_exact == c.want->is_exact);
    }
}

TEST_CASE("parse_dkim_key_record takes what libopendkim's 1,024 octets cut off, but not everything")
{
    const auto notes = [](std::size_t size) { return "v=DKIM1; n=" + std::string(size, 'x') + "; p=a2V5"; };
    const auto long_one = parse_dkim_key_record(notes(4000));
    REQUIRE(long_one.has_value());
    CHECK(long_one->public_key == "key");
    CHECK(!parse_dkim_key_record(notes(dkim_key_record_limit)).has_value());
}

} // namespace postern
