#include "policyd/greylist_rules.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

PolicyRequest request()
{
    PolicyRequest request;
    request.client = *parse_ip_address("192.0.2.1");
    request.client_name = "mail.example.org";
    request.has_sender = true;
    request.sender = "you@example.org";
    request.sender_address = parse_mail_address(request.sender);
    request.recipient = "me@example.net";
    request.recipient_address = parse_mail_address(request.recipient);
    return request;
}

PolicyMessage message(SpfResult spf)
{
    SpfAnswer answer;
    answer.result = spf;
    PolicyMessage message;
    message.spf_mail_from = std::make_shared<SpfAnswer>(answer);
    return message;
}

GreylistRules rules(const GreylistSettings& settings)
{
    auto current = std::make_shared<CurrentGreylistLists>();
    current->lists = *GreylistLists::load(settings);
    return {settings, std::make_shared<TrustedClients>(), current};
}

} // namespace

TEST_CASE("looks_dynamic")
{
    struct Case {
        const char* name;
        const char* address;
        bool want;
    };
    const Case cases[] = {
        {"mail.example.org", "192.0.2.1", false},
        {"mx2.example.org", "192.0.2.1", false}, // one number is not enough
        {"host-192-0-2-1.example.org", "192.0.2.1", true},
        {"1-2-0-192.example.org", "192.0.2.1", true},
        {"c002-001.example.org", "192.0.2.1", true},
        {"host-2-2.example.org", "192.0.2.2", true},
        {"host-2.example.org", "192.0.2.2", false},
        {"p5B0.dip0.t-ipconnect.example", "192.0.2.1", true},
        {"a.Dynamic.example.org", "192.0.2.1", true},
        {"adsl7.example.org", "192.0.2.1", true},
        {"pooled.example.org", "192.0.2.1", false}, // whole words only
        {"dsl.example.org", "2001:db8::1", true},
        {"0-0.example.org", "2001:db8::1", false},
        {"99999999999999999999.example.org", "192.0.2.1", false},
        {"unknown", "192.0.2.1", false},
        {"", "192.0.2.1", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(looks_dynamic(c.name, *parse_ip_address(c.address)) == c.want);
    }
}

TEST_CASE("GreylistRules: only what is suspicious")
{
    struct Case {
        const char* name;
        const char* sign; // wanted; nullptr: all of them
        const char* client_name;
        PolicyMessage message;
        bool want_suspicious;
    };
    auto score_one = message(SpfResult::pass), score_two = score_one, allowed = message(SpfResult::fail);
    score_one.dnsbl_score = 1;
    score_two.dnsbl_score = 2;
    allowed.is_dnsbl_allowed = true;
    const Case cases[] = {
        {"nothing", nullptr, "mail.example.org", message(SpfResult::pass), false},
        {"SPF was not asked", nullptr, "mail.example.org", {}, false},
        {"no name", nullptr, "unknown", message(SpfResult::pass), true},
        {"no name, which is no sign here", "spf_not_pass", "unknown", message(SpfResult::pass), false},
        {"dynamic name", nullptr, "dsl.example.org", message(SpfResult::pass), true},
        {"dynamic name, which is no sign here", "no_reverse_name", "dsl.example.org", {}, false},
        {"SPF none", nullptr, "mail.example.org", message(SpfResult::none), true},
        {"SPF softfail, which is no sign here", "dynamic_name", "mail.example.org", message(SpfResult::softfail), false},
        {"score below the mark", nullptr, "mail.example.org", score_one, false},
        {"score at the mark", nullptr, "mail.example.org", score_two, true},
        {"score, which is no sign here", "spf_not_pass", "mail.example.org", score_two, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        GreylistSettings settings;
        settings.when = "suspicious";
        settings.suspicious = {"no_reverse_name", "dynamic_name", "dnsbl_score", "spf_not_pass"};
        if (c.sign)
            settings.suspicious = {c.sign};
        settings.suspicious_score = 2;
        auto question = request();
        question.client_name = c.client_name;
        CHECK(rules(settings).exemption(question, c.message) == (c.want_suspicious ? "" : "not suspicious"));
        settings.when = "always";
        CHECK(rules(settings).exemption(question, c.message) == "");
        CHECK(rules(settings).exemption(question, allowed) == "DNS allow list");
    }
}

TEST_CASE("GreylistRules: of a null sender the HELO name's SPF counts")
{
    GreylistSettings settings;
    settings.when = "suspicious";
    settings.suspicious = {"spf_not_pass"};
    auto bounce = request();
    bounce.sender.clear();
    bounce.sender_address = {};
    auto answers = message(SpfResult::pass);
    CHECK(rules(settings).exemption(bounce, answers) == "not suspicious"); // HELO was not asked
    answers.spf_helo = message(SpfResult::fail).spf_mail_from;
    CHECK(rules(settings).exemption(bounce, answers) == "");
}

TEST_CASE("GreylistRules: a listed sender is one only where SPF passes")
{
    GreylistSettings settings;
    settings.senders = {"example.org"};
    CHECK(rules(settings).exemption(request(), message(SpfResult::pass)) == "sender whitelist");
    for (const auto spf : {SpfResult::none, SpfResult::neutral, SpfResult::fail, SpfResult::temperror})
        CHECK(rules(settings).exemption(request(), message(spf)) == "");
    CHECK(rules(settings).exemption(request(), {}) == "");
}

TEST_CASE("GreylistRules: recipients' domains")
{
    GreylistSettings settings;
    settings.delay = 5min;
    settings.domains = {{"fast.example", true, 10s}, {"none.example", false, 0s}, {"same.example", true, 0s}};
    struct Case {
        const char* recipient;
        bool listed_only;
        bool want;
        std::chrono::seconds want_delay;
    };
    const Case cases[] = {
        {"a@example.net", false, true, 5min},       {"a@example.net", true, false, 5min},
        {"a@fast.example", true, true, 10s},        {"a@sub.FAST.example", true, true, 10s},
        {"a@notfast.example", true, false, 5min},   {"a@none.example", false, false, 5min},
        {"a@same.example", true, true, 5min},       {"a", false, true, 5min},
    };
    for (const auto& c : cases) {
        CAPTURE(c.recipient);
        settings.listed_domains_only = c.listed_only;
        auto question = request();
        question.recipient = c.recipient;
        question.recipient_address = parse_mail_address(c.recipient);
        CHECK(rules(settings).exemption(question, {}) == (c.want ? "" : "not wanted"));
        if (c.want)
            CHECK(rules(settings).delay(question.recipient_address) == c.want_delay);
    }
}

} // namespace postern
