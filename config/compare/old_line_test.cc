#include "config/compare/old_line.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

const std::string greylisted = "450 4.2.0 <r@x.example>: Recipient address rejected: Greylisted, see "
                               "http://postgrey.schweikert.ch/help/x.example.html";
const std::string envelope = "; from=<s@y.example> to=<r@x.example> proto=ESMTP helo=<mx.y.example>";

} // namespace

TEST_CASE("a refusal of smtpd(8)")
{
    const auto line = parse_old_line("postfix/smtpd", "NOQUEUE: reject: RCPT from mx.y.example[192.0.2.1]: " + greylisted + envelope);
    const auto* const refusal = std::get_if<OldRefusal>(&line);
    REQUIRE(refusal);
    CHECK(refusal->outcome == MailOutcome::deferred);
    CHECK_FALSE(refusal->is_milter);
    CHECK(refusal->queue_id.empty());
    CHECK(refusal->stage == "RCPT");
    CHECK(refusal->client == "192.0.2.1");
    CHECK(refusal->helo == "mx.y.example");
    CHECK(refusal->sender == "s@y.example");
    CHECK(refusal->recipient == "r@x.example");
    CHECK(refusal->text == greylisted);
}

TEST_CASE("other refusals")
{
    struct Case {
        const char* name;
        std::string_view program;
        std::string text;
        MailOutcome want;
        std::string_view want_stage, want_queue_id;
        bool want_milter;
    };
    const Case cases[] = {
        {"a second recipient", "postfix/smtpd", "4XyZ: reject: RCPT from unknown[2001:db8::1]: 554 5.7.1 no" + envelope,
         MailOutcome::rejected, "RCPT", "4XyZ", false},
        {"a milter's", "postfix/cleanup", "4XyZ: milter-reject: END-OF-MESSAGE from a[192.0.2.1]: 5.7.1 virus" + envelope,
         MailOutcome::rejected, "END-OF-MESSAGE", "4XyZ", true},
        {"a milter's, for now", "postfix/cleanup",
         "4XyZ: milter-reject: END-OF-MESSAGE from a[192.0.2.1]: 4.7.1 later" + envelope, MailOutcome::deferred,
         "END-OF-MESSAGE", "4XyZ", true},
        {"a hold", "postfix/cleanup", "4XyZ: milter-hold: END-OF-MESSAGE from a[192.0.2.1]: milter triggers HOLD" + envelope,
         MailOutcome::held, "END-OF-MESSAGE", "4XyZ", true},
        {"another syslog_name", "postfix/submission/smtpd",
         "NOQUEUE: discard: RCPT from a[192.0.2.1]: <r@x>: triggers DISCARD" + envelope, MailOutcome::discarded, "RCPT", "",
         false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto line = parse_old_line(c.program, c.text);
        const auto* const refusal = std::get_if<OldRefusal>(&line);
        REQUIRE(refusal);
        CHECK(refusal->outcome == c.want);
        CHECK(refusal->stage == c.want_stage);
        CHECK(refusal->queue_id == c.want_queue_id);
        CHECK(refusal->is_milter == c.want_milter);
    }
}

TEST_CASE("the old programs' own lines")
{
    const auto added = parse_old_line("opendkim", "4XyZ: DKIM-Signature field added (s=2026, d=example.org)");
    REQUIRE(std::get_if<OldSignature>(&added));
    CHECK(std::get<OldSignature>(added).domain == "example.org");
    CHECK(std::get<OldSignature>(added).queue_id == "4XyZ");

    struct Case {
        std::string_view text, want;
    };
    const Case verifications[] = {{"4XyZ: DKIM verification successful", "pass"},
                                  {"4XyZ: no signature data", "none"},
                                  {"4XyZ: bad signature data", "fail"}};
    for (const auto& c : verifications) {
        const auto line = parse_old_line("opendkim", c.text);
        REQUIRE(std::get_if<OldVerification>(&line));
        CHECK(std::get<OldVerification>(line).result == c.want);
    }

    const auto spf = parse_old_line("policyd-spf",
                                    "prepend Received-SPF: Softfail (mailfrom) identity=mailfrom; client-ip=192.0.2.1; "
                                    "helo=mx; envelope-from=s@y.example; receiver=<UNKNOWN>");
    REQUIRE(std::get_if<OldSpf>(&spf));
    CHECK(std::get<OldSpf>(spf).result == "softfail");
    CHECK(std::get<OldSpf>(spf).client == "192.0.2.1");
    CHECK(std::get<OldSpf>(spf).sender == "s@y.example");
    CHECK_FALSE(std::get<OldSpf>(spf).is_helo);
}

TEST_CASE("postgrey's reason")
{
    const auto line = parse_old_line("postgrey", "4XyZ: action=pass, reason=client whitelist, client_name=mx, "
                                                 "client_address=192.0.2.1, sender=s@y.example, recipient=r@x.example");
    const auto* const greylist = std::get_if<OldGreylist>(&line);
    REQUIRE(greylist);
    CHECK(greylist->reason == "client whitelist");
    CHECK(greylist->client == "192.0.2.1");
    CHECK(greylist->sender == "s@y.example");
    CHECK(greylist->recipient == "r@x.example");
}

TEST_CASE("lines that say nothing of a decision")
{
    const std::pair<std::string_view, std::string> lines[] = {
        {"postfix/smtpd", "connect from unknown[192.0.2.1]"},
        {"postfix/smtpd", "NOQUEUE: reject_warning: RCPT from a[192.0.2.1]: 450 x" + envelope},
        {"postfix/smtpd", "NOQUEUE: reject: RCPT from a[192.0.2.1]: 450 broken off"},
        {"postfix/smtp", "4XyZ: reject: RCPT from a[192.0.2.1]: 450 x" + envelope},
        {"postfix/smtpd", ""},
        {"opendkim", "OpenDKIM Filter v2.11.0 starting"},
        {"postgrey", "Process Backgrounded"},
        {"postgrey", "action=pass, reason=triplet found"},
        {"policyd-spf", "prepend Received-SPF: Pass"},
        {"sshd", "NOQUEUE: reject: RCPT from a[192.0.2.1]: 450 x" + envelope},
    };
    for (const auto& [program, text] : lines)
        CHECK_MESSAGE(std::holds_alternative<std::monostate>(parse_old_line(program, text)), text);
}

TEST_CASE("refusal_reason")
{
    struct Case {
        std::string text, want;
    };
    const Case cases[] = {
        {greylisted, "Greylisted"},
        {"550 5.7.23 <r@x>: Recipient address rejected: Message rejected due to: SPF fail - not authorized. Please see "
         "http://www.openspf.net/Why?s=mfrom;id=a@b;ip=1.2.3.4;r=r@x",
         "SPF fail - not authorized"},
        {"5.7.1 Blocked by ClamAV", "Blocked by ClamAV"},
        {"554 5.7.1 <r@x>: Relay access denied", "Relay access denied"},
        {"", ""},
        {"550 5.7.1", ""},
    };
    for (const auto& c : cases)
        CHECK(refusal_reason(c.text) == c.want);
}

} // namespace postern
