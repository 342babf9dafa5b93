#include "policyd/dnsbl_check.h"

#include "common/metrics.h"
#include "test/fake/fake_log.h"
#include "test/fake/held_resolver.h"
#include "test/status_of.h"

#include <asio/co_spawn.hpp>
#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr auto key = "aip7yig6sahg6ehsohn5shco3z";

DnsblSettings usual_settings(const Texts& sites)
{
    DnsblSettings settings;
    settings.enable = true;
    settings.sites = sites;
    settings.threshold = 3;
    settings.action = DnsblAction::reject;
    settings.reject_code = 550;
    settings.reply = "$rbl_code 5.7.1 $rbl_class [$rbl_what] is in $rbl_domain${rbl_reason?: $rbl_reason}";
    settings.reasons = true;
    settings.timeout = 10s;
    settings.min_ttl = 60s;
    settings.max_ttl = 1h;
    settings.self_test_interval = 1h;
    settings.cache_size = 1000;
    return settings;
}

PolicyRequest request_of(const std::string& address)
{
    PolicyRequest request;
    request.protocol_state = "RCPT";
    request.client_address = address;
    if (const auto client = parse_ip_address(address))
        request.client = *client;
    request.client_name = "unknown";
    request.helo_name = "helo.example.net";
    request.sender = "a@example.com";
    request.sender_address = parse_mail_address(request.sender);
    request.recipient = "u@example.org";
    return request;
}

class Fixture {
public:
    explicit Fixture(const DnsblSettings& settings, std::vector<int> other_marks = {})
        : resolver(std::make_shared<HeldResolver>())
        , dnsbl(std::make_shared<Dnsbl>(io_, Dnsbl::Source{settings, {}, resolver}, log, nullptr))
        , check_(dnsbl, DnsblMarks(settings, std::move(other_marks)), std::make_shared<TrustedClients>())
    {
        for (const auto& list : dnsbl->lists())
            for (const auto& name : {"2.0.0.127." + list.zone, "test." + list.zone})
                resolver->set(name, RrType::a, found({"127.0.0.2"}));
        dnsbl->start();
        poll(); // the self-tests
    }

    void list(const std::string& name, const char* code = "127.0.0.2")
    {
        resolver->set(name, RrType::a, found({code}));
    }

    // Begins to ask; what it returns is empty until there is an answer.
    using Answer = std::shared_ptr<std::optional<Verdict>>;
    Answer begin(const PolicyRequest& request, Deadline deadline = std::chrono::steady_clock::now() + 60s)
    {
        request_ = request;
        auto answer = std::make_shared<std::optional<Verdict>>();
        asio::co_spawn(io_, check_.check(request_, message, deadline),
                       [answer](std::exception_ptr, Verdict verdict) { *answer = std::move(verdict); });
        poll();
        return answer;
    }

    Verdict ask(const PolicyRequest& request)
    {
        message = {};
        const auto answer = begin(request);
        REQUIRE(answer->has_value());
        return **answer;
    }

    void poll()
    {
        io_.restart();
        io_.poll();
    }
    void run_for(std::chrono::milliseconds time)
    {
        io_.restart();
        io_.run_for(time);
    }

    PolicyMessage message;
    FakeLog log;
    std::shared_ptr<HeldResolver> resolver;

private:
    asio::io_context io_;

public:
    std::shared_ptr<Dnsbl> dnsbl;

private:
    DnsblCheck check_;
    PolicyRequest request_;
};

} // namespace

TEST_CASE("DnsblCheck: notes say how often the DNS was asked, and which lists it was not")
{
    auto settings = usual_settings({"a.example*1", "b.example*1", "silent.example*1"});
    DnsblZone names;
    names.site = "names.example*1";
    names.type = DnsblZoneType::helo;
    names.self_test = true;
    settings.zones = {names};
    Fixture fixture(settings);
    fixture.list("1.2.0.192.a.example");
    fixture.resolver->set("1.2.0.192.silent.example", RrType::a, {DnsStatus::tempfail, {}, {}});
    std::vector<std::string> notes;
    auto request = request_of("192.0.2.1");
    request.notes = &notes;
    fixture.ask(request);
    CHECK(notes == std::vector<std::string>{"address 192.0.2.1: 3 lookups, 2 answered, listed by 1",
                                            "helo helo.example.net: 1 lookups, 1 answered, listed by 0",
                                            "4 of 4 lists can be asked"});
}

TEST_CASE("DnsblCheck: the score decides, and later checks may see it")
{
    auto settings = usual_settings({"a.example*3", "b.example*2", "w.example*-4"});
    settings.defer_threshold = 2;
    settings.allow_threshold = -2;
    struct Case {
        const char* name;
        std::vector<std::string> listed_in;
        Action want;
        std::string want_reason;
        int want_score;
        bool want_allowed;
    };
    const Case cases[] = {
        {"nowhere", {}, Action::dunno, "score=0", 0, false},
        {"refused", {"a.example"}, Action::reject, "score=3 a.example=127.0.0.2", 3, false},
        {"deferred", {"b.example"}, Action::defer_if_permit, "score=2 b.example=127.0.0.2", 2, false},
        {"saved", {"a.example", "w.example"}, Action::dunno, "score=-1 a.example=127.0.0.2 w.example=127.0.0.2", -1,
         false},
        {"allowed", {"w.example"}, Action::dunno, "score=-4 w.example=127.0.0.2", -4, true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Fixture fixture(settings);
        for (const auto& zone : c.listed_in)
            fixture.list("1.2.0.192." + zone);
        for (int i = 0; i < 2; ++i) { // the second is from memory
            const auto verdict = fixture.ask(request_of("192.0.2.1"));
            CHECK(verdict.action == c.want);
            CHECK(verdict.reason == c.want_reason);
            CHECK(fixture.message.dnsbl_score == c.want_score);
            CHECK(fixture.message.is_dnsbl_allowed == c.want_allowed);
        }
        CHECK(fixture.dnsbl->scores().stats().misses == 1);
    }
}

TEST_CASE("DnsblCheck: lists that are observed tell later checks nothing")
{
    auto settings = usual_settings({"w.example*-4"});
    settings.allow_threshold = -2;
    settings.observe = true;
    Fixture fixture(settings);
    fixture.list("1.2.0.192.w.example");
    CHECK(fixture.ask(request_of("192.0.2.1")).reason == "score=-4 w.example=127.0.0.2");
    CHECK(fixture.message.dnsbl_score == std::nullopt);
    CHECK_FALSE(fixture.message.is_dnsbl_allowed);
}

TEST_CASE("DnsblCheck: what a client is told")
{
    Fixture fixture(usual_settings({"a.example", "b.example*2"}));
    fixture.list("1.2.0.192.a.example");
    fixture.list("1.2.0.192.b.example");
    fixture.resolver->set("1.2.0.192.b.example", RrType::txt, found({"https://b.example/why"}));
    const auto verdict = fixture.ask(request_of("192.0.2.1"));
    CHECK(verdict.code == 550);
    CHECK(verdict.status == "7.1");
    CHECK(verdict.text == "Client host [192.0.2.1] is in b.example: https://b.example/why");
    const auto lookups = fixture.resolver->lookups;
    CHECK(fixture.ask(request_of("192.0.2.1")).text == verdict.text);
    CHECK(fixture.resolver->lookups == lookups);
}

TEST_CASE("DnsblCheck: no reason is asked for where nobody wants it")
{
    auto settings = usual_settings({"a.example*3"});
    settings.reasons = false;
    Fixture fixture(settings);
    fixture.list("1.2.0.192.a.example");
    fixture.resolver->set("1.2.0.192.a.example", RrType::txt, found({"why"}));
    CHECK(fixture.ask(request_of("192.0.2.1")).text == "Client host [192.0.2.1] is in a.example");
}

TEST_CASE("DnsblCheck: a key is never shown")
{
    const auto zone = std::string(key) + ".zen.dq.spamhaus.net";
    Fixture fixture(usual_settings({zone + "*3"}));
    fixture.list("1.2.0.192." + zone);
    const auto why = "https://check.spamhaus.org/?q=1.2.0.192." + zone + "&key=AIP7yig6sahg6ehsohn5shco3z";
    fixture.resolver->set("1.2.0.192." + zone, RrType::txt, found({why}));
    const auto verdict = fixture.ask(request_of("192.0.2.1"));
    CHECK(verdict.text
          == "Client host [192.0.2.1] is in zen.spamhaus.org: "
             "https://check.spamhaus.org/?q=1.2.0.192.zen.spamhaus.org&key=***");
    CHECK(verdict.reason == "score=3 zen.spamhaus.org=127.0.0.2");
    fixture.list("2.2.0.192." + zone, "127.255.255.255");
    CHECK(fixture.ask(request_of("192.0.2.2")).action == Action::dunno);
    CHECK(status_of(*fixture.dnsbl).find("dnsbl_list zen.spamhaus.org type=address state=refused") != std::string::npos);

    Facts facts;
    fixture.dnsbl->add_facts(facts);
    auto all = write_status(facts) + write_metrics(facts) + verdict.text + verdict.reason;
    REQUIRE(fixture.log.lines.size() == 2);
    for (const auto& line : fixture.log.lines)
        all += line;
    CHECK(to_lower(all).find(key) == std::string::npos);
}

TEST_CASE("DnsblCheck: of a key at the end of what is shown of a reason, nothing is")
{
    const auto zone = std::string(key) + ".zen.dq.spamhaus.net";
    for (const std::size_t before : {170, 180, 199}) {
        CAPTURE(before);
        Fixture fixture(usual_settings({zone + "*3"}));
        fixture.list("1.2.0.192." + zone);
        fixture.resolver->set("1.2.0.192." + zone, RrType::txt, found({std::string(before, '.') + key + " end"}));
        const auto text = fixture.ask(request_of("192.0.2.1")).text;
        CHECK(text.find("zen.spamhaus.org: ....") != std::string::npos);
        CHECK(text.find('a', text.find("....")) == std::string::npos); // with which the key begins
    }
}

TEST_CASE("DnsblCheck: who is not judged")
{
    Fixture fixture(usual_settings({"a.example*3"}));
    fixture.list("1.2.0.192.a.example");
    auto login = request_of("192.0.2.1");
    login.sasl_username = "me";
    CHECK(fixture.ask(login).reason == "login");
    CHECK(fixture.message.dnsbl_score == std::nullopt);
    CHECK(fixture.ask(request_of("10.0.0.1")).reason == "private");
    CHECK(fixture.ask(request_of("unknown")).reason == "no client address");
    CHECK(fixture.dnsbl->scores().stats().misses == 0);
}

TEST_CASE("DnsblCheck: lists of names")
{
    auto settings = usual_settings({"a.example"});
    for (const auto type : {DnsblZoneType::helo, DnsblZoneType::client_name, DnsblZoneType::sender_domain}) {
        DnsblZone zone;
        zone.site = "names.example*3";
        zone.type = type;
        zone.self_test = true;
        settings.zones.push_back(zone);
    }
    struct Case {
        const char* name;
        std::string listed;
        std::string want_text; // empty: dunno
    };
    const Case cases[] = {
        {"HELO", "helo.example.net", "Helo command [helo.example.net] is in names.example"},
        {"client", "mail.example.net", "Client host [mail.example.net] is in names.example"},
        {"sender", "example.com", "Sender address [a@example.com] is in names.example"},
        {"another", "example.org", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Fixture fixture(settings);
        fixture.list(c.listed + ".names.example");
        auto request = request_of("192.0.2.1");
        request.client_name = "mail.example.net";
        const auto verdict = fixture.ask(request);
        CHECK((verdict.action == Action::reject) == !c.want_text.empty());
        CHECK(verdict.text == c.want_text);
    }
    Fixture fixture(settings);
    auto null_sender = request_of("192.0.2.1");
    null_sender.sender.clear();
    null_sender.sender_address = {};
    CHECK(fixture.ask(null_sender).reason == "score=0");
}

TEST_CASE("DnsblCheck: the sum of address and names decides, and the heaviest list is named")
{
    auto settings = usual_settings({"a.example"});
    DnsblZone zone;
    zone.site = "names.example*2";
    zone.type = DnsblZoneType::helo;
    zone.self_test = true;
    settings.zones = {zone};
    Fixture fixture(settings);
    fixture.list("1.2.0.192.a.example");
    fixture.list("helo.example.net.names.example");
    const auto verdict = fixture.ask(request_of("192.0.2.1"));
    CHECK(verdict.action == Action::reject);
    CHECK(verdict.text == "Helo command [helo.example.net] is in names.example");
    CHECK(verdict.reason == "score=3 a.example=127.0.0.2 names.example=127.0.0.2");
}

TEST_CASE("DnsblCheck: the answer goes out as soon as the rest cannot change it")
{
    struct Case {
        const char* name;
        std::vector<int> other_marks;
        bool is_listed; // in a.example*3; b.example*2 is silent
        bool want_answer;
    };
    const Case cases[] = {
        {"refused already", {}, true, true},
        {"cannot be refused any more", {}, false, true},
        {"another check has a mark there", {1}, false, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Fixture fixture(usual_settings({"a.example*3", "b.example*2"}), c.other_marks);
        if (c.is_listed)
            fixture.list("1.2.0.192.a.example");
        fixture.list("1.2.0.192.b.example");
        fixture.resolver->hold("1.2.0.192.b.example");
        const auto answer = fixture.begin(request_of("192.0.2.1"));
        CHECK(answer->has_value() == c.want_answer);
        fixture.resolver->release("1.2.0.192.b.example");
        fixture.poll();
        REQUIRE(answer->has_value());
        CHECK(((*answer)->action == Action::reject) == c.is_listed);

        // What came late is remembered.
        CHECK(fixture.ask(request_of("192.0.2.1")).reason
              == (c.is_listed ? "score=5 a.example=127.0.0.2 b.example=127.0.0.2" : "score=2 b.example=127.0.0.2"));
        CHECK(fixture.dnsbl->scores().stats().misses == 1);
    }
}

TEST_CASE("DnsblCheck: a list that may still save the client is waited for")
{
    Fixture fixture(usual_settings({"a.example*3", "w.example*-3"}));
    fixture.list("1.2.0.192.a.example");
    fixture.list("1.2.0.192.w.example");
    fixture.resolver->hold("1.2.0.192.w.example");
    const auto answer = fixture.begin(request_of("192.0.2.1"));
    CHECK_FALSE(answer->has_value());
    fixture.resolver->release("1.2.0.192.w.example");
    fixture.poll();
    REQUIRE(answer->has_value());
    CHECK((*answer)->reason == "score=0 a.example=127.0.0.2 w.example=127.0.0.2");
}

TEST_CASE("DnsblCheck: what is not said by the deadline does not count")
{
    Fixture fixture(usual_settings({"a.example*2", "b.example*2"}));
    fixture.list("1.2.0.192.a.example");
    fixture.resolver->hold("1.2.0.192.b.example");
    const auto answer = fixture.begin(request_of("192.0.2.1"), std::chrono::steady_clock::now() + 20ms);
    CHECK_FALSE(answer->has_value());
    fixture.run_for(100ms);
    REQUIRE(answer->has_value());
    CHECK((*answer)->reason == "score=2 a.example=127.0.0.2");
    fixture.resolver->release("1.2.0.192.b.example");
}

} // namespace postern
