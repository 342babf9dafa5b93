#include "policyd/spf_check.h"

#include "test/run.h"

#include <doctest/doctest.h>
#include <map>

namespace postern {
namespace {

using namespace std::chrono_literals;

SpfSettings usual_settings()
{
    SpfSettings settings;
    settings.enable = true;
    settings.helo = SpfRejectOn::fail;
    settings.mail_from = SpfRejectOn::fail;
    settings.header = true;
    settings.void_lookups = 2;
    settings.deadline = 20s;
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

PolicyRequest request(std::string sender, std::string helo)
{
    PolicyRequest request;
    request.protocol_state = "RCPT";
    request.client_address = "192.0.2.1";
    request.client = *parse_ip_address("192.0.2.1");
    request.sender = sender;
    request.sender_address = parse_mail_address(sender);
    request.helo_name = std::move(helo);
    request.recipient = "user@example.org";
    return request;
}

// An SPF that a test writes down: results by domain.
struct FakeSpf {
    std::map<std::string, SpfAnswer> answers;
    std::vector<SpfQuery> asked;
    std::vector<Deadline> deadlines;

    CheckHost check_host()
    {
        return [this](SpfQuery query, Deadline deadline) -> asio::awaitable<SharedSpfAnswer> {
            asked.push_back(query);
            deadlines.push_back(deadline);
            co_return std::make_shared<const SpfAnswer>(answers[query.domain]);
        };
    }

    std::vector<std::string> domains_asked() const
    {
        std::vector<std::string> domains;
        for (const auto& query : asked)
            domains.push_back(query.domain);
        return domains;
    }
};

using Domains = std::vector<std::string>;

constexpr SpfResult all_results[] = {SpfResult::none,     SpfResult::neutral,   SpfResult::pass,     SpfResult::fail,
                                     SpfResult::softfail, SpfResult::temperror, SpfResult::permerror};

Verdict ask(FakeSpf& spf, const SpfSettings& settings, const PolicyRequest& request, PolicyMessage& message)
{
    SpfCheck check(spf.check_host(), settings, std::make_shared<TrustedClients>());
    return run(check.check(request, message, std::chrono::steady_clock::now() + 60s));
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
        {SpfRejectOn::never, true, true, {}},
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
                SpfSettings settings;
                (identity == SpfIdentity::helo ? settings.helo : settings.mail_from) = c.reject_on;
                settings.reject_permerror = c.reject_permerror;
                settings.defer_temperror = c.defer_temperror;
                const SpfQuery query{*parse_ip_address("192.0.2.1"), "a", "example.net", "h.example.net", "mx"};
                const auto given = answer(result);

                const auto got = spf_verdict({identity, false, query, given}, settings);

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
    struct Case {
        const char* name;
        SpfRejectOn helo;
        SpfRejectOn mail_from;
        SpfIdentity identity;
        bool is_null_sender;
        bool want_refused; // of a fail
    };
    constexpr auto never = SpfRejectOn::never, fail = SpfRejectOn::fail;
    const Case cases[] = {
        {"helo, its own setting", fail, never, SpfIdentity::helo, false, true},
        {"helo, the other's", never, fail, SpfIdentity::helo, false, false},
        {"mail from, its own", never, fail, SpfIdentity::mail_from, false, true},
        {"mail from, the other's", fail, never, SpfIdentity::mail_from, false, false},
        {"null sender, helo", fail, never, SpfIdentity::helo, true, true},
        {"null sender, mail from (RFC 7208 2.4)", never, fail, SpfIdentity::helo, true, true},
        {"null sender, neither", never, never, SpfIdentity::helo, true, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        SpfSettings settings;
        settings.helo = c.helo;
        settings.mail_from = c.mail_from;
        const SpfQuery query{*parse_ip_address("192.0.2.1"), "a", "example.net", "example.net", "mx"};
        const auto given = answer(SpfResult::fail);
        CHECK(spf_verdict({c.identity, c.is_null_sender, query, given}, settings).is_refusal() == c.want_refused);
    }
}

TEST_CASE("spf_verdict: texts and reasons")
{
    const SpfQuery query{*parse_ip_address("192.0.2.1"), "a", "example.net", "h.example.net", "mx"};
    auto settings = usual_settings();
    settings.reject_permerror = settings.defer_temperror = true;
    auto given = answer(SpfResult::fail);

    SUBCASE("fail without an explanation")
    {
        const auto got = spf_verdict({SpfIdentity::mail_from, false, query, given}, settings);
        CHECK(got.text
              == "Message rejected due to: SPF fail - 192.0.2.1 is not authorized to send mail from example.net");
        CHECK(got.reason == "fail");
    }
    SUBCASE("fail of the HELO name")
    {
        const auto got = spf_verdict({SpfIdentity::helo, false, query, given}, settings);
        CHECK(got.text == "Message rejected due to: SPF fail - 192.0.2.1 is not authorized to call itself example.net");
        CHECK(got.reason == "helo=fail");
    }
    SUBCASE("an explanation is shown as the domain's own words (RFC 7208 6.2)")
    {
        given.explanation = "go away";
        CHECK(spf_verdict({SpfIdentity::mail_from, false, query, given}, settings).text
              == "Message rejected due to: SPF fail - the domain example.net explains: go away");
    }
    SUBCASE("permerror")
    {
        given = answer(SpfResult::permerror);
        const auto got = spf_verdict({SpfIdentity::mail_from, false, query, given}, settings);
        CHECK(got.text == "Message rejected due to: SPF permerror - example.net: why");
        CHECK(got.reason == "permerror (example.net: why)");
    }
    SUBCASE("temperror")
    {
        given = answer(SpfResult::temperror);
        CHECK(spf_verdict({SpfIdentity::mail_from, false, query, given}, settings).text
              == "Message deferred due to: SPF temperror - example.net: why");
    }
}

TEST_CASE("SpfCheck: two identities, each asked for once a message")
{
    FakeSpf spf;
    spf.answers["h.example.net"] = answer(SpfResult::none);
    spf.answers["example.net"] = answer(SpfResult::pass);
    PolicyMessage message;

    const auto first = ask(spf, usual_settings(), request("a@example.net", "H.Example.net"), message);
    CHECK(first.action == Action::dunno);
    CHECK(first.reason == "pass");
    CHECK(first.header.starts_with("Received-SPF: pass"));
    CHECK(first.header.find("identity=mailfrom") != std::string::npos);
    CHECK(spf.domains_asked() == Domains{"h.example.net", "example.net"});
    CHECK(spf.asked[1].local_part == "a");
    CHECK(spf.asked[1].helo == "H.Example.net");
    CHECK(spf.asked[1].receiver == "mx.example.org");
    CHECK(spf.asked[1].ip.text() == "192.0.2.1");

    const auto second = ask(spf, usual_settings(), request("a@example.net", "H.Example.net"), message);
    CHECK(second.reason == first.reason);
    CHECK(second.header == "");
    CHECK(spf.asked.size() == 2);
}

TEST_CASE("SpfCheck: a pass of HELO is no pass of MAIL FROM, and no answer stands for the other")
{
    struct Case {
        const char* name;
        SpfResult helo;
        SpfResult mail_from;
        Action want;
        std::string want_reason;
        const char* want_header; // its start; "": none
    };
    const Case cases[] = {
        {"helo pass, mail from fail", SpfResult::pass, SpfResult::fail, Action::reject, "fail",
         "Received-SPF: fail"},
        {"helo pass, mail from none", SpfResult::pass, SpfResult::none, Action::dunno, "none",
         "Received-SPF: none"},
        {"helo fail ends it", SpfResult::fail, SpfResult::pass, Action::reject, "helo=fail", ""},
        {"helo none does not spoil a pass", SpfResult::none, SpfResult::pass, Action::dunno, "pass",
         "Received-SPF: pass"},
        {"helo temperror, mail from pass", SpfResult::temperror, SpfResult::pass, Action::defer_if_permit,
         "pass helo=temperror (example.net: why)", "Received-SPF: pass"},
        {"helo temperror, mail from fail", SpfResult::temperror, SpfResult::fail, Action::reject,
         "fail helo=temperror (example.net: why)", "Received-SPF: fail"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        FakeSpf spf;
        spf.answers["h.example.net"] = answer(c.helo);
        spf.answers["example.net"] = answer(c.mail_from);
        PolicyMessage message;
        auto settings = usual_settings();
        settings.defer_temperror = true;

        const auto got = ask(spf, settings, request("a@example.net", "h.example.net"), message);

        CHECK(got.action == c.want);
        CHECK(got.reason == c.want_reason);
        CHECK(got.header.starts_with(c.want_header));
        CHECK(got.header.empty() == (std::string_view(c.want_header) == ""));
    }
}

TEST_CASE("SpfCheck: a null sender is judged by the HELO identity")
{
    FakeSpf spf;
    spf.answers["h.example.net"] = answer(SpfResult::fail);
    PolicyMessage message;
    auto settings = usual_settings();
    settings.helo = SpfRejectOn::never;

    const auto got = ask(spf, settings, request("", "h.example.net"), message);
    CHECK(got.action == Action::reject);
    CHECK(got.header.starts_with("Received-SPF: fail"));
    CHECK(got.header.find("identity=helo") != std::string::npos);
    CHECK(spf.domains_asked() == Domains{"h.example.net"});
    CHECK(message.spf_helo);
    CHECK_FALSE(message.spf_mail_from);
}

TEST_CASE("SpfCheck: which domains are asked for")
{
    struct Case {
        const char* name;
        std::string sender;
        std::string helo;
        Domains want;
    };
    const Case cases[] = {
        {"names", "a@example.net", "h.example.net", {"h.example.net", "example.net"}},
        {"A-labels", "a@b\xc3\xbc" "cher.example", "h\xc3\xb6.example", {"xn--h-1ga.example", "xn--bcher-kva.example"}},
        {"an address literal", "a@example.net", "[192.0.2.1]", {"example.net"}},
        {"an IPv6 address literal", "a@example.net", "[IPv6:2001:db8::1]", {"example.net"}},
        {"an address", "a@example.net", "192.0.2.1", {"example.net"}},
        {"an IPv6 address", "a@example.net", "2001:db8::a", {"example.net"}},
        {"no HELO", "a@example.net", "", {"example.net"}},
        {"a sender without a domain", "root", "h.example.net", {"h.example.net"}},
        {"a null sender and no name", "", "[192.0.2.1]", {}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        FakeSpf spf;
        PolicyMessage message;
        const auto got = ask(spf, usual_settings(), request(c.sender, c.helo), message);
        CHECK(spf.domains_asked() == c.want);
        CHECK(got.action == Action::dunno);
        CHECK(got.header.starts_with("Received-SPF: none"));
    }
}

TEST_CASE("SpfCheck: what no setting needs is not asked")
{
    FakeSpf spf;
    PolicyMessage message;
    auto settings = usual_settings();
    settings.helo = SpfRejectOn::never;
    ask(spf, settings, request("a@example.net", "h.example.net"), message);
    CHECK(spf.domains_asked() == Domains{"example.net"});

    spf.asked.clear();
    PolicyMessage another;
    settings.helo = SpfRejectOn::fail;
    settings.mail_from = SpfRejectOn::never;
    settings.header = false;
    CHECK(ask(spf, settings, request("a@example.net", "h.example.net"), another).header == "");
    CHECK(spf.domains_asked() == Domains{"h.example.net"});
}

TEST_CASE("SpfCheck: who is not judged")
{
    FakeSpf spf;
    spf.answers["example.net"] = answer(SpfResult::fail);
    auto trusted = TrustedClients::parse({.networks = {"192.0.2.0/24"}, .relays = {}});
    REQUIRE(trusted);
    SpfCheck check(spf.check_host(), usual_settings(), std::make_shared<TrustedClients>(*trusted));
    PolicyMessage message;
    auto asked = request("a@example.net", "h.example.net");

    CHECK(run(check.check(asked, message, {})).reason == "network");
    asked.client = *parse_ip_address("203.0.113.1");
    asked.sasl_username = "me";
    CHECK(run(check.check(asked, message, {})).reason == "login");
    asked.sasl_username = "";
    asked.client.reset();
    const auto unknown = run(check.check(asked, message, {}));
    CHECK(unknown.action == Action::dunno);
    CHECK(unknown.reason == "no client address");
    CHECK(spf.asked.empty());
}

TEST_CASE("SpfCheck: the deadline is the request's, or the setting's if that is earlier")
{
    FakeSpf spf;
    auto settings = usual_settings();
    SpfCheck check(spf.check_host(), settings, std::make_shared<TrustedClients>());
    const auto asked = request("a@example.net", "");
    const auto now = std::chrono::steady_clock::now();
    PolicyMessage first, second;

    run(check.check(asked, first, now + 1s));
    CHECK(spf.deadlines.back() == now + 1s);
    run(check.check(asked, second, now + 1h));
    CHECK(spf.deadlines.back() < now + 40s);
    CHECK(spf.deadlines.back() >= now + 20s);
}

} // namespace postern
