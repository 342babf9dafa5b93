#include "config/compare/comparison.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr LogTime start = std::chrono::sys_days{std::chrono::year{2026} / 11 / 28};

LogFieldsRead decision(const std::string& sender, const std::string& would, const std::string& more = "")
{
    const auto read = read_log_fields("event=decision action=dunno would=" + would
                                      + " client=192.0.2.1 helo=mx sender=" + sender + " recipient=r@x" + more);
    REQUIRE(read);
    return *read;
}

LogFieldsRead message(const std::string& queue_id, const std::string& would, const std::string& more = "")
{
    const auto read = read_log_fields("event=message queue_id=" + queue_id + " action=accept would=" + would
                                      + " client=192.0.2.1 helo=mx sender=s@y to=r@x,q@x" + more);
    REQUIRE(read);
    return *read;
}

OldRefusal refusal(const std::string& sender, MailOutcome outcome, const std::string& text = "450 4.2.0 <r@x>: Greylisted")
{
    OldRefusal refused;
    refused.outcome = outcome;
    refused.stage = "RCPT";
    refused.client = "192.0.2.1";
    refused.sender = sender;
    refused.recipient = "r@x";
    refused.text = text;
    return refused;
}

OldRefusal milter_refusal(const std::string& queue_id, MailOutcome outcome)
{
    auto refused = refusal("s@y", outcome, "5.7.1 virus found");
    refused.is_milter = true;
    refused.queue_id = queue_id;
    refused.stage = "END-OF-MESSAGE";
    return refused;
}

// The kinds, each with its count.
std::string found(Comparison& comparison)
{
    comparison.finish();
    std::string text;
    for (const auto& [kind, difference] : comparison.differences())
        text += std::to_string(difference.count) + " " + kind + "\n";
    return text;
}

} // namespace

TEST_CASE("recipients: both do the same")
{
    Comparison comparison;
    comparison.take_record(start, decision("a@y", "dunno"));
    comparison.take_record(start + 1s, decision("b@y", "defer_if_permit"));
    comparison.take_old(start + 1s, refusal("b@y", MailOutcome::deferred));
    comparison.take_old(start + 2s, refusal("C@y", MailOutcome::rejected)); // its line comes before our record
    comparison.take_record(start + 2s, decision("c@Y", "reject"));
    CHECK(found(comparison) == "");
    CHECK(comparison.counts().recipients == 3);
    CHECK(comparison.counts().recipients_alike == 3);
}

TEST_CASE("recipients: they differ, and how")
{
    Comparison comparison;
    comparison.take_record(start, decision("a@y", "defer_if_permit", " check=greylist reason=new text=Greylisted"));
    comparison.take_record(start, decision("a2@y", "defer_if_permit", " check=greylist reason=\"early-retry (12s missing)\""));
    comparison.take_record(start, decision("a3@y", "defer_if_permit", " check=greylist reason=\"early-retry (7s missing)\""));
    comparison.take_record(start, decision("b@y", "dunno"));
    comparison.take_old(start, refusal("b@y", MailOutcome::deferred));
    comparison.take_record(start, decision("c@y", "reject", " check=spf reason=fail"));
    comparison.take_old(start, refusal("c@y", MailOutcome::deferred));
    CHECK(found(comparison)
          == "2 recipient: the old setup lets it in, Postern would defer it (greylist: early-retry)\n"
             "1 recipient: the old setup lets it in, Postern would defer it (greylist: new)\n"
             "1 recipient: the old setup would defer it (Greylisted), Postern would let it in\n"
             "1 recipient: the old setup would defer it (Greylisted), Postern would reject it (spf: fail)\n");
    const auto& first
        = comparison.differences().at("recipient: the old setup lets it in, Postern would defer it (greylist: new)");
    CHECK(first.explain == "postern explain --client 192.0.2.1 --helo mx --sender a@y --recipient r@x");
    CHECK(first.example
          == "2026-11-28T00:00:00Z client=192.0.2.1 helo=mx sender=<a@y> recipient=<r@x> old: let in; Postern: Greylisted");
    CHECK(comparison.counts().recipients_alike == 0);
}

TEST_CASE("why postgrey let it in is told")
{
    Comparison comparison;
    comparison.take_record(start, decision("a@y", "defer_if_permit", " check=greylist reason=new"));
    comparison.take_old(start, OldGreylist{"192.0.2.1", "a@y", "r@x", "client whitelist"});
    comparison.take_old(start, OldGreylist{"192.0.2.1", "nobody@y", "r@x", "new"});
    CHECK(found(comparison)
          == "1 recipient: the old setup lets it in (postgrey: client whitelist), Postern would defer it (greylist: new)\n");
}

TEST_CASE("a refusal belongs to the last answer before it")
{
    Comparison comparison;
    comparison.take_record(start, decision("a@y", "dunno")); // both let it in
    comparison.take_record(start + 10s, decision("a@y", "reject"));
    comparison.take_old(start + 10s, refusal("a@y", MailOutcome::rejected));
    CHECK(found(comparison) == "");
    CHECK(comparison.counts().recipients == 2);
}

TEST_CASE("what was refused before anybody was asked is no difference")
{
    Comparison comparison;
    comparison.take_old(start, refusal("a@y", MailOutcome::rejected));
    comparison.take_record(start + 1h, decision("a@y", "dunno"));
    auto other_stage = refusal("b@y", MailOutcome::rejected);
    other_stage.stage = "MAIL";
    comparison.take_old(start + 1h, other_stage);
    CHECK(found(comparison) == "");
    CHECK(comparison.counts().earlier_refusals == 1);
}

TEST_CASE("messages, by their queue ids")
{
    Comparison comparison;
    comparison.take_record(start, message("1", "accept"));
    comparison.take_record(start, message("2", "reject", " filter=clamav reason=\"infected Eicar\""));
    comparison.take_old(start + 1s, milter_refusal("2", MailOutcome::rejected));
    comparison.take_record(start, message("3", "reject", " filter=clamav reason=\"infected Eicar\""));
    comparison.take_old(start, milter_refusal("4", MailOutcome::rejected)); // its record comes later
    comparison.take_record(start, message("4", "accept"));
    comparison.take_old(start, milter_refusal("5", MailOutcome::rejected)); // and here never
    CHECK(found(comparison)
          == "1 message: the old setup lets it in, Postern would reject it (clamav: infected)\n"
             "1 message: the old setup would reject it (virus found), Postern would let it in\n");
    CHECK(comparison.counts().messages == 4);
    CHECK(comparison.counts().messages_alike == 2);
    CHECK(comparison.counts().unseen_refusals == 1);
    CHECK(comparison.differences()
              .at("message: the old setup lets it in, Postern would reject it (clamav: infected)")
              .explain
          == "postern explain --client 192.0.2.1 --helo mx --sender s@y --recipient r@x --message FILE");
}

TEST_CASE("DKIM: signed and verified")
{
    struct Case {
        const char* name;
        OldLogLine old;
        std::string ours; // further fields of our record
        std::string want;
    };
    const Case cases[] = {
        {"both sign", OldSignature{"1", "y"}, " dkim_sign=\"accept signed y 9us\"", ""},
        {"the old one alone", OldSignature{"1", "y"}, " dkim_sign=\"accept no key for y 9us\"",
         "1 DKIM: signed in the old setup, not in Postern (no key for y)\n"},
        {"not even looked at", OldSignature{"1", "y"}, "", "1 DKIM: signed in the old setup, not in Postern (not mail of ours)\n"},
        {"another domain", OldSignature{"1", "z"}, " dkim_sign=\"accept signed y 9us\"", "1 DKIM: signed for another domain\n"},
        {"no old signer anywhere", OldVerification{"1", "none"}, " dkim_sign=\"accept signed y 9us\"", ""},
        {"both verify", OldVerification{"1", "pass"}, " dkim_verify=\"accept pass y 9us\"", ""},
        {"neither is good", OldVerification{"1", "fail"}, " dkim_verify=\"accept policy y 9us\"", ""},
        {"they see it differently", OldVerification{"1", "pass"}, " dkim_verify=\"accept fail y 9us\"",
         "1 DKIM: pass in the old setup, fail in Postern\n"},
        {"not verified here", OldVerification{"1", "pass"}, "", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Comparison comparison;
        comparison.take_old(start, c.old);
        comparison.take_record(start, message("1", "accept", c.ours));
        CHECK(found(comparison) == c.want);
    }
}

TEST_CASE("SPF results, of the same identity")
{
    struct Case {
        const char* name;
        OldSpf old;
        std::string ours;
        std::string want;
    };
    const Case cases[] = {
        {"alike", {"192.0.2.1", "s@y", "pass"}, "dunno pass 9us", ""},
        {"of HELO", {"192.0.2.1", "s@y", "pass", true}, "dunno pass 9us", ""},
        {"different", {"192.0.2.1", "s@y", "fail"}, "would-reject softfail (x) 9us", "1 SPF: fail in the old setup, softfail in Postern\n"},
        {"exempt here", {"192.0.2.1", "s@y", "fail"}, "dunno trusted 9us", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Comparison comparison;
        comparison.take_record(start, decision("s@y", "dunno", " spf=\"" + c.ours + "\""));
        comparison.take_old(start, c.old);
        CHECK(found(comparison) == c.want);
    }
}

TEST_CASE("only what an observing Postern has written counts, and what is quoted stays one word")
{
    Comparison comparison;
    comparison.take_record(start, *read_log_fields("event=decision action=reject client=192.0.2.1 sender=s@y recipient=r@x"));
    comparison.take_record(start, *read_log_fields("event=reload would=x"));
    comparison.take_record(start, decision("\"a b'c@y\"", "reject"));
    comparison.finish();
    CHECK(comparison.counts().recipients == 1);
    CHECK(comparison.differences().begin()->second.explain.find("--sender 'a b'\\''c@y'") != std::string::npos);
}

TEST_CASE("a flood is concluded before it fills the memory")
{
    Comparison comparison;
    for (int i = 0; i < 60'000; ++i)
        comparison.take_record(start, decision(std::to_string(i) + "@y", "dunno"));
    CHECK(comparison.counts().recipients >= 9'000);
    comparison.finish();
    CHECK(comparison.counts().recipients_alike == 60'000);
}

} // namespace postern
