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
        CHECK(joined(fields_to_sign(c.names, c.oversign)) == c.want_fields);
    }
}

TEST_CASE("fields_to_sign is bounded")
{
    std::vector<std::string> names(1000, "cc");
    names.push_back("from");
    const auto fields = fields_to_sign(names, std::vector<std::string>{"From", "Cc"});
    CHECK(joined(fields) == "From:From:Cc:Cc:Cc:Cc:Cc:Cc:Cc:Cc:Cc:Cc");

    std::vector<std::string> many;
    for (int i = 0; i < 1000; ++i)
        many.push_back("X-Header-" + std::to_string(i));
    const auto bounded = fields_to_sign(std::vector<std::string>{"from"}, many);
    CHECK(bounded.front() == "From");
    CHECK(joined(bounded).size() <= 2000);
    CHECK(bounded.size() < dkim_signed_fields_limit);
}

TEST_CASE("check_oversign")
{
    for (const auto* name : {"From", "Subject", "X-Anything", "Reply-To"}) {
        CAPTURE(name);
        CHECK(check_oversign(name).has_value());
    }
    for (const auto* name : {"", "Two Words", "X:Y", "X;Y", "\xc3\xa9", "Received", "RETURN-PATH", "Bcc",
                             "DKIM-Signature", "Authentication-Results", "ARC-Seal", "Received-SPF", "Delivered-To"}) {
        CAPTURE(name);
        CHECK(!check_oversign(name).has_value());
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
