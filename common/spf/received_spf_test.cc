#include "common/spf/received_spf.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace postern {
namespace {

SpfMail mail_of(SpfIdentity identity, std::string_view envelope_from, const SpfQuery& query)
{
    return {identity, query.ip, query.domain, envelope_from, query.helo, query.receiver};
}

} // namespace

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
         "Received-SPF: pass (domain of example.org designates 192.0.2.1 as permitted sender) client-ip=192.0.2.1;"
         " identity=mailfrom; envelope-from=\"a@example.org\"; helo=mx.example.org; receiver=mail.example.net;"
         " mechanism=\"ip4:192.0.2.0/24\""},
        {"null sender, HELO identity, IPv6", SpfIdentity::helo, "", {v6, "", "mx.example.org", "mx.example.org", ""},
         {SpfResult::fail, "-all", "", "", "", 0, 0},
         "Received-SPF: fail (domain of mx.example.org does not designate 2001:db8::1 as permitted sender)"
         " client-ip=\"2001:db8::1\"; identity=helo; envelope-from=\"<>\"; helo=mx.example.org; mechanism=-all"},
        {"problem", SpfIdentity::mail_from, "a@example.org", {v4, "a", "example.org", "[192.0.2.1]", ""},
         {SpfResult::permerror, "", "", "example.org: a:museum: bad \"domain\"", "", 0, 0},
         "Received-SPF: permerror (permanent error in processing the SPF record of example.org) client-ip=192.0.2.1;"
         " identity=mailfrom; envelope-from=\"a@example.org\"; helo=\"[192.0.2.1]\";"
         " problem=\"example.org: a:museum: bad \\\"domain\\\"\""},
        {"what a sender may try", SpfIdentity::mail_from, "\"a\\\";\r\nidentity=helo\"@b",
         {v4, "", "b)(\\\"\n.c", "x;y=z", ""},
         {SpfResult::none, "", "", "", "", 0, 0},
         "Received-SPF: none (b?????.c has no SPF record) client-ip=192.0.2.1; identity=mailfrom;"
         " envelope-from=\"\\\"a\\\\\\\";??identity=helo\\\"@b\"; helo=\"x;y=z\""},
        {"a local part that is not ASCII", SpfIdentity::mail_from, "\xc3\xa4@example.org",
         {v4, "\xc3\xa4", "example.org", "h", ""},
         {SpfResult::softfail, "~all", "", "", "", 0, 0},
         "Received-SPF: softfail (transitioning domain of example.org does not designate 192.0.2.1 as permitted sender)"
         " client-ip=192.0.2.1; identity=mailfrom; envelope-from=\"?\?@example.org\"; helo=h; mechanism=~all"},
        {"no HELO name at all", SpfIdentity::helo, "", {v4, "", "", "", ""}, {SpfResult::none, "", "", "", "", 0, 0},
         "Received-SPF: none client-ip=192.0.2.1; identity=helo; envelope-from=\"<>\""},
        {"neutral", SpfIdentity::mail_from, "a@b.c", {v4, "a", "b.c", "..", ""},
         {SpfResult::neutral, "default", "", "", "", 0, 0},
         "Received-SPF: neutral (192.0.2.1 is neither permitted nor denied by domain of b.c) client-ip=192.0.2.1;"
         " identity=mailfrom; envelope-from=\"a@b.c\"; helo=\"..\"; mechanism=default"},
        {"temperror", SpfIdentity::mail_from, "a@b.c", {v4, "a", "b.c", "h", ""},
         {SpfResult::temperror, "", "", "b.c: late", "", 0, 0},
         "Received-SPF: temperror (temporary error in processing the SPF record of b.c) client-ip=192.0.2.1;"
         " identity=mailfrom; envelope-from=\"a@b.c\"; helo=h; problem=\"b.c: late\""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(write_received_spf(mail_of(c.identity, c.envelope_from, c.query), c.answer) == c.want);
        auto prepared = c.answer;
        prepare_received_spf(c.query.ip, c.query.domain, prepared);
        CHECK(write_received_spf(mail_of(c.identity, c.envelope_from, c.query), prepared) == c.want);
    }
}

TEST_CASE("write_received_spf leaves out what does not fit, and never shortens a name")
{
    const std::string longest = std::string(250, 'a') + ".b";
    SpfQuery query{{}, "", longest, longest, longest};
    SpfAnswer answer;
    answer.mechanism = std::string(400, '"');
    answer.problem = std::string(400, 'p');
    const auto sender = std::string(64, 'l') + "@" + longest;
    const auto field = write_received_spf(mail_of(SpfIdentity::mail_from, sender, query), answer);
    CHECK(field.size() < max_received_spf);
    CHECK(field.find("@" + longest) != std::string::npos);
    CHECK(field.find("helo=" + longest) != std::string::npos);
    CHECK(field.find("receiver=") == std::string::npos);

    const auto endless = std::string(2000, 'l') + "@a.b";
    const auto too_long = write_received_spf(mail_of(SpfIdentity::mail_from, endless, query), answer);
    CHECK(too_long.find("envelope-from") == std::string::npos);
    CHECK(too_long.find("receiver=" + longest) != std::string::npos);
}

TEST_CASE("write_spf_auth_results")
{
    struct Case {
        const char* name;
        SpfIdentity identity;
        std::string domain;
        SpfResult result;
        const char* problem;
        std::string want; // after "Authentication-Results: "
    };
    const Case cases[] = {
        {"pass", SpfIdentity::mail_from, "example.net", SpfResult::pass, "",
         "mx.example.org; spf=pass smtp.mailfrom=example.net"},
        {"of the HELO name", SpfIdentity::helo, "h.example.net", SpfResult::fail, "",
         "mx.example.org; spf=fail smtp.helo=h.example.net"},
        {"no domain", SpfIdentity::helo, "", SpfResult::none, "", "mx.example.org; spf=none"},
        {"a problem", SpfIdentity::mail_from, "b.c", SpfResult::permerror, "b.c: \"x\"",
         "mx.example.org; spf=permerror reason=\"b.c: \\\"x\\\"\" smtp.mailfrom=b.c"},
        {"what a sender may try (CVE-2020-12272)", SpfIdentity::mail_from, "b; spf=pass smtp.mailfrom=c.d",
         SpfResult::none, "", "mx.example.org; spf=none smtp.mailfrom=\"b; spf=pass smtp.mailfrom=c.d\""},
        {"an atom that is no domain", SpfIdentity::mail_from, "b=c/d", SpfResult::none, "",
         "mx.example.org; spf=none smtp.mailfrom=\"b=c/d\""},
        {"line ends and parentheses", SpfIdentity::mail_from, "b\r\n (c", SpfResult::none, "",
         "mx.example.org; spf=none smtp.mailfrom=\"b?? (c\""},
        {"longer than a domain is", SpfIdentity::mail_from, std::string(300, 'a'), SpfResult::none, "",
         "mx.example.org; spf=none"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        SpfAnswer answer;
        answer.result = c.result;
        answer.problem = c.problem;
        const SpfMail mail{c.identity, *parse_ip_address("192.0.2.1"), c.domain, "a@b", "h", "r"};
        CHECK(write_spf_auth_results("mx.example.org", mail, answer) == "Authentication-Results: " + c.want);
    }
}

TEST_CASE("write_spf_skipped")
{
    const SpfMail mail{SpfIdentity::mail_from, *parse_ip_address("192.0.2.1"), "b.c", "a@b.c", "h(\r\n", "mx.example.org"};
    CHECK(write_spf_skipped("SPF check N/A for local connections", mail)
          == "X-Comment: SPF check N/A for local connections - client-ip=192.0.2.1; envelope-from=\"a@b.c\";"
             " helo=\"h(??\"; receiver=mx.example.org");
}

} // namespace postern
