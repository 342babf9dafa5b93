#include "milterd/session.h"

#include "test/fake/fake_filter.h"
#include "test/fake/fake_log.h"

#include <doctest/doctest.h>
#include <thread>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Kind = SessionAnswer::Kind;

class FakeEditor final : public MessageEditor {
public:
    bool remove_header(const std::string& name, std::size_t occurrence) override
    {
        return note(fmt::format("remove {} {}", name, occurrence));
    }
    bool insert_header(const std::string& name, const std::string& value) override
    {
        return note(fmt::format("insert {}: {}", name, value));
    }
    bool quarantine(const std::string& reason) override { return note("quarantine " + reason); }

    std::vector<std::string> edits;
    std::size_t works_for = 1000; // edits, then Postfix is gone

private:
    bool note(std::string edit)
    {
        edits.push_back(std::move(edit));
        return edits.size() <= works_for;
    }
};

// A host with one fake filter.
struct Fixture {
    explicit Fixture(FakeFilter::Script script = {}, SessionLimits limits = {})
    {
        std::vector<ChainedFilter> filters;
        filters.push_back({std::make_unique<FakeFilter>("fake", std::move(script), &calls)});
        host = std::make_shared<SessionHost>(std::make_shared<FilterChain>(std::move(filters), ChainSettings{5s}, log),
                                             limits, log);
    }

    FakeLog log;
    FakeFilter::Calls calls;
    std::shared_ptr<SessionHost> host;
};

const ConnectedClient a_stranger{"mail.example.org", IpAddress::v4({192, 0, 2, 1}), 40000, "mx.example.com"};
const ConnectedClient made_up{"localhost", IpAddress::v4({127, 0, 0, 1}), 0, "mx.example.com"}; // by cleanup(8)

void send_content(Session& session)
{
    session.header("From", " alice@example.org");
    session.header("Subject", " hello\n\tthere");
    session.end_of_header("4XyZ12");
    session.body(std::string_view("Hello"));
    session.body(std::string_view(" there\r\n"));
}

SessionAnswer send_mail(Session& session, MessageEditor& editor)
{
    session.helo("mail.example.org");
    if (auto answer = session.mail("<alice@example.org>", {}, ""); answer.kind != Kind::proceed)
        return answer;
    session.rcpt("<bob@example.com>");
    send_content(session);
    return session.end_of_message("4XyZ12", editor);
}

std::string text_of(const SessionAnswer& answer)
{
    return answer.reply.code + " " + answer.reply.status + " " + answer.reply.text;
}

} // namespace

TEST_CASE("Session fills the message")
{
    Message seen;
    Fixture f({{}, {}, FakeFilter::Step::none, false, [&](const Message& message, const Findings&, Deadline) {
                   seen = message;
               }});
    Session session(f.host);
    FakeEditor editor;
    CHECK(session.connect(a_stranger).kind == Kind::proceed);
    session.helo("first.example.org");
    session.helo("mail.example.org");
    const char* const parameters[] = {"SIZE=100", "smtputf8"};
    CHECK(session.mail("<Alice@EXAMPLE.org>", parameters, "alice").kind == Kind::proceed);
    session.rcpt("<bob@example.com>");
    session.rcpt("<carol@example.com>");
    send_content(session);
    CHECK(session.end_of_message("4XyZ12", editor).kind == Kind::proceed);

    CHECK(seen.client_name == "mail.example.org");
    CHECK(seen.client->text() == "192.0.2.1");
    CHECK(seen.daemon_name == "mx.example.com");
    CHECK(seen.helo == "mail.example.org");
    CHECK(seen.login == "alice");
    CHECK(seen.queue_id == "4XyZ12");
    CHECK(seen.sender.text() == "Alice@example.org");
    CHECK(seen.is_smtputf8);
    CHECK(seen.recipients.size() == 2);
    CHECK(seen.recipient_count == 2);
    REQUIRE(seen.header.size() == 2);
    CHECK(seen.header[1].name == "Subject");
    CHECK(seen.header[1].value == " hello\n\tthere");
    CHECK(seen.body_size == 13);
    CHECK_FALSE(seen.is_internal);

    // Of the next mail on the connection only the client is the same.
    CHECK(session.mail("<>", {}, "").kind == Kind::proceed);
    session.rcpt("<dave@example.com>");
    session.end_of_header("5XyZ12");
    CHECK(session.end_of_message("5XyZ12", editor).kind == Kind::proceed);
    CHECK(seen.client_name == "mail.example.org");
    CHECK(seen.login == "");
    CHECK(seen.queue_id == "5XyZ12");
    CHECK(seen.sender.is_null());
    CHECK_FALSE(seen.is_smtputf8);
    CHECK(seen.recipient_count == 1);
    CHECK(seen.header.empty());
    CHECK(seen.body_size == 0);
    CHECK(f.host->counts().accepted == 2);
}

TEST_CASE("Session tells internal mail by the client that cleanup(8) makes up")
{
    struct Case {
        const char* name;
        ConnectedClient client;
        bool want_internal;
        bool want_address;
    };
    const Case cases[] = {
        {"made up", made_up, true, false},
        {"a real local client has a port", {"localhost", IpAddress::v4({127, 0, 0, 1}), 40000, ""}, false, true},
        {"port 0 from elsewhere (XCLIENT without a port)",
         {"localhost", IpAddress::v4({192, 0, 2, 1}), 0, ""},
         false,
         true},
        {"another name", {"mail.example.org", IpAddress::v4({127, 0, 0, 1}), 0, ""}, false, true},
        {"an unknown client is a stranger", {"unknown", {}, 0, ""}, false, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Message seen;
        Fixture f({{}, {}, FakeFilter::Step::none, false, [&](const Message& message, const Findings&, Deadline) {
                       seen = message;
                   }});
        Session session(f.host);
        FakeEditor editor;
        session.connect(c.client);
        send_mail(session, editor);
        CHECK(seen.is_internal == c.want_internal);
        CHECK(seen.client.has_value() == c.want_address);
    }
}

TEST_CASE("Session passes the decision on")
{
    using enum FilterAction;
    struct Case {
        FilterAction action;
        Kind want_kind;
        const char* want_text;
        std::vector<std::string> want_edits;
        std::uint64_t SessionCounts::*want_count;
    };
    const Case cases[] = {
        {accept, Kind::proceed, "  ", {"remove x-b 2", "insert X-A: a"}, &SessionCounts::accepted},
        {quarantine,
         Kind::proceed,
         "  ",
         {"remove x-b 2", "insert X-A: a", "quarantine postern fake: why"},
         &SessionCounts::quarantined},
        {defer, Kind::defer, "451 4.7.1 text", {}, &SessionCounts::deferred},
        {discard, Kind::discard, "  ", {}, &SessionCounts::discarded},
        {reject, Kind::reject, "550 5.7.1 text", {}, &SessionCounts::rejected},
    };
    for (const auto& c : cases) {
        CAPTURE(filter_action_name(c.action));
        Fixture f(FakeFilter::Script{
            {c.action,
             0,
             "7.1",
             "text",
             "why",
             {{HeaderEdit::Kind::insert, "X-A", "a", 0}, {HeaderEdit::Kind::remove, "X-B", "", 2}}}});
        Session session(f.host);
        FakeEditor editor;
        session.connect(a_stranger);
        const auto answer = send_mail(session, editor);
        CHECK(answer.kind == c.want_kind);
        CHECK(text_of(answer) == c.want_text);
        CHECK(editor.edits == c.want_edits);
        CHECK(f.host->counts().*c.want_count == 1);
    }
}

TEST_CASE("Session: edits in an order that Postfix counts as we do")
{
    FilterVerdict verdict;
    for (std::size_t i = 1; i <= 3; ++i)
        verdict.edits.push_back({HeaderEdit::Kind::remove, "Authentication-Results", "", i});
    verdict.edits.push_back({HeaderEdit::Kind::insert, "Authentication-Results", "mx", 0});
    verdict.edits.push_back({HeaderEdit::Kind::remove, "AUTHENTICATION-RESULTS", "", 2}); // again, by another filter
    verdict.edits.push_back({HeaderEdit::Kind::remove, "X-Other", "", 2});
    verdict.edits.push_back({HeaderEdit::Kind::insert, "DKIM-Signature", "v=1", 0});
    Fixture f({verdict});
    Session session(f.host);
    FakeEditor editor;
    session.connect(a_stranger);
    send_mail(session, editor);
    const std::vector<std::string> want = {"remove authentication-results 3",   "remove x-other 2",
                                           "remove authentication-results 2",   "remove authentication-results 1",
                                           "insert Authentication-Results: mx", "insert DKIM-Signature: v=1"};
    CHECK(editor.edits == want);
}

TEST_CASE("Session: an edit that does not reach Postfix defers the mail")
{
    for (std::size_t works_for = 0; works_for < 3; ++works_for) {
        CAPTURE(works_for);
        Fixture f(
            FakeFilter::Script{{FilterAction::quarantine,
                                0,
                                "",
                                "",
                                "why",
                                {{HeaderEdit::Kind::remove, "A", "", 1}, {HeaderEdit::Kind::insert, "B", "b", 0}}}});
        Session session(f.host);
        FakeEditor editor;
        editor.works_for = works_for;
        session.connect(a_stranger);
        CHECK(text_of(send_mail(session, editor)) == "451 4.3.0 Internal fault, try again later");
        CHECK(editor.edits.size() == works_for + 1);
        CHECK(f.host->counts().quarantined == 0);
        CHECK(f.host->counts().faults == 1);
    }
}

TEST_CASE("harmless_header_value")
{
    struct Case {
        const char* name;
        std::string value;
        std::string want;
    };
    const Case cases[] = {
        {"as it should be", "a;\n\tb", "a;\n\tb"},
        {"CR LF folds", "a;\r\n b", "a;\n b"},
        {"a line that would be a field of its own", "a\nX-Evil: b", "a\n\tX-Evil: b"},
        {"an empty line", "a\n\nbody", "a\n\t\n\tbody"},
        {"a line end at the end", "a\n", "a\n\t"},
        {"CR alone", "a\rb", "ab"},
        {"NUL", std::string("a\0b", 3), "a?b"},
        {"UTF-8 stays", "\xc3\xa9", "\xc3\xa9"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(harmless_header_value(c.value) == c.want);
    }
}

TEST_CASE("Session: limits")
{
    SessionLimits limits;
    limits.header_octets = 1000;
    limits.header_fields = 5;
    limits.recipients_kept = 3;

    SUBCASE("recipients above the limit are counted only")
    {
        std::size_t kept = 0, count = 0;
        Fixture f({{},
                   {},
                   FakeFilter::Step::none,
                   false,
                   [&](const Message& message, const Findings&, Deadline) {
                       kept = message.recipients.size();
                       count = message.recipient_count;
                   }},
                  limits);
        Session session(f.host);
        FakeEditor editor;
        session.connect(a_stranger);
        session.mail("<a@b>", {}, "");
        for (int i = 0; i < 1000; ++i)
            session.rcpt("<c@d>");
        session.end_of_header("1");
        CHECK(session.end_of_message("1", editor).kind == Kind::proceed);
        CHECK(kept == 3);
        CHECK(count == 1000);
    }
    SUBCASE("a header beyond them is refused whole, and the next mail is as any other")
    {
        struct Case {
            const char* name;
            std::size_t fields;
            std::size_t size;
            bool want_refusal;
        };
        const Case cases[] = {
            {"as many fields as may be", 5, 10, false},
            {"one more", 6, 10, true},
            {"as many octets as may be", 1, 1000 - 6, false}, // with name, colon and CR LF
            {"one more octet", 1, 1000 - 5, true},
            {"many too many", 5000, 10, true},
        };
        for (const auto& c : cases) {
            CAPTURE(c.name);
            Fixture f({}, limits);
            Session session(f.host);
            FakeEditor editor;
            session.connect(a_stranger);
            session.mail("<a@b>", {}, "");
            for (std::size_t i = 0; i < c.fields; ++i)
                session.header("X-A", std::string(c.size, 'x'));
            session.end_of_header("1");
            session.body(std::string_view("body"));
            const auto answer = session.end_of_message("1", editor);
            CHECK(text_of(answer) == (c.want_refusal ? "552 5.3.4 Message header is too large" : "  "));
            CHECK(f.calls.begun == (c.want_refusal ? 0 : 1));
            CHECK(send_mail(session, editor).kind == Kind::proceed);

            Session internal(f.host); // never refused: held
            internal.connect(made_up);
            internal.mail("<>", {}, "");
            for (std::size_t i = 0; i < c.fields; ++i)
                internal.header("X-A", std::string(c.size, 'x'));
            internal.end_of_header("1");
            CHECK(internal.end_of_message("1", editor).kind == Kind::proceed);
            CHECK(editor.edits.size() == (c.want_refusal ? 1 : 0));
        }
    }
    SUBCASE("connections above the limit are deferred, internal ones excepted")
    {
        limits.max_connections = 2;
        Fixture f({}, limits);
        auto first = std::make_unique<Session>(f.host);
        Session second(f.host), third(f.host), internal(f.host);
        FakeEditor editor;
        CHECK(third.connect(a_stranger).kind == Kind::defer);
        CHECK(send_mail(third, editor).kind == Kind::defer); // if it tries nevertheless
        CHECK(internal.connect(made_up).kind == Kind::proceed);
        CHECK(send_mail(internal, editor).kind == Kind::proceed);
        CHECK(f.host->counts().refused == 1);
        CHECK(f.host->counts().connections == 4);
        first.reset();
        CHECK(f.host->counts().connections == 3);
    }
}

TEST_CASE("Session: an exception defers the mail, not the next one")
{
    Fixture f;
    Session session(f.host);
    FakeEditor editor;
    session.connect(a_stranger);
    session.mail("<a@b>", {}, "");
    session.header("A", " b");
    CHECK(session.fault("out of memory").kind == Kind::defer);
    session.end_of_header("1");
    session.body(std::string_view("body"));
    CHECK(text_of(session.end_of_message("1", editor)) == "451 4.3.0 Internal fault, try again later");
    CHECK(f.host->counts().faults == 1);
    CHECK(f.log.lines.size() == 1);
    CHECK(send_mail(session, editor).kind == Kind::proceed);

    Session internal(f.host);
    internal.connect(made_up);
    internal.mail("<>", {}, "");
    CHECK(internal.fault("out of memory").kind == Kind::proceed);
    CHECK(internal.end_of_message("1", editor).kind == Kind::proceed);
}

TEST_CASE("Session: local mail that is deferred is told of, Postfix's own is not deferred")
{
    struct Case {
        const char* name;
        const ConnectedClient& client;
        const char* sender;
        Kind want;
        std::uint64_t want_told;
    };
    const Case cases[] = {
        {"of sendmail(1)", made_up, "<alice@example.org>", Kind::defer, 1},
        {"a bounce", made_up, "<>", Kind::proceed, 0},
        {"a notice to the postmaster", made_up, "<double-bounce@mx.example.com>", Kind::proceed, 0},
        {"of a client", a_stranger, "<alice@example.org>", Kind::defer, 0},
        {"a bounce of another host", a_stranger, "<>", Kind::defer, 0},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        FakeFilter::Script script;
        script.verdict = {FilterAction::defer, 451, "7.1", "later", "clamd unavailable", {}};
        Fixture f(std::move(script));
        Session session(f.host);
        FakeEditor editor;
        session.connect(c.client);
        session.mail(c.sender, {}, "");
        send_content(session);
        CHECK(session.end_of_message("4XyZ12", editor).kind == c.want);
        CHECK(f.host->counts().local_deferred == c.want_told);
        const bool is_told = f.log.lines.back()
            == "local_mail_deferred queue_id=4XyZ12 sender=alice@example.org why=fake clamd unavailable";
        CHECK(is_told == (c.want_told == 1));
    }
}

TEST_CASE("Session: an abort forgets the mail, at any step")
{
    for (int steps = 0; steps <= 5; ++steps) {
        CAPTURE(steps);
        Fixture f;
        Session session(f.host);
        FakeEditor editor;
        session.connect(a_stranger);
        if (steps > 0)
            session.mail("<a@b>", {}, "");
        if (steps > 1)
            session.rcpt("<c@d>");
        if (steps > 2)
            session.header("A", " b");
        if (steps > 3)
            session.end_of_header("1");
        if (steps > 4)
            session.body(std::string_view("body"));
        session.abort();
        session.abort();
        CHECK(f.calls.destroyed == f.calls.begun);
        CHECK(f.host->counts().aborted == (steps > 2 ? 1 : 0));
        CHECK(f.host->wait_until_idle(std::chrono::steady_clock::now()));
        CHECK(send_mail(session, editor).kind == Kind::proceed);
    }
}

TEST_CASE("SessionHost: stopping takes no new mail and lets those in work end")
{
    Fixture f;
    Session session(f.host), internal(f.host), late(f.host);
    FakeEditor editor;
    session.connect(a_stranger);
    internal.connect(made_up);
    session.mail("<a@b>", {}, "");
    session.header("A", " b");
    CHECK(f.host->wait_until_busy(std::chrono::steady_clock::now()));

    f.host->stop_taking();
    CHECK_FALSE(f.host->wait_until_idle(std::chrono::steady_clock::now() + 10ms));
    CHECK(late.connect(a_stranger).kind == Kind::defer);
    CHECK(send_mail(internal, editor).kind == Kind::proceed);

    std::thread finishing([&] {
        std::this_thread::sleep_for(50ms);
        session.end_of_header("1");
        CHECK(session.end_of_message("1", editor).kind == Kind::proceed);
    });
    CHECK(f.host->wait_until_idle(std::chrono::steady_clock::now() + 10s));
    finishing.join();
    CHECK(session.mail("<a@b>", {}, "").kind == Kind::defer);
    CHECK_FALSE(f.host->wait_until_busy(std::chrono::steady_clock::now()));
}

TEST_CASE("SessionHost: the gate closes when everybody has left")
{
    Fixture f;
    CHECK(f.host->enter());
    std::thread leaving([&] {
        std::this_thread::sleep_for(50ms);
        f.host->leave();
    });
    CHECK_FALSE(f.host->close(std::chrono::steady_clock::now()));
    CHECK_FALSE(f.host->enter());
    CHECK(f.host->close(std::chrono::steady_clock::now() + 10s));
    CHECK_FALSE(f.host->enter());
    leaving.join();
}

TEST_CASE("Session: a client whose mail is not looked at, and macros that make mail ours")
{
    Message seen;
    Fixture f;
    OriginRules rules;
    rules.ignored = *NetworkList::parse(std::vector<std::string>{"192.0.2.1", "localhost"});
    rules.macros = {{"{auth_type}"}};
    std::vector<ChainedFilter> filters;
    filters.push_back({std::make_unique<FakeFilter>(
        "fake", FakeFilter::Script{{}, {}, FakeFilter::Step::none, false,
                                   [&](const Message& message, const Findings&, Deadline) { seen = message; }},
        &f.calls)});
    f.host->set_chain(std::make_shared<FilterChain>(std::move(filters), ChainSettings{5s, rules}, f.log));

    CHECK(Session(f.host).connect(a_stranger).kind == Kind::accept);
    CHECK(Session(f.host).connect(made_up).kind == Kind::proceed); // Postfix's own is always looked at

    auto other = a_stranger;
    other.address = IpAddress::v4({192, 0, 2, 2});
    Session session(f.host);
    FakeEditor editor;
    CHECK(session.connect(other).kind == Kind::proceed);
    session.mail("<a@b>", {}, "");
    session.macros({{"{auth_type}", "PLAIN"}});
    send_content(session);
    session.end_of_message("1", editor);
    CHECK(seen.origin == Origin::ours);
    send_mail(session, editor); // the next mail has macros of its own
    CHECK(seen.origin == Origin::stranger);
}

TEST_CASE("Session: mail that is observed is let through as it is, whatever is said of it")
{
    auto observed = a_stranger;
    observed.is_observed = true;
    const HeaderEdit edit{HeaderEdit::Kind::insert, "A", "1", 0};
    for (const auto action : {FilterAction::reject, FilterAction::defer, FilterAction::discard, FilterAction::quarantine,
                              FilterAction::accept}) {
        Fixture f(FakeFilter::Script{{action, 0, "", "no", "why", {edit}}});
        Session session(f.host);
        FakeEditor editor;
        CHECK(session.connect(observed).kind == Kind::proceed);
        CHECK(send_mail(session, editor).kind == Kind::proceed);
        CHECK(editor.edits.empty());
        CHECK(f.host->counts().accepted == 1);
        REQUIRE_FALSE(f.log.lines.empty());
        const auto& line = f.log.lines.back();
        CHECK(line.find("action=accept would=" + std::string(filter_action_name(action))) != std::string::npos);
    }
}

TEST_CASE("Session: mail that is observed passes a daemon that cannot look at it")
{
    auto observed = a_stranger;
    observed.is_observed = true;
    FakeEditor editor;
    Fixture full({}, {.max_connections = 0});
    CHECK(Session(full.host).connect(observed).kind == Kind::accept);

    Fixture stopping;
    Session begun(stopping.host);
    CHECK(begun.connect(observed).kind == Kind::proceed);
    stopping.host->stop_taking();
    CHECK(begun.mail("<a@b>", {}, "").kind == Kind::accept);

    Fixture large({}, {.header_fields = 1});
    Session session(large.host);
    session.connect(observed);
    CHECK(send_mail(session, editor).kind == Kind::proceed);
    CHECK(session.fault("x").kind == Kind::proceed);
}

TEST_CASE("SessionHost: a new chain is for the mails whose header ends from now on")
{
    Fixture f(FakeFilter::Script{{FilterAction::reject, 0, "", "old", "", {}}});
    Session session(f.host);
    FakeEditor editor;
    session.connect(a_stranger);
    session.mail("<a@b>", {}, "");
    session.end_of_header("1");
    f.host->set_chain(std::make_shared<FilterChain>(std::vector<ChainedFilter>{}, ChainSettings{5s}, f.log));
    CHECK(session.end_of_message("1", editor).reply.text == "old");
    CHECK(send_mail(session, editor).kind == Kind::proceed);
}

} // namespace postern
