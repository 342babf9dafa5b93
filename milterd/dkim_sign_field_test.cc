#include "milterd/dkim_sign_field.h"

#include "common/text.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace postern {
namespace {

std::string joined(const std::vector<std::string>& fields)
{
    std::string text;
    for (const auto& field : fields)
        text += (text.empty() ? "" : ":") + field;
    return text;
}

DkimFieldSets sets_of(const std::vector<std::string>& oversign, const std::vector<std::string>& signed_fields = {"*"})
{
    const std::vector<std::string> star = {"*"};
    const auto sets = make_field_sets(signed_fields, star, oversign);
    REQUIRE(sets.has_value());
    return *sets;
}

DkimSignatureText some_text()
{
    DkimSignatureText text;
    text.key_type = DkimKeyType::rsa;
    text.header_canonicalization = DkimCanonicalization::relaxed;
    text.body_canonicalization = DkimCanonicalization::simple;
    text.signing_domain = "example.org";
    text.selector = "sel";
    text.signed_at = 1'700'000'000;
    text.signed_fields = {"From", "To", "From"};
    text.body_hash = std::string(32, 'h');
    return text;
}

} // namespace

TEST_CASE("fields_to_sign")
{
    struct Case {
        const char* name;
        std::vector<std::string> names;
        std::vector<std::string> oversign;
        const char* want_fields;
    };
    const Case cases[] = {
        {"what is there, in our order", {"subject", "date", "from"}, {}, "From:Subject:Date"},
        {"From oversigned, as set by default", {"from", "to"}, {"From"}, "From:From:To"},
        {"From oversigned by default", {"from", "to"}, {"*"}, "From:From:To"},
        {"From oversigned and absent", {}, {"from"}, "From"},
        {"each field of a name", {"from", "cc", "cc"}, {}, "From:Cc:Cc"},
        {"oversigned field that is absent", {"from"}, {"Reply-To"}, "From:Reply-To"},
        {"oversigned field that is not signed otherwise", {"from", "x-mine", "x-mine"}, {"X-Mine"},
         "From:X-Mine:X-Mine:X-Mine"},
        {"the same field oversigned twice", {"from"}, {"From", "FROM"}, "From:From"},
        {"List-Unsubscribe-Post (RFC 8058)", {"from", "list-unsubscribe", "list-unsubscribe-post"}, {},
         "From:List-Unsubscribe:List-Unsubscribe-Post"},
        {"what changes on the way is not signed",
         {"return-path", "received", "delivered-to", "dkim-signature", "authentication-results", "received-spf", "bcc",
          "x-spam-flag", "from"},
         {},
         "From"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(joined(fields_to_sign(c.names, sets_of(c.oversign))) == c.want_fields);
    }
}

TEST_CASE("fields_to_sign is bounded")
{
    std::vector<std::string> names(1000, "cc");
    names.push_back("from");
    const auto fields = fields_to_sign(names, sets_of({"From", "Cc"}));
    CHECK(joined(fields) == "From:From:Cc:Cc:Cc:Cc:Cc:Cc:Cc:Cc:Cc:Cc");

    // A long list has room for one of each, and for the one more that is oversigned.
    std::vector<std::string> many;
    for (int i = 100; i < 240; ++i)
        many.push_back("X-Header-" + std::to_string(i));
    std::vector<std::string> there = {"from"};
    for (int n = 0; n < 5; ++n)
        for (const auto& name : many)
            there.push_back(to_lower(name));
    const auto bounded = fields_to_sign(there, sets_of({"From"}, many));
    CHECK(bounded.front() == "From");
    CHECK(joined(bounded).size() <= 2000);
    for (const auto& name : many)
        CHECK(std::count(bounded.begin(), bounded.end(), name) >= 1);
    CHECK(std::count(bounded.begin(), bounded.end(), "From") == 2);
    CHECK(bounded.size() < dkim_signed_fields_limit);
}

TEST_CASE("make_field_sets")
{
    using Names = std::vector<std::string>;
    struct Case {
        const char* name;
        Names signed_fields, omitted, oversigned;
        const char* want; // signed, a slash, oversigned; or the Error
        bool is_good = true;
    };
    const Case cases[] = {
        {"names instead of the default", {"Subject", "To"}, {"*"}, {"*"}, "From:Subject:To/From"},
        {"none: From is signed nevertheless", {"."}, {"*"}, {"."}, "From/"},
        {"oversigned is signed", {"."}, {"*"}, {"*", "+Subject"}, "From:Subject/From:Subject"},
        {"omitted", {"Subject", "To"}, {"*", "+to"}, {"."}, "From:Subject/"},
        {"From cannot be omitted", {"From", "To"}, {"From"}, {"From"}, "From:To/From"},
        {"Comments are omitted by default", {"Comments", "To"}, {"*"}, {"."}, "From:To/"},
        {"unless they are not", {"Comments", "To"}, {"*", "-comments"}, {"."}, "From:Comments:To/"},
        {"Received is omitted in silence", {"Received", "To"}, {"*"}, {"."}, "From:To/"},
        {"and is a fault otherwise", {"Received", "To"}, {"."}, {"."},
         "dkim.signed_fields: Received changes on the way and cannot be signed", false},
        {"what changes is not oversigned", {"*"}, {"*"}, {"Authentication-Results"},
         "dkim.oversign: Authentication-Results changes on the way and cannot be signed", false},
        {"no name, signed", {"a b"}, {"*"}, {"*"}, "dkim.signed_fields: \"a b\" is no name of a header field", false},
        {"no name, omitted", {"*"}, {"a b"}, {"*"}, "dkim.omitted_fields: \"a b\" is no name of a header field", false},
        {"no name, oversigned", {"*"}, {"*"}, {"X;Y"}, "dkim.oversign: \"X;Y\" is no name of a header field", false},
        {"too much", {std::string(2000, 'x')}, {"*"}, {"*"},
         "dkim.signed_fields: more than fits into a signature, 2000 octets", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto sets = make_field_sets(c.signed_fields, c.omitted, c.oversigned);
        REQUIRE(sets.has_value() == c.is_good);
        CHECK((sets ? joined(sets->signed_fields) + "/" + joined(sets->oversigned) : sets.error().what) == c.want);
    }
    for (const auto* name : {"RETURN-PATH", "Bcc", "DKIM-Signature", "ARC-Seal", "Received-SPF", "Delivered-To"}) {
        CAPTURE(name);
        const Names none = {"."}, one = {name};
        CHECK(!make_field_sets(none, none, one).has_value());
    }
}

TEST_CASE("write_dkim_signature")
{
    CHECK(write_dkim_signature(some_text(), std::string(48, 's'))
          == "v=1; a=rsa-sha256; c=relaxed/simple; d=example.org; s=sel;\n"
             "\tt=1700000000; h=From:To:From;\n"
             "\tbh=aGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGg=;\n"
             "\tb=c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz");
}

TEST_CASE("write_dkim_signature: on whose behalf, and for how long")
{
    auto text = some_text();
    text.identity = "@mail.example.org";
    text.expires_at = 1'700'086'400;
    const auto value = write_dkim_signature(text, std::string(48, 's'));
    CHECK(value.starts_with("v=1; a=rsa-sha256; c=relaxed/simple; d=example.org; s=sel;\n"
                            "\ti=@mail.example.org; t=1700000000; x=1700086400; h=From:To:From;\n"));
    CHECK(parse_dkim_signature(value).fault == "");
    CHECK(parse_dkim_signature(value).identity == "@mail.example.org");
}

TEST_CASE("write_dkim_signature can be read back, and its lines are short")
{
    auto text = some_text();
    struct Case {
        const char* name;
        std::size_t signature_size;
        std::size_t fields;
    };
    for (const auto& c : {Case{"Ed25519", 64, 3}, Case{"RSA of 1024 bits", 128, 30}, Case{"RSA of 2048 bits", 256, 100},
                          Case{"RSA of 4096 bits", 512, 150}}) {
        CAPTURE(c.name);
        text.key_type = c.signature_size == 64 ? DkimKeyType::ed25519 : DkimKeyType::rsa;
        text.signed_fields.assign(c.fields, "Content-Transfer-Encoding");
        text.signed_fields.front() = "From";
        std::string octets;
        for (std::size_t i = 0; i < c.signature_size; ++i)
            octets += static_cast<char>(i * 41);
        const auto value = write_dkim_signature(text, octets);

        const auto read = parse_dkim_signature(value);
        CHECK(read.fault == "");
        CHECK(read.algorithm == (c.signature_size == 64 ? DkimAlgorithm::ed25519_sha256 : DkimAlgorithm::rsa_sha256));
        CHECK(read.header_canonicalization == text.header_canonicalization);
        CHECK(read.body_canonicalization == text.body_canonicalization);
        CHECK(read.signing_domain == text.signing_domain);
        CHECK(read.selector == text.selector);
        CHECK(read.signed_at == text.signed_at);
        CHECK(read.body_hash == text.body_hash);
        CHECK(read.signature == octets);
        CHECK(read.signed_fields.size() == c.fields);

        bool is_first = true;
        for (const auto line : split(value, '\n')) {
            CHECK(line.starts_with('\t') == !is_first);
            const auto width = is_first ? std::string_view("DKIM-Signature: ").size() + line.size() : line.size() + 7;
            CHECK(width <= 78);
            is_first = false;
        }
        CHECK(value.find('\r') == value.npos);
    }
}

TEST_CASE("write_dkim_signature: the text before b= does not depend on the signature")
{
    const auto one = write_dkim_signature(some_text(), "x");
    const auto other = write_dkim_signature(some_text(), std::string(512, 'y'));
    const auto end = one.find("\tb=") + 3;
    CHECK(one.substr(0, end) == other.substr(0, end));
}

} // namespace postern
