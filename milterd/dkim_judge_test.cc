#include "milterd/dkim_judge.h"

#include "milterd/dkim_base64.h"

#include <doctest/doctest.h>
#include <string>

namespace postern {
namespace {

constexpr std::chrono::seconds drift(300);
const Timestamp now(std::chrono::seconds(1'700'000'000));

DkimSignature signature_with(const std::string& tags)
{
    return parse_dkim_signature("v=1; d=example.org; s=sel; bh=YQ==; b=YQ==; " + tags);
}

std::string text_of(const std::optional<DkimVerdict>& verdict)
{
    if (!verdict)
        return "";
    return std::string(dkim_result_name(verdict->result)) + ": " + verdict->reason;
}

} // namespace

TEST_CASE("dkim_result_name")
{
    CHECK(dkim_result_name(DkimResult::none) == "none");
    CHECK(dkim_result_name(DkimResult::pass) == "pass");
    CHECK(dkim_result_name(DkimResult::fail) == "fail");
    CHECK(dkim_result_name(DkimResult::policy) == "policy");
    CHECK(dkim_result_name(DkimResult::neutral) == "neutral");
    CHECK(dkim_result_name(DkimResult::temperror) == "temperror");
    CHECK(dkim_result_name(DkimResult::permerror) == "permerror");
}

TEST_CASE("judge_signature")
{
    struct Case {
        const char* name;
        const char* tags;
        const char* want_verdict; // "": none
    };
    const Case cases[] = {
        {"nothing against it", "a=rsa-sha256; h=from:to", ""},
        {"Ed25519", "a=ed25519-sha256; h=from", ""},
        {"a fault", "a=rsa-sha256; h=", "neutral: h= is not a list of field names"},
        {"rsa-sha1, RFC 8301: libopendkim lets it pass", "a=rsa-sha1; h=from", "policy: rsa-sha1"},
        {"From is not signed", "a=rsa-sha256; h=to:sender:resent-from", "permerror: From is not signed"},
        {"i= of the domain", "a=rsa-sha256; h=from; i=joe@EXAMPLE.org", ""},
        {"i= of a subdomain", "a=rsa-sha256; h=from; i=@a.b.example.org", ""},
        {"i= of another domain", "a=rsa-sha256; h=from; i=@example.net", "permerror: i= is not within d="},
        {"i= of a domain with that end", "a=rsa-sha256; h=from; i=@badexample.org", "permerror: i= is not within d="},
        {"i= of the domain above", "a=rsa-sha256; h=from; i=@org", "permerror: i= is not within d="},
        {"signed now", "a=rsa-sha256; h=from; t=1700000000", ""},
        {"signed by a clock that is a little ahead", "a=rsa-sha256; h=from; t=1700000300", ""},
        {"signed in the future", "a=rsa-sha256; h=from; t=1700000301", "policy: signed in the future"},
        {"signed in a far future", "a=rsa-sha256; h=from; t=9223372036854775807", "policy: signed in the future"},
        {"not expired", "a=rsa-sha256; h=from; x=1700000001", ""},
        {"expired by a clock that is a little ahead", "a=rsa-sha256; h=from; x=1699999701", ""},
        {"expired", "a=rsa-sha256; h=from; x=1699999700", "policy: signature expired"},
        {"never expires", "a=rsa-sha256; h=from; t=1; x=9223372036854775807", ""},
        {"expired before it was signed", "a=rsa-sha256; h=from; t=1700000000; x=1700000000",
         "permerror: x= is not after t="},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(text_of(judge_signature(signature_with(c.tags), now, drift)) == c.want_verdict);
    }
}

TEST_CASE("judge_key_reply")
{
    const std::string rsa = "p=" + encode_base64("some key");
    const auto found = [](std::vector<std::string> records) {
        return DnsReply{DnsStatus::found, std::move(records), {}};
    };
    struct Case {
        const char* name;
        DnsReply reply;
        const char* tags;
        const char* want_verdict; // "": none
    };
    const Case cases[] = {
        {"a key", found({rsa}), "a=rsa-sha256", ""},
        {"no such name", {DnsStatus::nxdomain, {}, {}}, "a=rsa-sha256", "permerror: no key"},
        {"no TXT record", {DnsStatus::nodata, {}, {}}, "a=rsa-sha256", "permerror: no key"},
        {"ask again later, which is not \"no key\"", {DnsStatus::tempfail, {}, {}}, "a=rsa-sha256",
         "temperror: key cannot be looked up now"},
        {"found, but nothing", found({}), "a=rsa-sha256", "permerror: key record: "},
        {"revoked", found({"v=DKIM1; p="}), "a=rsa-sha256", "permerror: key revoked"},
        {"broken", found({"v=DKIM1; k=rsa"}), "a=rsa-sha256", "permerror: key record: no p="},
        {"another record beside it", found({"v=spf1 -all", rsa}), "a=rsa-sha256", ""},
        {"two keys", found({rsa, rsa + ";"}), "a=rsa-sha256", "permerror: several key records"},
        {"two others", found({"v=spf1 -all", "hello"}), "a=rsa-sha256",
         "permerror: key record: tag hello has no \"=\""},
        {"RSA key, Ed25519 signature: libopendkim does not compare", found({rsa}), "a=ed25519-sha256",
         "permerror: key is of another type than a="},
        {"Ed25519 key, RSA signature", found({"k=ed25519; " + rsa}), "a=rsa-sha256",
         "permerror: key is of another type than a="},
        {"Ed25519", found({"k=ed25519; " + rsa}), "a=ed25519-sha256", ""},
        {"key for sha1", found({"h=sha1; " + rsa}), "a=rsa-sha256", "permerror: key does not permit sha256"},
        {"key for something else", found({"s=tlsrpt; " + rsa}), "a=rsa-sha256", "permerror: key is not for mail"},
        {"exact key, exact i=", found({"t=s; " + rsa}), "a=rsa-sha256; i=joe@example.org", ""},
        {"exact key, no i=", found({"t=s; " + rsa}), "a=rsa-sha256", ""},
        {"exact key, i= of a subdomain", found({"t=s; " + rsa}), "a=rsa-sha256; i=@a.example.org",
         "permerror: key forbids that i= has a subdomain"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = judge_key_reply(c.reply, signature_with(std::string("h=from; ") + c.tags));
        CHECK(text_of(got.verdict) == c.want_verdict);
        if (!got.verdict)
            CHECK(got.record.public_key == "some key");
    }
}

TEST_CASE("judge_key_bits (RFC 8301 3.2)")
{
    struct Case {
        int bits;
        int minimum;
        const char* want_verdict;
    };
    const Case cases[] = {
        {2048, 1024, ""},
        {1024, 1024, ""},
        {1023, 1024, "policy: key of 1023 bits is too short"},
        {512, 1024, "policy: key of 512 bits is too short"},
        {1024, 2048, "policy: key of 1024 bits is too short"},
        {1000, 512, "policy: key of 1000 bits is too short"}, // RFC 8301 leaves the operator no choice
        {8192, 1024, ""},
        {8193, 1024, "policy: key of 8193 bits is too long"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.bits);
        CHECK(text_of(judge_key_bits(c.bits, c.minimum)) == c.want_verdict);
    }
}

TEST_CASE("judge_must_be_signed")
{
    const std::vector<std::string> names = {"received", "from", "subject", "to", "subject"};
    struct Case {
        const char* name;
        std::vector<std::size_t> covered;
        std::vector<std::string> must;
        const char* want_verdict; // "": none
    };
    const Case cases[] = {
        {"nothing must be", {1}, {}, ""},
        {"all are covered", {1, 2, 4}, {"subject", "from"}, ""},
        {"the mail has no such field", {1}, {"reply-to"}, ""},
        {"one is not", {1, 2, 4}, {"subject", "to"}, "policy: to is not signed"},
        {"one of two of a name is not", {1, 4}, {"subject"}, "policy: subject is not signed"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(text_of(judge_must_be_signed(names, c.covered, c.must)) == c.want_verdict);
    }
}

TEST_CASE("apply_dkim_action: each kind of trouble has an action of its own (RFC 7372)")
{
    DkimActions actions;
    actions.bad_signature = FilterAction::reject;
    actions.signature_error = FilterAction::quarantine;
    actions.key_not_found = FilterAction::discard;
    actions.security = FilterAction::reject;
    actions.no_signature = FilterAction::reject;
    actions.dns_error = FilterAction::defer;
    actions.internal_error = FilterAction::defer;
    struct Case {
        DkimVerdict outcome;
        FilterAction want_action;
        const char* want_status;
        const char* want_text;
    };
    const Case cases[] = {
        {{DkimResult::pass, "a.example"}, FilterAction::accept, "", ""},
        {{DkimResult::none}, FilterAction::reject, "7.20", "No passing DKIM signature found"},
        {{DkimResult::fail, "a.example (body)"}, FilterAction::reject, "7.20",
         "No passing DKIM signature found: a.example (body)"},
        {{DkimResult::policy, "rsa-sha1"}, FilterAction::reject, "7.21", "No acceptable DKIM signature found: rsa-sha1"},
        {{DkimResult::neutral, "no d="}, FilterAction::quarantine, "7.20", "No passing DKIM signature found: no d="},
        {{DkimResult::permerror, "x"}, FilterAction::quarantine, "7.20", "No passing DKIM signature found: x"},
        {{DkimResult::permerror, "no key", DkimCause::key}, FilterAction::discard, "7.20",
         "No passing DKIM signature found: no key"},
        {{DkimResult::temperror, "x", DkimCause::key}, FilterAction::defer, "7.5",
         "No passing DKIM signature found: x"},
        {{DkimResult::temperror, "x", DkimCause::inside}, FilterAction::defer, "3.0",
         "No passing DKIM signature found: x"},
    };
    for (const auto& c : cases) {
        CAPTURE(dkim_result_name(c.outcome.result));
        const auto got = apply_dkim_action(c.outcome, actions);
        CHECK(got.action == c.want_action);
        CHECK(got.status == c.want_status);
        CHECK(got.text == c.want_text);
        CHECK(apply_dkim_action(c.outcome, {}).action == FilterAction::accept);
    }
}

TEST_CASE("what is the key's fault")
{
    const auto cause = [](DnsReply reply, const char* tags) {
        return judge_key_reply(reply, signature_with(std::string("a=rsa-sha256; h=from; ") + tags)).verdict.value().cause;
    };
    CHECK(cause({DnsStatus::nxdomain, {}, {}}, "") == DkimCause::key);
    CHECK(cause({DnsStatus::tempfail, {}, {}}, "") == DkimCause::key);
    CHECK(cause({DnsStatus::found, {"p="}, {}}, "") == DkimCause::key);
    CHECK(judge_signature(signature_with("a=rsa-sha256; h=to"), now, drift)->cause == DkimCause::signature);
    CHECK(judge_key_bits(512, 1024)->cause == DkimCause::signature);
}

} // namespace postern
