#include "milterd/build_chain.h"

#include "config/settings.h"
#include "test/fake/fake_log.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace postern {
namespace {

Config defaults()
{
    auto loaded = load_config("", {});
    REQUIRE(loaded);
    auto config = loaded->config;
    config.milterd.authserv_id = "mx.example.com";
    return config;
}

Message a_message()
{
    Message message;
    message.client = IpAddress::v4({203, 0, 113, 1});
    message.client_name = "mail.example.org";
    message.sender = parse_mail_address("alice@example.org");
    message.header = {{"Authentication-Results", " MX.example.com; spf=pass"}, {"From", " alice@example.org"}};
    return message;
}

struct Judged {
    Decision decision;
    Origin origin;
    std::string record;
};

Judged judge(const Config& config, Message message)
{
    FakeLog log;
    const SystemClock clock;
    ResolverThread dns; // not configured: it says "ask again later" to everything
    const auto signers = DkimSigners::load(config.dkim, DkimKeys::load(config.dkim.domains));
    auto chain = build_chain(config, {.dns = dns, .clock = clock, .log = log, .signers = signers});
    REQUIRE(chain);
    auto decision = ChainPass(*chain, message).finish();
    *chain = nullptr; // ends who may log beside it
    const auto is_record = [](const std::string& line) { return line.starts_with("message "); };
    REQUIRE(std::count_if(log.lines.begin(), log.lines.end(), is_record) == 1);
    return {std::move(decision), message.origin, *std::find_if(log.lines.begin(), log.lines.end(), is_record)};
}

} // namespace

TEST_CASE("build_chain: who finds something stands before who writes it down")
{
    auto config = defaults();
    const auto judged = judge(config, a_message());
    CHECK(judged.decision.action == FilterAction::accept);
    REQUIRE(judged.decision.edits.size() == 2);
    CHECK(judged.decision.edits[0].kind == HeaderEdit::Kind::remove);
    CHECK(judged.decision.edits[1].value.find("mx.example.com;\n\tspf=temperror") == 0);
    CHECK(judged.decision.edits[1].value.find("dkim=none") != std::string::npos);
    const auto auth_results = judged.record.find(" auth_results=accept removed:1 ");
    CHECK(judged.record.find(" spf=accept temperror ") < auth_results);
    CHECK(judged.record.find(" dkim_verify=accept none ") < auth_results);

    const auto dmarc = judged.record.find(" dmarc=accept temperror example.org ");
    CHECK(dmarc < auth_results);
    CHECK(judged.record.find(" dkim_verify=accept none ") < dmarc);
    CHECK(judged.decision.edits[1].value.find("dmarc=temperror") != std::string::npos);

    config.spf.enable = false;
    config.dkim.verify = false;
    const auto without = judge(config, a_message());
    CHECK(without.record.find(" dmarc=") == std::string::npos); // which could only fail
    CHECK(without.decision.edits.size() == 1);
    CHECK(without.record.find(" spf=") == std::string::npos);
    CHECK(without.record.find(" dkim_verify=") == std::string::npos);
}

TEST_CASE("build_chain: mail that should be signed and cannot be is deferred, other mail goes on")
{
    auto config = defaults();
    config.dkim.domains = {{"example.com", "s", "/nowhere/key.pem", false}};
    auto ours = a_message();
    ours.login = "me";
    ours.header = {{"From", " me@example.com"}};
    const auto unsigned_mail = judge(config, ours);
    CHECK(unsigned_mail.decision.action == FilterAction::defer);
    CHECK(unsigned_mail.decision.filter == "dkim_sign");

    config.dkim.domains[0].domain = "example.net";
    CHECK(judge(config, ours).decision.action == FilterAction::accept);
}

TEST_CASE("build_chain: SPF that is observed is recorded, and for DMARC alone")
{
    auto config = defaults();
    config.spf.observe = true;
    const auto judged = judge(config, a_message());
    CHECK(judged.record.find(" spf=accept temperror ") != std::string::npos);
    CHECK(judged.record.find(" dmarc=accept temperror ") != std::string::npos);
    REQUIRE(judged.decision.edits.size() == 2);
    CHECK(judged.decision.edits[1].value.find("spf=") == std::string::npos);
    CHECK(judged.decision.edits[1].value.find("dmarc=temperror") != std::string::npos);
}

TEST_CASE("build_chain: the virus scan comes first, and may be set to observe")
{
    auto config = defaults();
    config.clamav.enable = true;
    config.clamav.clamd = {"unix:/nowhere/clamd"};
    config.clamav.wait = std::chrono::seconds(0);
    const auto judged = judge(config, a_message());
    CHECK(judged.decision.action == FilterAction::defer);
    CHECK(judged.decision.filter == "clamav");
    CHECK(judged.record.find(" clamav=defer clamd unavailable ") < judged.record.find(" spf=accept "));

    config.clamav.observe = true;
    const auto observed = judge(config, a_message());
    CHECK(observed.decision.action == FilterAction::accept);
    CHECK(observed.record.find(" clamav=would-defer clamd unavailable ") != std::string::npos);

    config.clamav.clamd = {"/nowhere/clamd"};
    FakeLog log;
    const SystemClock clock;
    ResolverThread dns;
    CHECK(build_chain(config, {dns, clock, log}).error().what.find("clamav.clamd: ") == 0);
}

TEST_CASE("build_chain: the room for mails in scan is shared by all chains")
{
    auto config = defaults();
    config.clamav.enable = true;
    FakeLog log;
    const SystemClock clock;
    ResolverThread dns;
    const ChainParts parts{dns, clock, log, {}, {}, std::make_shared<SpoolBudget>(1 << 20)};
    const auto before = build_chain(config, parts);
    const auto after = build_chain(config, parts); // as a reload does
    auto message = a_message();
    {
        const ChainPass first(*before, message);
        const auto of_one = parts.spool->used();
        CHECK(of_one > 0);
        const ChainPass second(*after, message);
        CHECK(parts.spool->used() == 2 * of_one);
    }
    CHECK(parts.spool->used() == 0);
}

TEST_CASE("build_chain: whose mail it is comes from the configuration")
{
    auto config = defaults();
    config.trust.networks = {"203.0.113.0/24"};
    CHECK(judge(config, a_message()).origin == Origin::ours);
    config.trust.networks = {};
    config.trust.relays = {"mail.example.org"};
    CHECK(judge(config, a_message()).origin == Origin::relay);
    config.trust.relays = {};
    CHECK(judge(config, a_message()).origin == Origin::stranger);
    config.dkim.daemon_names = {"SUBMISSION"};
    auto submitted = a_message();
    submitted.daemon_name = "SUBMISSION";
    CHECK(judge(config, submitted).origin == Origin::ours);
}

TEST_CASE("build_chain: an instance judges, signs or does both, by its role")
{
    struct Case {
        const char* role;
        const char* login;
        bool want_judged;
        bool want_signing; // there is no key: it shows by the mail being deferred
    };
    const Case cases[] = {
        {"both", "", true, false},        {"both", "me", false, true},      {"inbound", "", true, false},
        {"inbound", "me", false, false},  {"submission", "", false, false}, {"submission", "me", false, true},
    };
    auto config = defaults();
    config.dkim.domains = {{"example.org", "s", "/nowhere/key.pem", false}};
    for (const auto& c : cases) {
        CAPTURE(c.role);
        CAPTURE(c.login);
        config.milterd.role = c.role;
        auto message = a_message();
        message.login = c.login;
        const auto judged = judge(config, message);
        CHECK((judged.decision.filter == "dkim_sign") == c.want_signing);
        CHECK((judged.record.find(" spf=accept temperror ") != std::string::npos) == c.want_judged);
    }
    config.milterd.role = "submission";
    config.milterd.submission_clients = "all";
    CHECK(judge(config, a_message()).origin == Origin::ours);
    config.milterd.returning_daemon_names = {"BACK"};
    auto back = a_message();
    back.login = "me";
    back.daemon_name = "BACK";
    const auto returned = judge(config, back);
    CHECK(returned.origin == Origin::returned);
    CHECK(returned.decision.edits.empty()); // its Authentication-Results stay
    CHECK(returned.record.find("dkim_sign") == std::string::npos);
}

TEST_CASE("build_chain says what cannot be built")
{
    FakeLog log;
    const SystemClock clock;
    ResolverThread dns;
    auto config = defaults();
    config.trust.networks = {"192.0.2.0/33"};
    const auto chain = build_chain(config, {dns, clock, log});
    REQUIRE_FALSE(chain);
    CHECK(chain.error().what.find("trust.networks: ") == 0);
}

TEST_CASE("build_chain: an authserv-id in U-labels is written in A-labels")
{
    auto config = defaults();
    config.milterd.authserv_id = "b\xc3\xbc" "cher.example";
    const auto judged = judge(config, a_message());
    REQUIRE(judged.decision.edits.size() == 1);
    CHECK(judged.decision.edits[0].value.find("xn--bcher-kva.example;") == 0);
}

} // namespace postern
