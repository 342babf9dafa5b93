#include "policyd/spf_check.h"

#include "test/fake/fake_resolver.h"
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
    settings.helo = SpfHeloRejectOn::fail;
    settings.mail_from = SpfRejectOn::fail;
    settings.header = SpfHeader::received_spf;
    settings.authserv_id = "mx.example.org";
    settings.text = "Message {action} due to: SPF {result} - {reason}";
    settings.enhanced_status_codes = true;
    settings.exempt_deadline = 10s;
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
class FakeSpf final : public SpfSource {
public:
    using SpfSource::known;
    using SpfSource::look_ahead;
    SharedSpfAnswer known(const IpAddress& client, std::string_view domain, std::uint64_t hash) override
    {
        CHECK((hash == 0 || hash == look_ahead(client, domain)));
        const auto it = remembered.find(std::string(domain));
        return it == remembered.end() ? nullptr : std::make_shared<const SpfAnswer>(it->second);
    }

    std::uint64_t look_ahead(const IpAddress&, std::string_view domain) override { return std::hash<std::string_view>()(domain); }

    asio::awaitable<SharedSpfAnswer> check_host(SpfQuery query, Deadline deadline) override
    {
        asked.push_back(query);
        deadlines.push_back(deadline);
        co_return std::make_shared<const SpfAnswer>(answers[query.domain]);
    }

    std::vector<std::string> domains_asked() const
    {
        std::vector<std::string> domains;
        for (const auto& query : asked)
            domains.push_back(query.domain);
        return domains;
    }

    std::map<std::string, SpfAnswer> answers, remembered;
    std::vector<SpfQuery> asked;
    std::vector<Deadline> deadlines;
};

using Domains = std::vector<std::string>;

// The check over an SPF that outlives it, and whose clients are all strangers.
SpfCheck check_over(FakeSpf& spf, const SpfSettings& settings)
{
    return SpfCheck({settings, std::shared_ptr<SpfSource>(std::shared_ptr<void>(), &spf),
                     std::make_shared<TrustedClients>()});
}

Verdict ask(FakeSpf& spf, const SpfSettings& settings, const PolicyRequest& request, PolicyMessage& message)
{
    auto check = check_over(spf, settings);
    for (const auto what : Check::all_ahead)
        check.look_ahead(request, what);
    return run(check.check(request, message, std::chrono::steady_clock::now() + 60s));
}

} // namespace

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
    settings.helo = SpfHeloRejectOn::unchecked;

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

TEST_CASE("SpfCheck: which identities are asked for, and whose answer the header says")
{
    using Helo = SpfHeloRejectOn;
    using From = SpfRejectOn;
    struct Case {
        const char* name;
        Helo helo;
        From mail_from;
        std::string sender;
        Domains want;
        const char* want_identity; // in the header; "": no header
    };
    const std::string sender = "a@example.net";
    const Case cases[] = {
        {"both", Helo::fail, From::fail, sender, {"h.example.net", "example.net"}, "mailfrom"},
        {"both, and neither refuses", Helo::never, From::never, sender, {"h.example.net", "example.net"}, "mailfrom"},
        {"HELO unchecked", Helo::unchecked, From::fail, sender, {"example.net"}, "mailfrom"},
        {"HELO for null senders", Helo::null_sender, From::fail, sender, {"example.net"}, "mailfrom"},
        {"MAIL FROM unchecked", Helo::fail, From::unchecked, sender, {"h.example.net"}, "helo"},
        {"neither", Helo::unchecked, From::unchecked, sender, {}, ""},
        {"null sender", Helo::fail, From::fail, "", {"h.example.net"}, "helo"},
        {"null sender, HELO unchecked", Helo::unchecked, From::never, "", {"h.example.net"}, "helo"},
        {"null sender, HELO for them", Helo::null_sender, From::unchecked, "", {"h.example.net"}, "helo"},
        {"null sender, neither", Helo::unchecked, From::unchecked, "", {}, ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        FakeSpf spf;
        PolicyMessage message;
        auto settings = usual_settings();
        settings.helo = c.helo;
        settings.mail_from = c.mail_from;
        const auto got = ask(spf, settings, request(c.sender, "h.example.net"), message);
        CHECK(spf.domains_asked() == c.want);
        CHECK(got.header.empty() == (std::string_view(c.want_identity) == ""));
        CHECK(got.header.find(std::string("identity=") + c.want_identity) != (got.header.empty() ? 0 : std::string::npos));
    }
}

TEST_CASE("SpfCheck: what is remembered is not asked for")
{
    FakeSpf spf;
    spf.remembered["h.example.net"] = answer(SpfResult::pass);
    spf.remembered["example.net"] = answer(SpfResult::softfail);
    PolicyMessage message;
    const auto got = ask(spf, usual_settings(), request("a@example.net", "H.example.net."), message);
    CHECK(got.reason == "softfail");
    CHECK(got.header.starts_with("Received-SPF: softfail"));
    CHECK(spf.asked.empty());
    CHECK(message.spf_helo->result == SpfResult::pass);
    CHECK(message.spf_mail_from->result == SpfResult::softfail);
}

TEST_CASE("SpfCheck: the header that the setting names")
{
    struct Case {
        SpfHeader header;
        bool hide_receiver;
        const char* want;
    };
    const Case cases[] = {
        {SpfHeader::none, false, ""},
        {SpfHeader::received_spf, false,
         "Received-SPF: pass (domain of example.net designates 192.0.2.1 as permitted sender) client-ip=192.0.2.1; "
         "identity=mailfrom; envelope-from=\"a@example.net\"; helo=h.example.net; receiver=mx.example.org"},
        {SpfHeader::received_spf, true,
         "Received-SPF: pass (domain of example.net designates 192.0.2.1 as permitted sender) client-ip=192.0.2.1; "
         "identity=mailfrom; envelope-from=\"a@example.net\"; helo=h.example.net"},
        {SpfHeader::authentication_results, false,
         "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.net"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.want);
        FakeSpf spf;
        spf.answers["example.net"] = answer(SpfResult::pass);
        PolicyMessage message;
        auto settings = usual_settings();
        settings.header = c.header;
        settings.hide_receiver = c.hide_receiver;
        CHECK(ask(spf, settings, request("a@example.net", "h.example.net"), message).header == c.want);
    }
}

TEST_CASE("SpfCheck: domains whose mail comes with a pass or not at all")
{
    struct Case {
        const char* name;
        std::string sender;
        std::string helo;
        SpfResult result; // of every domain
        bool want_refused;
    };
    const Case cases[] = {
        {"softfail", "a@bank.example", "h.example.net", SpfResult::softfail, true},
        {"neutral", "a@bank.example", "h.example.net", SpfResult::neutral, true},
        {"pass", "a@bank.example", "h.example.net", SpfResult::pass, false},
        {"no record", "a@bank.example", "h.example.net", SpfResult::none, false},
        {"a broken record", "a@bank.example", "h.example.net", SpfResult::permerror, false},
        {"another domain", "a@example.net", "h.example.net", SpfResult::softfail, false},
        {"below it, which is not listed", "a@www.bank.example", "h.example.net", SpfResult::softfail, false},
        {"below one listed with a dot", "a@x.pay.example", "h.example.net", SpfResult::softfail, true},
        {"its HELO name is no sender", "a@example.net", "bank.example", SpfResult::softfail, false},
        {"its HELO name is, with a null sender", "", "bank.example", SpfResult::softfail, true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        FakeSpf spf;
        for (const auto* domain : {"bank.example", "www.bank.example", "x.pay.example", "example.net", "h.example.net"})
            spf.answers[domain] = answer(c.result);
        PolicyMessage message;
        auto settings = usual_settings();
        settings.not_pass_domains = {"Bank.example", ".pay.example"};
        CHECK(ask(spf, settings, request(c.sender, c.helo), message).is_refusal() == c.want_refused);
    }
}

TEST_CASE("SpfCheck: a refusal is excused if the client is exempt, and for the time being if nobody knows")
{
    struct Case {
        const char* name;
        SpfResult result;   // of the sender's domain
        SpfResult relay;    // of the forwarder's
        bool skipped_header;
        Action want;
        std::string want_reason;
        const char* want_header;
    };
    const Case cases[] = {
        {"exempt", SpfResult::fail, SpfResult::pass, false, Action::dunno, "fail exempt=spf:relay.example",
         "Received-SPF: fail"},
        {"exempt, with policyd-spf's header", SpfResult::fail, SpfResult::pass, true, Action::dunno,
         "fail exempt=spf:relay.example", "X-Comment: SPF skipped for whitelisted relay domain - client-ip=192.0.2.1;"},
        {"not exempt", SpfResult::fail, SpfResult::fail, false, Action::reject, "fail", "Received-SPF: fail"},
        {"nobody knows", SpfResult::fail, SpfResult::temperror, false, Action::defer_if_permit, "fail exempt=unknown",
         "Received-SPF: fail"},
        {"nothing to excuse", SpfResult::softfail, SpfResult::pass, true, Action::dunno, "softfail",
         "Received-SPF: softfail"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        FakeSpf spf, relays;
        spf.answers["example.net"] = answer(c.result);
        relays.answers["relay.example"] = answer(c.relay);
        auto settings = usual_settings();
        settings.exempt_spf_domains = {"relay.example"};
        settings.skipped_header = c.skipped_header;
        const auto exemptions = SpfExemptions::create(settings, std::make_shared<FakeResolver>(),
                                                      std::shared_ptr<SpfSource>(std::shared_ptr<void>(), &relays));
        REQUIRE(exemptions);
        SpfCheck check({settings, std::shared_ptr<SpfSource>(std::shared_ptr<void>(), &spf),
                        std::make_shared<TrustedClients>(), std::make_shared<SpfExemptions>(*exemptions)});
        PolicyMessage message;
        const auto got =
            run(check.check(request("a@example.net", ""), message, std::chrono::steady_clock::now() + 60s));
        CHECK(got.action == c.want);
        CHECK(got.reason == c.want_reason);
        CHECK(got.header.starts_with(c.want_header));
        CHECK((got.action == Action::dunno) == got.text.empty());
        CHECK(relays.asked.empty() == (c.result == SpfResult::softfail));
    }
}

TEST_CASE("SpfCheck: a HELO name that is excused does not spare the sender the question")
{
    FakeSpf spf, relays;
    spf.answers["h.example.net"] = answer(SpfResult::fail);
    spf.answers["example.net"] = answer(SpfResult::pass);
    relays.answers["relay.example"] = answer(SpfResult::pass);
    auto settings = usual_settings();
    settings.exempt_spf_domains = {"relay.example"};
    const auto exemptions = SpfExemptions::create(settings, std::make_shared<FakeResolver>(),
                                                  std::shared_ptr<SpfSource>(std::shared_ptr<void>(), &relays));
    REQUIRE(exemptions);
    SpfCheck check({settings, std::shared_ptr<SpfSource>(std::shared_ptr<void>(), &spf),
                    std::make_shared<TrustedClients>(), std::make_shared<SpfExemptions>(*exemptions)});
    PolicyMessage message;
    const auto got = run(check.check(request("a@example.net", "h.example.net"), message, Deadline::max()));
    CHECK(got.action == Action::dunno);
    CHECK(got.reason == "pass helo=fail exempt=spf:relay.example");
    CHECK(got.header.starts_with("Received-SPF: pass"));
}

TEST_CASE("SpfCheck: who is not judged")
{
    FakeSpf spf;
    spf.answers["example.net"] = answer(SpfResult::fail);
    auto trusted = TrustedClients::parse({.networks = {"192.0.2.0/24"}, .relays = {"198.51.100.1"}});
    REQUIRE(trusted);
    auto settings = usual_settings();
    SUBCASE("and nothing is said of it") {}
    SUBCASE("and a header says so") { settings.skipped_header = true; }
    SpfCheck check({settings, std::shared_ptr<SpfSource>(std::shared_ptr<void>(), &spf),
                    std::make_shared<TrustedClients>(*trusted)});
    PolicyMessage message;
    auto asked = request("a@example.net", "h.example.net");

    const auto local = run(check.check(asked, message, {}));
    CHECK(local.reason == "network");
    CHECK(local.header
          == (settings.skipped_header ? "X-Comment: SPF check N/A for local connections - client-ip=192.0.2.1;"
                                        " envelope-from=\"a@example.net\"; helo=h.example.net; receiver=mx.example.org"
                                      : ""));
    asked.client = *parse_ip_address("198.51.100.1");
    const auto relay = run(check.check(asked, message, {}));
    CHECK(relay.reason == "relay");
    CHECK(relay.header.starts_with(settings.skipped_header ? "X-Comment: SPF skipped for whitelisted relay - " : ""));
    asked.client = *parse_ip_address("10.0.0.1");
    CHECK(run(check.check(asked, message, {})).reason == "private");
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
    auto check = check_over(spf, usual_settings());
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
