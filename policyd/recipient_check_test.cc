#include "policyd/recipient_check.h"

#include "test/fake/fake_directory.h"
#include "test/run.h"

#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>
#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

RecipientSettings settings()
{
    RecipientSettings settings;
    settings.text = "User unknown";
    settings.delimiters = "+";
    return settings;
}

struct Setup {
    explicit Setup(std::int64_t harvest_limit = 0, const char* table_text = nullptr,
                   std::vector<std::string> domains = {"example.org"})
    {
        lookup = std::make_shared<RecipientLookup>(io, std::vector<RecipientSource>{{std::move(domains), directory}},
                                                   RecipientLookup::Options{});
        harvest = std::make_shared<RecipientHarvest>(RecipientHarvest::Options{.limit = harvest_limit});
        if (table_text)
            table = std::make_shared<const RecipientTable>(*RecipientTable::parse(table_text, "t"));
        check = std::make_unique<RecipientCheck>(RecipientCheck::Options{
            settings(),
            std::make_shared<TrustedClients>(*TrustedClients::parse({.networks = {"198.51.100.0/24"}, .relays = {}})),
            lookup, harvest, [this] { return table; }});
    }

    Verdict ask(const char* recipient, const char* client = "192.0.2.1")
    {
        PolicyRequest request;
        request.client = *parse_ip_address(client);
        request.recipient = recipient;
        request.recipient_address = parse_mail_address(recipient);
        PolicyMessage message;
        auto result = asio::co_spawn(io, check->check(request, message, std::chrono::steady_clock::now() + 5s),
                                     asio::use_future);
        io.restart();
        io.run();
        return result.get();
    }

    asio::io_context io;
    std::shared_ptr<FakeDirectory> directory = std::make_shared<FakeDirectory>(std::set<std::string>{"user@example.org"});
    std::shared_ptr<RecipientLookup> lookup;
    std::shared_ptr<RecipientHarvest> harvest;
    std::shared_ptr<const RecipientTable> table;
    std::unique_ptr<RecipientCheck> check;
};

} // namespace

TEST_CASE("recipient_verdict")
{
    using enum RecipientStatus;
    using enum UnavailableDirectory;
    struct Case {
        const char* name;
        RecipientAnswer answer;
        UnknownRecipient unknown;
        UnavailableDirectory when_unavailable;
        Action want_action;
        int want_code;
        const char* want_status;
        const char* want_reason;
    };
    const auto refuse = UnknownRecipient::reject;
    const Case cases[] = {
        {"exists", {exists}, refuse, defer, Action::dunno, 0, "", "exists"},
        {"stale", {stale}, refuse, reject, Action::dunno, 0, "", "stale"},
        {"unknown", {unknown}, refuse, defer, Action::reject, 550, "1.1", "unknown"},
        {"unknown, to be deferred", {unknown}, UnknownRecipient::defer, defer, Action::defer_if_permit, 0, "1.1", "unknown"},
        {"unavailable", {unavailable, "why"}, refuse, defer, Action::defer_if_permit, 0, "3.0", "unavailable (why)"},
        {"unavailable, refused", {unavailable, "why"}, refuse, reject, Action::reject, 550, "3.0", "unavailable (why)"},
        {"unavailable, taken", {unavailable, "why"}, refuse, pass, Action::dunno, 0, "", "unavailable (why)"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto wanted = settings();
        wanted.unknown = c.unknown;
        wanted.unavailable = c.when_unavailable;
        const auto verdict = recipient_verdict(c.answer, wanted);
        CHECK(verdict.action == c.want_action);
        CHECK(verdict.code == c.want_code);
        CHECK(verdict.status == c.want_status);
        CHECK(verdict.reason == c.want_reason);
        CHECK(verdict.text.empty() == !verdict.is_refusal());
    }
}

TEST_CASE("RecipientCheck: who exists, who does not, and who is not judged")
{
    struct Case {
        const char* recipient;
        Action want;
        const char* want_reason;
    };
    const Case cases[] = {
        {"user@example.org", Action::dunno, "exists"},
        {"USER@Example.ORG", Action::dunno, "exists"},
        {"user+tag@example.org", Action::dunno, "exists"},
        {"nobody@example.org", Action::reject, "unknown"},
        {"nobody+tag@example.org", Action::reject, "unknown"},
        {"nobody@elsewhere.example", Action::dunno, "outside"},
        {"nobody@sub.example.org", Action::dunno, "outside"},
        {"postmaster@example.org", Action::dunno, "postmaster"},
        {"PostMaster@example.org", Action::dunno, "postmaster"},
        {"abuse@example.org", Action::dunno, "postmaster"},
        {"postmaster", Action::dunno, "postmaster"},
        {"nobody", Action::dunno, "outside"},
        {"", Action::dunno, "outside"},
        {"@example.org", Action::reject, "unknown"},
    };
    Setup setup;
    for (const auto& c : cases) {
        CAPTURE(c.recipient);
        const auto verdict = setup.ask(c.recipient);
        CHECK(verdict.action == c.want);
        CHECK(verdict.reason == c.want_reason);
    }
    CHECK(setup.ask("nobody@example.org", "198.51.100.1").reason == "unknown"); // our own client's mail, too
}

TEST_CASE("RecipientCheck: a directory of all domains judges no mail of our own clients")
{
    Setup setup(0, nullptr, {});
    CHECK(setup.ask("nobody@elsewhere.example").reason == "unknown");
    CHECK(setup.ask("nobody2@elsewhere.example", "198.51.100.1").reason == "outside");
}

TEST_CASE("RecipientCheck: a directory that cannot say")
{
    Setup setup;
    CHECK(setup.ask("user@example.org").reason == "exists");
    setup.directory->trouble = "down";
    CHECK(setup.ask("user@example.org").reason == "exists");
    const auto verdict = setup.ask("other@example.org");
    CHECK(verdict.action == Action::defer_if_permit);
    CHECK(verdict.status == "3.0");
    CHECK(verdict.reason == "unavailable (down)");
    setup.directory->trouble = "";
    CHECK(setup.ask("other@example.org").action == Action::reject); // it was not remembered
}

TEST_CASE("RecipientCheck: the table goes before the directory")
{
    Setup setup(0, R"(listed@example.org     OK
user@example.org       REJECT gone
held@example.org       HOLD look at it
held-user@example.org  HOLD look at it
noted@example.org      PREPEND X-Note: a
unsaid@example.org     DUNNO
elsewhere.example      OK
other.example          HOLD
away@example.org       451 4.2.1 away
)");
    setup.directory->addresses = {"user@example.org", "held-user@example.org", "noted@example.org"};
    struct Case {
        const char* recipient;
        Action want;
        const char* want_reason;
        const char* want_text = "";
    };
    const Case cases[] = {
        {"listed@example.org", Action::dunno, "listed"},
        {"listed+tag@example.org", Action::dunno, "listed"},
        {"user@example.org", Action::reject, "listed", "gone"},
        {"held@example.org", Action::reject, "unknown", "User unknown"},
        {"held-user@example.org", Action::hold, "listed", "look at it"},
        {"noted@example.org", Action::dunno, "listed"},
        {"unsaid@example.org", Action::reject, "unknown", "User unknown"},
        {"anybody@elsewhere.example", Action::dunno, "listed"},
        {"anybody@other.example", Action::hold, "listed"},
        {"away@example.org", Action::defer, "listed", "away"},
        {"postmaster@example.org", Action::dunno, "postmaster"},
    };
    for (int i = 0; i < 2; ++i) // asked, and remembered
        for (const auto& c : cases) {
            CAPTURE(c.recipient);
            const auto verdict = setup.ask(c.recipient);
            CHECK(verdict.action == c.want);
            CHECK(verdict.reason == c.want_reason);
            CHECK(verdict.text == c.want_text);
        }
    CHECK(setup.ask("noted@example.org").header == "X-Note: a");
}

TEST_CASE("RecipientCheck: who tries addresses learns nothing more")
{
    Setup setup(2, "listed@example.org OK\n");
    CHECK(setup.ask("a@example.org").reason == "unknown");
    CHECK(setup.ask("b@example.org").reason == "unknown");
    const auto asked = [&] { return setup.directory->asked.size(); };
    CHECK(setup.ask("c@example.org").reason == "harvest");
    const auto before = asked();
    for (const char* recipient : {"d@example.org", "user@example.org", "listed@example.org", "a@example.org"}) {
        CAPTURE(recipient);
        const auto verdict = setup.ask(recipient, "192.0.2.99");
        CHECK(verdict.action == Action::defer_if_permit);
        CHECK(verdict.reason == "harvest");
    }
    CHECK(asked() == before);
    CHECK(setup.ask("postmaster@example.org").reason == "postmaster");
    CHECK(setup.ask("a@elsewhere.example").reason == "outside");
    CHECK(setup.ask("user@example.org", "203.0.113.1").reason == "exists"); // another network

    for (int i = 0; i < 5; ++i) // one of ours is never caught
        CHECK(setup.ask("x@example.org", "198.51.100.1").reason == "unknown");
}

} // namespace postern
