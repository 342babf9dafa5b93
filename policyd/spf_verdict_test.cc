#include "policyd/spf_verdict.h"

#include <doctest/doctest.h>
#include <map>

namespace postern {
namespace {

constexpr SpfResult all_results[] = {SpfResult::none,     SpfResult::neutral,   SpfResult::pass,     SpfResult::fail,
                                     SpfResult::softfail, SpfResult::temperror, SpfResult::permerror};

SpfSettings usual_settings()
{
    SpfSettings settings;
    settings.text = "Message {action} due to: SPF {result} - {reason}";
    settings.enhanced_status_codes = true;
    settings.receiver = "mx.example.org";
    return settings;
}

SpfAnswer answer(SpfResult result)
{
    SpfAnswer answer;
    answer.result = result;
    if (result == SpfResult::permerror || result == SpfResult::temperror)
        answer.problem = "example.net: why";
    return answer;
}

SpfFinding finding(SpfIdentity identity, bool is_null_sender, const SpfAnswer& answer)
{
    return {identity, is_null_sender, false, *parse_ip_address("192.0.2.1"), "example.net", answer};
}

// The HELO rule of the same strictness.
SpfHeloRejectOn helo_of(SpfRejectOn rule)
{
    switch (rule) {
    case SpfRejectOn::unchecked:
        return SpfHeloRejectOn::unchecked;
    case SpfRejectOn::never:
        return SpfHeloRejectOn::never;
    case SpfRejectOn::no_mail:
        return SpfHeloRejectOn::no_mail;
    case SpfRejectOn::fail:
        return SpfHeloRejectOn::fail;
    case SpfRejectOn::softfail:
        return SpfHeloRejectOn::softfail;
    case SpfRejectOn::not_pass:
        return SpfHeloRejectOn::not_pass;
    }
    return {};
}

} // namespace

TEST_CASE("spf_verdict: what each result is worth by each setting")
{
    struct Case {
        SpfRejectOn reject_on;
        bool reject_permerror;
        bool defer_temperror;
        std::map<SpfResult, std::string> want; // code or action, and status, of those that are not dunno
    };
    const std::string no = "550 7.23";
    const Case cases[] = {
        {SpfRejectOn::unchecked, true, true, {}},
        {SpfRejectOn::never, true, true, {}},
        {SpfRejectOn::no_mail, false, false, {}},
        {SpfRejectOn::no_mail,
         true,
         true,
         {{SpfResult::permerror, "550 7.24"}, {SpfResult::temperror, "defer_if_permit 7.24"}}},
        {SpfRejectOn::fail, false, false, {{SpfResult::fail, no}}},
        {SpfRejectOn::softfail, false, false, {{SpfResult::fail, no}, {SpfResult::softfail, no}}},
        {SpfRejectOn::not_pass,
         false,
         false,
         {{SpfResult::fail, no}, {SpfResult::softfail, no}, {SpfResult::neutral, no}}},
        {SpfRejectOn::fail,
         true,
         true,
         {{SpfResult::fail, no}, {SpfResult::permerror, "550 7.24"}, {SpfResult::temperror, "defer_if_permit 7.24"}}},
    };
    for (const auto& c : cases) {
        for (const auto identity : {SpfIdentity::helo, SpfIdentity::mail_from}) {
            for (const auto result : all_results) {
                CAPTURE(static_cast<int>(c.reject_on));
                CAPTURE(spf_result_name(result));
                auto settings = usual_settings();
                if (identity == SpfIdentity::helo)
                    settings.helo = helo_of(c.reject_on);
                else
                    settings.mail_from = c.reject_on;
                settings.reject_permerror = c.reject_permerror;
                settings.defer_temperror = c.defer_temperror;
                const auto given = answer(result);

                const auto got = spf_verdict(finding(identity, false, given), settings);

                const auto want = c.want.find(result);
                CHECK((got.action == Action::dunno) == (want == c.want.end()));
                if (want != c.want.end()) {
                    const auto word = got.code ? std::to_string(got.code) : std::string(action_name(got.action));
                    CHECK(word + " " + got.status == want->second);
                    CHECK(got.text != "");
                }
            }
        }
    }
}

TEST_CASE("spf_verdict: a setting is of its own identity; a null sender is both")
{
    using Helo = SpfHeloRejectOn;
    using From = SpfRejectOn;
    struct Case {
        const char* name;
        Helo helo;
        From mail_from;
        SpfIdentity identity;
        bool is_null_sender;
        bool want_refused; // of a fail
    };
    const Case cases[] = {
        {"helo, its own setting", Helo::fail, From::never, SpfIdentity::helo, false, true},
        {"helo, the other's", Helo::never, From::fail, SpfIdentity::helo, false, false},
        {"helo, for null senders only", Helo::null_sender, From::fail, SpfIdentity::helo, false, false},
        {"mail from, its own", Helo::never, From::fail, SpfIdentity::mail_from, false, true},
        {"mail from, the other's", Helo::fail, From::never, SpfIdentity::mail_from, false, false},
        {"null sender, helo", Helo::fail, From::never, SpfIdentity::helo, true, true},
        {"null sender, helo for these only", Helo::null_sender, From::never, SpfIdentity::helo, true, true},
        {"null sender, mail from (RFC 7208 2.4)", Helo::never, From::fail, SpfIdentity::helo, true, true},
        {"null sender, helo unchecked", Helo::unchecked, From::fail, SpfIdentity::helo, true, true},
        {"null sender, neither", Helo::never, From::never, SpfIdentity::helo, true, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto settings = usual_settings();
        settings.helo = c.helo;
        settings.mail_from = c.mail_from;
        const auto given = answer(SpfResult::fail);
        CHECK(spf_verdict(finding(c.identity, c.is_null_sender, given), settings).is_refusal() == c.want_refused);
    }
}

TEST_CASE("spf_verdict: no_mail refuses domains that send none, and nobody else")
{
    auto settings = usual_settings();
    settings.mail_from = SpfRejectOn::no_mail;
    auto given = answer(SpfResult::fail);
    CHECK_FALSE(spf_verdict(finding(SpfIdentity::mail_from, false, given), settings).is_refusal());
    given.sends_no_mail = true;
    CHECK(spf_verdict(finding(SpfIdentity::mail_from, false, given), settings).is_refusal());
}

TEST_CASE("spf_verdict: texts, codes and reasons")
{
    auto settings = usual_settings();
    settings.helo = SpfHeloRejectOn::fail;
    settings.mail_from = SpfRejectOn::fail;
    settings.reject_permerror = settings.defer_temperror = true;
    auto given = answer(SpfResult::fail);

    SUBCASE("fail without an explanation")
    {
        const auto got = spf_verdict(finding(SpfIdentity::mail_from, false, given), settings);
        CHECK(got.text
              == "Message rejected due to: SPF fail - 192.0.2.1 is not authorized to send mail from example.net");
        CHECK(got.reason == "fail");
    }
    SUBCASE("fail of the HELO name")
    {
        const auto got = spf_verdict(finding(SpfIdentity::helo, false, given), settings);
        CHECK(got.text == "Message rejected due to: SPF fail - 192.0.2.1 is not authorized to call itself example.net");
        CHECK(got.reason == "helo=fail");
    }
    SUBCASE("an explanation is shown as the domain's own words (RFC 7208 6.2)")
    {
        given.explanation = "go away";
        CHECK(spf_verdict(finding(SpfIdentity::mail_from, false, given), settings).text
              == "Message rejected due to: SPF fail - the domain example.net explains: go away");
    }
    SUBCASE("permerror")
    {
        given = answer(SpfResult::permerror);
        const auto got = spf_verdict(finding(SpfIdentity::mail_from, false, given), settings);
        CHECK(got.text == "Message rejected due to: SPF permerror - example.net: why");
        CHECK(got.reason == "permerror (example.net: why)");
    }
    SUBCASE("temperror")
    {
        given = answer(SpfResult::temperror);
        CHECK(spf_verdict(finding(SpfIdentity::mail_from, false, given), settings).text
              == "Message deferred due to: SPF temperror - example.net: why");
    }
    SUBCASE("the operator's own words")
    {
        settings.text = "{identity} {domain} {client}: see https://{receiver}/spf?r={result}";
        CHECK(spf_verdict(finding(SpfIdentity::mail_from, false, given), settings).text
              == "MAIL FROM example.net 192.0.2.1: see https://mx.example.org/spf?r=fail");
    }
    SUBCASE("without the codes of RFC 7372")
    {
        settings.enhanced_status_codes = false;
        CHECK(spf_verdict(finding(SpfIdentity::mail_from, false, given), settings).status == "7.1");
        given = answer(SpfResult::temperror);
        CHECK(spf_verdict(finding(SpfIdentity::mail_from, false, given), settings).status == "7.1");
    }
}

} // namespace postern
