#include "common/spf/received_spf.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace postern {

TEST_CASE("write_received_spf")
{
    struct Case {
        const char* name;
        SpfIdentity identity;
        const char* envelope_from;
        SpfQuery query;
        SpfAnswer answer;
        const char* want;
    };
    const auto v4 = *parse_ip_address("192.0.2.1");
    const auto v6 = *parse_ip_address("2001:db8::1");
    const Case cases[] = {
        {"pass", SpfIdentity::mail_from, "a@example.org",
         {v4, "a", "example.org", "mx.example.org", "mail.example.net"},
         {SpfResult::pass, "ip4:192.0.2.0/24", "", "", "", 0, 0},
         "Received-SPF: pass (domain of example.org designates 192.0.2.1 as permitted sender) identity=mailfrom;"
         " client-ip=192.0.2.1; envelope-from=\"a@example.org\"; helo=mx.example.org; receiver=mail.example.net;"
         " mechanism=\"ip4:192.0.2.0/24\""},
        {"null sender, HELO identity, IPv6", SpfIdentity::helo, "", {v6, "", "mx.example.org", "mx.example.org", ""},
         {SpfResult::fail, "-all", "", "", "", 0, 0},
         "Received-SPF: fail (domain of mx.example.org does not designate 2001:db8::1 as permitted sender)"
         " identity=helo; client-ip=\"2001:db8::1\"; envelope-from=\"<>\"; helo=mx.example.org; mechanism=-all"},
        {"problem", SpfIdentity::mail_from, "a@example.org", {v4, "a", "example.org", "[192.0.2.1]", ""},
         {SpfResult::permerror, "", "", "example.org: a:museum: bad \"domain\"", "", 0, 0},
         "Received-SPF: permerror (permanent error in processing the SPF record of example.org) identity=mailfrom;"
         " client-ip=192.0.2.1; envelope-from=\"a@example.org\"; helo=\"[192.0.2.1]\";"
         " problem=\"example.org: a:museum: bad \\\"domain\\\"\""},
        {"what a sender may try", SpfIdentity::mail_from, "\"a\\\";\r\nidentity=helo\"@b",
         {v4, "", "b)(\\\"\n.c", "x;y=z", ""},
         {SpfResult::none, "", "", "", "", 0, 0},
         "Received-SPF: none (b?????.c has no SPF record) identity=mailfrom; client-ip=192.0.2.1;"
         " envelope-from=\"\\\"a\\\\\\\";??identity=helo\\\"@b\"; helo=\"x;y=z\""},
        {"a local part that is not ASCII", SpfIdentity::mail_from, "\xc3\xa4@example.org",
         {v4, "\xc3\xa4", "example.org", "h", ""},
         {SpfResult::softfail, "~all", "", "", "", 0, 0},
         "Received-SPF: softfail (transitioning domain of example.org does not designate 192.0.2.1 as permitted sender)"
         " identity=mailfrom; client-ip=192.0.2.1; envelope-from=\"?\?@example.org\"; helo=h; mechanism=~all"},
        {"no HELO name at all", SpfIdentity::helo, "", {v4, "", "", "", ""}, {SpfResult::none, "", "", "", "", 0, 0},
         "Received-SPF: none identity=helo; client-ip=192.0.2.1; envelope-from=\"<>\""},
        {"neutral", SpfIdentity::mail_from, "a@b.c", {v4, "a", "b.c", "..", ""},
         {SpfResult::neutral, "default", "", "", "", 0, 0},
         "Received-SPF: neutral (192.0.2.1 is neither permitted nor denied by domain of b.c) identity=mailfrom;"
         " client-ip=192.0.2.1; envelope-from=\"a@b.c\"; helo=\"..\"; mechanism=default"},
        {"temperror", SpfIdentity::mail_from, "a@b.c", {v4, "a", "b.c", "h", ""},
         {SpfResult::temperror, "", "", "b.c: late", "", 0, 0},
         "Received-SPF: temperror (temporary error in processing the SPF record of b.c) identity=mailfrom;"
         " client-ip=192.0.2.1; envelope-from=\"a@b.c\"; helo=h; problem=\"b.c: late\""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(write_received_spf(c.identity, c.envelope_from, c.query, c.answer) == c.want);
    }
}

TEST_CASE("write_received_spf leaves out what does not fit, and never shortens a name")
{
    const std::string longest = std::string(250, 'a') + ".b";
    SpfQuery query{{}, "", longest, longest, longest};
    SpfAnswer answer;
    answer.mechanism = std::string(400, '"');
    answer.problem = std::string(400, 'p');
    const auto field = write_received_spf(SpfIdentity::mail_from, std::string(64, 'l') + "@" + longest, query, answer);
    CHECK(field.size() < max_received_spf);
    CHECK(field.find("@" + longest) != std::string::npos);
    CHECK(field.find("helo=" + longest) != std::string::npos);
    CHECK(field.find("receiver=") == std::string::npos);

    const auto too_long = write_received_spf(SpfIdentity::mail_from, std::string(2000, 'l') + "@a.b", query, answer);
    CHECK(too_long.find("envelope-from") == std::string::npos);
    CHECK(too_long.find("receiver=" + longest) != std::string::npos);
}

} // namespace postern
