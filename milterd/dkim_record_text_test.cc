#include "milterd/dkim_record_text.h"

#include "milterd/dkim_key_record.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

const std::string key_text(392, 'A'); // as long as that of an RSA key of 2,048 bits

DkimRecord record_of(std::string text)
{
    return {"example.org", "mail", std::move(text)};
}

// The strings between quotes, joined as a resolver joins them.
std::string joined_strings(std::string_view text)
{
    std::string joined;
    for (auto at = text.find('"'); at != text.npos; at = text.find('"')) {
        text.remove_prefix(at + 1);
        joined += text.substr(0, text.find('"'));
        text.remove_prefix(text.find('"') + 1);
    }
    return joined;
}

} // namespace

TEST_CASE("a record in each of its forms is the same record")
{
    const auto record = record_of("v=DKIM1; k=rsa; p=" + key_text);
    CHECK(dkim_record_line(record) == "mail._domainkey.example.org. TXT " + record.text + "\n");
    CHECK(joined_strings(dkim_record_zone_text(record)) == record.text);
    CHECK(joined_strings(dkim_record_form(record)) == record.text);
    const auto strings = dkim_record_strings(record.text);
    REQUIRE(strings.size() == 2);
    CHECK(strings[0].size() == 255); // RFC 1035 3.3
    CHECK(strings[1].size() == record.text.size() - 255);
}

TEST_CASE("dkim_record_zone_text")
{
    const auto record = record_of("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    CHECK(dkim_record_zone_text(record)
          == "mail._domainkey.example.org.\tIN\tTXT\t( \"v=DKIM1; k=ed25519; \"\n"
             "\t  \"p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\" )  ; ----- DKIM key mail for example.org\n");
    CHECK(dkim_record_zone_text(record, {.has_domain = false, .ttl = 300})
          == "mail._domainkey\t300\tIN\tTXT\t( \"v=DKIM1; k=ed25519; \"\n"
             "\t  \"p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\" )  ; ----- DKIM key mail for example.org\n");
}

TEST_CASE("the tags that an operator may want")
{
    struct Case {
        const char* name;
        DkimRecordTags tags;
        const char* want;
    };
    const Case cases[] = {
        {"none", {}, "v=DKIM1; k=rsa; p=a2V5"},
        {"for mail only", {.is_for_mail_only = true}, "v=DKIM1; k=rsa; s=email; p=a2V5"},
        {"testing", {.is_testing = true}, "v=DKIM1; k=rsa; t=y; p=a2V5"},
        {"not for domains below", {.is_exact = true}, "v=DKIM1; k=rsa; t=s; p=a2V5"},
        {"all of them",
         {"sha256", true, true, true, "by hand; \"x\"=1\n"},
         "v=DKIM1; k=rsa; h=sha256; s=email; t=y:s; n=by=20hand=3B=20=22x=22=3D1=0A; p=a2V5"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto text = with_dkim_tags("v=DKIM1; k=rsa; p=a2V5", c.tags.list());
        CHECK(text == c.want);
        const auto read = parse_dkim_key_record(text);
        REQUIRE(read.has_value());
        CHECK(read->is_testing == c.tags.is_testing);
        CHECK(read->is_exact == c.tags.is_exact);
        for (const auto& tag : c.tags.list())
            CHECK(check_dkim_tag(tag).has_value());
    }
}

TEST_CASE("check_dkim_tag refuses what could be another tag or end a string")
{
    for (const auto* tag : {"", "t", "t=", "p=a2V5", "v=DKIM1", "tt=y", "t=y;", "t=y p=", "n=\"", "n=\\", "n=\xc3\xa9", "n=a\n"}) {
        CAPTURE(tag);
        CHECK_FALSE(check_dkim_tag(tag).has_value());
    }
    CHECK_FALSE(check_dkim_tag("n=" + std::string(300, 'x')).has_value());
}

} // namespace postern
