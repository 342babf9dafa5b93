#include "policyd/greylist_check.h"

#include "test/fake/fake_clock.h"
#include "test/fake/fake_greylist_store.h"
#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const CurrentGreylistLists> lists(const std::string& client, const std::string& recipient = "abuse@")
{
    GreylistSettings settings;
    if (!client.empty())
        settings.clients = {client};
    settings.recipients = {recipient};
    auto current = std::make_shared<CurrentGreylistLists>();
    current->lists = *GreylistLists::load(settings);
    return current;
}

GreylistCheck::Options options()
{
    GreylistCheck::Options options;
    options.settings.delay = 5min;
    options.settings.retry_window = 48h;
    options.settings.max_age = 24h * 35;
    options.settings.auto_whitelist_after = 2;
    options.settings.ipv4_prefix = 24;
    options.settings.ipv6_prefix = 64;
    options.settings.spf_key = true;
    options.settings.text = "Greylisted for %s seconds, %r, 100%%";
    options.settings.header = "X-Greylist: delayed %t seconds by postern-%v at %h; %d";
    options.hostname = "mx.example.net";
    options.version = "1.0";
    options.lists = lists("");
    options.trusted = std::make_shared<TrustedClients>(
        *TrustedClients::parse({.networks = {"198.51.100.0/24"}, .relays = {".relay.example"}}));
    return options;
}

PolicyRequest request(const char* recipient = "me@example.net")
{
    PolicyRequest request;
    request.client = *parse_ip_address("192.0.2.1");
    request.client_name = "mail.example.org";
    request.client_address = "192.0.2.1";
    request.sender = "you@example.org";
    request.has_sender = true;
    request.sender_address = parse_mail_address("you@example.org");
    request.recipient = recipient;
    request.recipient_address = parse_mail_address(recipient);
    return request;
}

struct Setup {
    FakeGreylistStore store;
    FakeClock clock;
    std::vector<std::string> lines;
    GreylistCheck check;
    PolicyMessage message;

    explicit Setup(GreylistCheck::Options wanted = options())
        : check(store, clock, with_lines(std::move(wanted)))
    {
    }

    GreylistCheck::Options with_lines(GreylistCheck::Options wanted)
    {
        wanted.on_answer = [this](std::string line) { lines.push_back(std::move(line)); };
        return wanted;
    }

    Verdict ask(const PolicyRequest& question)
    {
        for (const auto what : Check::all_ahead)
            check.look_ahead(question, what);
        auto verdict = run(check.check(question, message, Deadline::max()));
        CHECK(store.wrong_hashes == 0);
        return verdict;
    }
};

} // namespace

TEST_CASE("GreylistCheck: refused, early, let in with a header, let in, known")
{
    Setup setup;

    const auto first = setup.ask(request());
    CHECK(first.action == Action::defer_if_permit);
    CHECK(first.status == "2.0");
    CHECK(first.text == "Greylisted for 300 seconds, example.net, 100%");
    CHECK(first.reason == "new");

    setup.clock.advance(100s);
    CHECK(setup.ask(request()).reason == "early-retry (200s missing)");

    setup.clock.advance(260s);
    const auto passed = setup.ask(request());
    CHECK(passed.action == Action::dunno);
    CHECK(passed.reason == "triplet found");
    CHECK(passed.header == "X-Greylist: delayed 360 seconds by postern-1.0 at mx.example.net; Tue, 14 Nov 2023 22:19:20 +0000");

    const auto again = setup.ask(request());
    CHECK(again.action == Action::dunno);
    CHECK(again.header.empty());

    setup.ask(request("other@example.net"));
    setup.clock.advance(2h);
    CHECK(setup.ask(request("other@example.net")).reason == "triplet found");
    CHECK(setup.ask(request("third@example.net")).reason == "client AWL");
}

TEST_CASE("GreylistCheck asks nothing about those it trusts")
{
    struct Case {
        const char* name;
        PolicyRequest question;
        const char* want_reason;
    };
    auto own = request();
    own.client = *parse_ip_address("198.51.100.7");
    auto relay = request();
    relay.client_name = "a.relay.example";
    auto login = request();
    login.sasl_username = "you";
    auto unknown_address = request();
    unknown_address.client.reset();
    auto no_recipient = request("");
    auto no_sender = request();
    no_sender.has_sender = false;
    auto no_name = request();
    no_name.client_name.clear();
    const Case cases[] = {
        {"our own client", own, "network"},
        {"a relay", relay, "relay"},
        {"a login", login, "login"},
        {"no address", unknown_address, "no triplet"},
        {"no recipient", no_recipient, "no triplet"},
        {"no sender attribute", no_sender, "no triplet"},
        {"no client name attribute", no_name, "no triplet"},
        {"a listed recipient", request("abuse@example.net"), "recipient whitelist"},
    };
    Setup setup;
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto verdict = setup.ask(c.question);
        CHECK(verdict.action == Action::dunno);
        CHECK(verdict.reason == c.want_reason);
    }
    CHECK(setup.store.finds == 0);
}

TEST_CASE("GreylistCheck: the null sender is greylisted like any other")
{
    Setup setup;
    auto bounce = request();
    bounce.sender_address = {};
    CHECK(setup.ask(bounce).reason == "new");
    CHECK(setup.store.triplets.count("192.0.2.0//me@example.net") == 1);
}

TEST_CASE("GreylistCheck: listed clients pass, by name before address, clients before recipients")
{
    struct Case {
        const char* entry;
        const char* want_reason;
    };
    const Case cases[] = {
        {"example.org", "client whitelist"}, {"192.0.2.0/24", "client whitelist"},
        {"/^mail\\./", "client whitelist"}, {"example.com", "recipient whitelist"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.entry);
        auto wanted = options();
        wanted.lists = lists(c.entry);
        Setup setup(std::move(wanted));
        for (int i = 0; i < 2; ++i) // a match is remembered
            CHECK(setup.ask(request("abuse@example.net")).reason == c.want_reason);
        CHECK(setup.store.finds == 0);
    }
}

namespace {

PolicyMessage vouched(SpfResult result = SpfResult::pass, bool names_client = true)
{
    SpfAnswer answer;
    answer.result = result;
    answer.names_client = names_client;
    PolicyMessage message;
    message.spf_mail_from = std::make_shared<SpfAnswer>(answer);
    return message;
}

PolicyRequest from(const char* address, const char* recipient = "me@example.net")
{
    auto question = request(recipient);
    question.client = *parse_ip_address(address);
    return question;
}

} // namespace

TEST_CASE("GreylistCheck: another server of a sender whose SPF passes may retry")
{
    struct Case {
        const char* name;
        PolicyMessage first, second;
        const char* want;
    };
    const Case cases[] = {
        {"SPF names both", vouched(), vouched(), "triplet found"},
        {"SPF passes both, but might anyone", vouched(SpfResult::pass, false), vouched(SpfResult::pass, false), "new"},
        {"SPF fails the second", vouched(), vouched(SpfResult::fail), "new"},
        {"SPF was not asked", {}, {}, "new"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Setup setup;
        setup.message = c.first;
        CHECK(setup.ask(from("192.0.2.1")).reason == "new");
        setup.clock.advance(301s);
        setup.message = c.second;
        CHECK(setup.ask(from("203.0.113.1")).reason == c.want);
    }
}

TEST_CASE("GreylistCheck: what the network has been known for counts with SPF too, and moves to the domain")
{
    Setup setup;
    setup.ask(from("192.0.2.1")); // without SPF, or by a program before this one
    setup.clock.advance(301s);
    setup.message = vouched();
    CHECK(setup.ask(from("192.0.2.1")).reason == "triplet found");
    CHECK(setup.ask(from("203.0.113.1")).reason == "triplet found");
    CHECK(setup.store.clients.count("192.0.2.0") == 1);
    CHECK(setup.store.clients.count("@example.org") == 1);
}

TEST_CASE("GreylistCheck: a verified domain is whitelisted with all its servers")
{
    Setup setup; // after two
    setup.message = vouched();
    for (const auto* recipient : {"a@example.net", "b@example.net"}) {
        setup.ask(from("192.0.2.1", recipient));
        setup.clock.advance(2h);
        setup.ask(from("203.0.113.1", recipient));
    }
    CHECK(setup.ask(from("198.18.0.1", "c@example.net")).reason == "client AWL");
    setup.message = {};
    CHECK(setup.ask(from("198.18.0.1", "c@example.net")).reason == "new");
}

TEST_CASE("GreylistCheck: a verified domain that reads like a triplet is no client")
{
    Setup setup;
    setup.message = vouched();
    auto question = from("192.0.2.1");
    question.sender_address = parse_mail_address("you@example.org/a/b.example.com");
    setup.ask(question);
    setup.clock.advance(301s);
    setup.ask(question);
    REQUIRE(setup.store.clients.size() == 1);
    CHECK(setup.store.clients.begin()->first == "192.0.2.0");
}

TEST_CASE("GreylistCheck: without spf_key only the network counts")
{
    auto wanted = options();
    wanted.settings.spf_key = false;
    Setup setup(std::move(wanted));
    setup.message = vouched();
    setup.ask(from("192.0.2.1"));
    setup.clock.advance(301s);
    CHECK(setup.ask(from("203.0.113.1")).reason == "new");
    CHECK(setup.store.triplets.count("192.0.2.0/you@example.org/me@example.net") == 1);
}

TEST_CASE("GreylistCheck: a mail that is known is answered from memory, with one question where the domain is enough")
{
    Setup setup;
    setup.message = vouched();
    setup.ask(request());
    setup.clock.advance(301s);
    setup.ask(request());
    setup.clock.advance(1s);
    const auto finds = setup.store.finds, recalls = setup.store.recalls;
    CHECK(setup.ask(request()).reason == "triplet found");
    CHECK(setup.store.finds == finds);
    CHECK(setup.store.recalls == recalls + 1);
}

TEST_CASE("GreylistCheck: a new mail of a client that is known to be whitelisted asks no store")
{
    Setup setup;
    setup.store.clients["192.0.2.0"] = {2, setup.clock.now()};
    setup.ask(request("first@example.net"));
    CHECK(setup.store.finds == 1);

    CHECK(setup.ask(request("second@example.net")).reason == "client AWL");
    CHECK(setup.store.finds == 1);

    setup.store.clients["192.0.2.0"] = {1, setup.clock.now()}; // not whitelisted: the triplet counts
    CHECK(setup.ask(request("third@example.net")).reason == "new");
    CHECK(setup.store.finds == 2);
}

TEST_CASE("GreylistCheck: who is vouched for does not wait, and leaves nothing behind")
{
    auto resolver = std::make_shared<FakeResolver>();
    resolver->set("1.2.0.192.allow.example", RrType::a, found({"127.0.9.1"}));
    auto wanted = options();
    wanted.settings.allow_zones = {"allow.example"};
    wanted.vouchers = *GreylistVouchers::create(wanted.settings, {resolver, {}});
    Setup setup(std::move(wanted));
    CHECK(setup.ask(from("192.0.2.1")).reason == "DNS allow list");
    CHECK(setup.store.triplets.empty());
    CHECK(setup.ask(from("203.0.113.1")).reason == "new");
    setup.clock.advance(301s);
    const auto lookups = resolver->lookups;
    CHECK(setup.ask(from("203.0.113.1")).reason == "triplet found"); // nobody needs to be asked
    CHECK(resolver->lookups == lookups);
}

TEST_CASE("GreylistCheck: the delay of the recipient's domain")
{
    auto wanted = options();
    wanted.settings.domains = {{"fast.example", true, 10s}};
    Setup setup(std::move(wanted));
    CHECK(setup.ask(request("me@fast.example")).text == "Greylisted for 10 seconds, fast.example, 100%");
    setup.ask(request());
    setup.clock.advance(11s);
    CHECK(setup.ask(request("me@fast.example")).reason == "triplet found");
    CHECK(setup.ask(request()).reason == "early-retry (289s missing)");
}

TEST_CASE("GreylistCheck: postgrey's line")
{
    Setup setup;
    auto question = request();
    question.queue_id = "4F3K2";
    setup.ask(question);
    setup.clock.advance(301s);
    setup.ask(question);
    question.queue_id.clear();
    setup.ask(question);
    question.recipient_address = parse_mail_address("abuse@example.net");
    setup.ask(question);
    const std::string who = "client_name=mail.example.org, client_address=192.0.2.1, sender=you@example.org, "
                            "recipient=me@example.net";
    CHECK(setup.lines
          == std::vector<std::string>{"4F3K2: action=greylist, reason=new, " + who,
                                      "4F3K2: action=pass, reason=triplet found, delay=301, " + who,
                                      "action=pass, reason=triplet found, " + who,
                                      "action=pass, reason=recipient whitelist, " + who});
}

TEST_CASE("GreylistCheck: the action and the text are the operator's")
{
    struct Case {
        const char* action;
        const char* text;
        Action want_action;
        int want_code;
        const char* want_status;
        const char* want_text;
    };
    const Case cases[] = {
        {"defer_if_permit", "later", Action::defer_if_permit, 0, "2.0", "later"},
        {"defer", "later", Action::defer, 0, "2.0", "later"},
        {"defer_if_reject", "later", Action::defer_if_reject, 0, "2.0", "later"},
        {"451", "later", Action::defer, 451, "2.0", "later"},
        {"defer_if_permit", "4.7.1 later", Action::defer_if_permit, 0, "7.1", "later"},
        {"defer_if_permit", "5 minutes", Action::defer_if_permit, 0, "2.0", "5 minutes"},
        {"defer_if_permit", "4.7.1", Action::defer_if_permit, 0, "2.0", "4.7.1"},
        {"defer_if_permit", "4.7. later", Action::defer_if_permit, 0, "2.0", "4.7. later"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        auto wanted = options();
        wanted.settings.action = c.action;
        wanted.settings.text = c.text;
        Setup setup(std::move(wanted));
        const auto verdict = setup.ask(request());
        CHECK(verdict.action == c.want_action);
        CHECK(verdict.code == c.want_code);
        CHECK(verdict.status == c.want_status);
        CHECK(verdict.text == c.want_text);
    }
}

TEST_CASE("GreylistCheck: %h is the host's name, or the one that is set")
{
    auto wanted = options();
    wanted.settings.hostname = "other.example.net";
    Setup setup(std::move(wanted));
    setup.ask(request());
    setup.clock.advance(301s);
    CHECK(setup.ask(request()).header.find(" at other.example.net; ") != std::string::npos);
}

TEST_CASE("GreylistCheck: by address, only the address itself is whitelisted")
{
    auto wanted = options();
    wanted.settings.auto_whitelist_by = "address";
    wanted.settings.auto_whitelist_after = 1;
    Setup setup(std::move(wanted));
    setup.ask(request());
    setup.clock.advance(301s);
    setup.ask(request());
    CHECK(setup.ask(request("other@example.net")).reason == "client AWL");
    auto neighbour = request("other@example.net");
    neighbour.client = *parse_ip_address("192.0.2.2");
    CHECK(setup.ask(neighbour).reason == "new");
}

TEST_CASE("GreylistCheck lets mail pass when the store does not work")
{
    Setup setup;
    setup.store.trouble = "disk full";
    const auto verdict = setup.ask(request());
    CHECK(verdict.action == Action::dunno);
    CHECK(verdict.reason == "store unavailable");

    std::vector<std::string> notes;
    auto question = request();
    question.notes = &notes;
    CHECK(setup.ask(question).reason == "store unavailable");
    CHECK(notes == std::vector<std::string>{"disk full"});
}

TEST_CASE("GreylistCheck: who only asks leaves no trace")
{
    Setup setup;
    std::vector<std::string> notes;
    auto question = request();
    question.notes = &notes;
    const auto first = setup.ask(question);
    CHECK(first.action == Action::defer_if_permit);
    CHECK(setup.ask(question).reason == first.reason); // new as before
    CHECK(setup.lines.empty());
    CHECK(notes == std::vector<std::string>{"counts for 192.0.2.0", "counts for 192.0.2.0"});
    CHECK(setup.ask(request()).reason == first.reason);
    CHECK(setup.lines.size() == 1);
}

} // namespace postern
