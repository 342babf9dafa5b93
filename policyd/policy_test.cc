#include "policyd/policy.h"

#include "test/fake/fake_log.h"
#include "test/run.h"

#include <algorithm>
#include <deque>
#include <doctest/doctest.h>
#include <stdexcept>

namespace postern {
namespace {

using namespace std::chrono_literals;

// Answers what it was told to, and counts how often it was asked. Every other one is waited for.
class FakeCheck final : public Check {
public:
    FakeCheck(std::string_view name, Verdict verdict, int& asked)
        : name_(name)
        , verdict_(std::move(verdict))
        , asked_(asked)
    {
    }

    std::string_view name() const override { return name_; }

    // Leaves a digit for each that does.
    void look_ahead(const PolicyRequest& request, Ahead what) override
    {
        request.ahead.recipient = request.ahead.recipient * 10 + static_cast<std::uint64_t>(what) + 1;
    }

    VerdictSoon ask(const PolicyRequest&, PolicyMessage&, Deadline) override
    {
        if (name_.front() % 2 == 0) // b, d, f
            return later();
        return now();
    }

private:
    Verdict now()
    {
        ++asked_;
        if (verdict_.reason == "throw")
            throw std::runtime_error("broken check");
        return verdict_;
    }
    asio::awaitable<Verdict> later() { co_return now(); }

    std::string_view name_;
    Verdict verdict_;
    int& asked_;
};

struct Given {
    Verdict verdict;
    bool observe = false;
};

// A policy over fake checks named a, b, c, ...
struct Fixture {
    explicit Fixture(std::vector<Given> given)
        : asked(given.size())
    {
        static constexpr std::string_view names = "abcdefgh";
        std::vector<ChainedCheck> checks;
        for (std::size_t i = 0; i < given.size(); ++i)
            checks.push_back(
                {std::make_unique<FakeCheck>(names.substr(i, 1), std::move(given[i].verdict), asked[i]),
                 given[i].observe});
        policy = std::make_unique<Policy>(std::move(checks), messages, counts, log,
                                          PolicyContexts::Names{"a", "b", "c", "z"});
    }

    // The action alone.
    std::string ask(std::string state, std::string recipient = "r@example.org", std::uint64_t connection = 1,
                    std::string instance = "i.1", std::string context = "")
    {
        PolicyRequest request;
        request.protocol_state = std::move(state);
        request.recipient = std::move(recipient);
        request.instance = std::move(instance);
        request.policy_context = std::move(context);
        request.client_address = "192.0.2.1";
        request.sender = "s@example.net";
        std::string reply = "that of the last request";
        if (auto later = answer(request, connection, reply))
            run(std::move(*later));
        REQUIRE(reply.size() > 9);
        REQUIRE(reply.substr(0, 7) == "action=");
        REQUIRE(reply.substr(reply.size() - 2) == "\n\n");
        return reply.substr(7, reply.size() - 9);
    }

    // As far as it goes without waiting; what brings the rest.
    std::optional<asio::awaitable<void>> answer(const PolicyRequest& request, std::uint64_t connection, std::string& reply)
    {
        const auto now = std::chrono::steady_clock::now();
        auto& way = ways.emplace_back();
        policy->begin(way, request, connection, now, now + 20s, reply);
        while (!way.is_done())
            if (auto later = policy->go_on(way))
                return later;
        return std::nullopt;
    }

    Explanation explain(std::string context = "")
    {
        PolicyRequest request;
        request.protocol_state = "RCPT";
        request.recipient = "r@example.org";
        request.policy_context = std::move(context);
        return run(policy->explain(std::move(request), std::chrono::steady_clock::now() + 20s));
    }

    std::vector<int> asked;
    std::deque<PolicyRun> ways; // of all requests
    MessageStore messages;
    PolicyCounts counts;
    FakeLog log;
    std::unique_ptr<Policy> policy;
};

Verdict reject(std::string text)
{
    return {.action = Action::reject, .code = 550, .text = std::move(text)};
}

Verdict defer(std::string text)
{
    return {.action = Action::defer_if_permit, .text = std::move(text)};
}

Verdict remark(Action action, std::string text)
{
    return {.action = action, .text = std::move(text)};
}

Verdict header(std::string field)
{
    return {.header = std::move(field)};
}

} // namespace

TEST_CASE("Policy: which verdict is the answer")
{
    struct Case {
        const char* name;
        std::vector<Given> given;
        std::string want;
        std::vector<int> want_asked;
    };
    const Case cases[] = {
        {"no check", {}, "DUNNO", {}},
        {"none has anything to say", {{{}}, {{}}}, "DUNNO", {1, 1}},
        {"the first refusal ends the chain", {{reject("x")}, {reject("y")}}, "550 5.7.1 x", {1, 0}},
        {"a later check may refuse", {{{}}, {reject("y")}}, "550 5.7.1 y", {1, 1}},
        {"a discard ends the chain", {{remark(Action::discard, "x")}, {reject("y")}}, "DISCARD x", {1, 0}},
        {"a temporary one is kept while the rest runs", {{defer("x")}, {{}}}, "DEFER_IF_PERMIT 4.7.1 x", {1, 1}},
        {"the first temporary one counts", {{defer("x")}, {defer("y")}}, "DEFER_IF_PERMIT 4.7.1 x", {1, 1}},
        {"a permanent one wins over it", {{defer("x")}, {reject("y")}, {{}}}, "550 5.7.1 y", {1, 1, 0}},
        {"a 4NN of reject is temporary",
         {{{.action = Action::reject, .code = 450, .text = "x"}}, {reject("y")}},
         "550 5.7.1 y",
         {1, 1}},
        {"a remark stands if nothing refuses", {{remark(Action::hold, "x")}, {{}}}, "HOLD x", {1, 1}},
        {"the first remark counts",
         {{remark(Action::hold, "x")}, {remark(Action::warn, "y")}},
         "HOLD x",
         {1, 1}},
        {"a refusal wins over a remark", {{remark(Action::hold, "x")}, {defer("y")}}, "DEFER_IF_PERMIT 4.7.1 y", {1, 1}},
        {"a refusal observed is none", {{reject("x"), true}, {{}}}, "DUNNO", {1, 1}},
        {"a refusal observed does not end the chain", {{reject("x"), true}, {reject("y")}}, "550 5.7.1 y", {1, 1}},
        {"a header observed is none", {{header("A: 1"), true}}, "DUNNO", {1}},
        {"a header", {{header("A: 1")}}, "PREPEND A: 1", {1}},
        {"a refusal wins over a header", {{header("A: 1")}, {defer("y")}}, "DEFER_IF_PERMIT 4.7.1 y", {1, 1}},
        {"a remark wins over a header", {{header("A: 1")}, {remark(Action::warn, "y")}}, "WARN y", {1, 1}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Fixture fixture(c.given);
        CHECK(fixture.ask("RCPT") == c.want);
        CHECK(fixture.asked == c.want_asked);

        Fixture explained(c.given); // says the same, and leaves nothing behind
        CHECK(explained.explain().reply == "action=" + c.want + "\n\n");
        CHECK(explained.asked == c.want_asked);
        CHECK(explained.counts.requests == 0);
        CHECK(explained.counts.time.count() == 0);
        for (const auto& [name, check] : explained.counts.checks)
            CHECK(check.time.count() == 0);
        CHECK(explained.messages.size() == 0);
        CHECK(explained.log.lines.empty());
    }
}

TEST_CASE("Policy: a place of main.cf is asked what its context names, in the order of the chain")
{
    struct Case {
        const char* context;
        std::vector<int> want_asked;
    };
    const Case cases[] = {
        {"", {1, 1, 1}}, {"b", {0, 1, 0}}, {"c,a", {1, 0, 1}}, {"z", {0, 0, 0}}, {"a,y", {1, 1, 1}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.context);
        Fixture fixture({{header("A: 1")}, {header("B: 2")}, {header("C: 3")}});
        fixture.ask("RCPT", "r@x", 1, "i.1", c.context);
        CHECK(fixture.asked == c.want_asked);
    }
}

TEST_CASE("Policy: the checks that are asked look ahead, one step after the other, as far as one wants")
{
    for (const int steps : {0, 1, 4, 5}) {
        CAPTURE(steps);
        Fixture fixture({{{.reason = "first"}}, {{}}, {{.reason = "third"}}});
        PolicyRequest request;
        request.protocol_state = "RCPT";
        request.policy_context = "a,c";
        request.ahead.recipient = 99; // of the request before
        std::string reply;
        PolicyRun way;
        const auto now = std::chrono::steady_clock::now();
        fixture.policy->begin(way, request, 1, now, now + 20s, reply);
        for (int i = 0; i < steps; ++i)
            CHECK(fixture.policy->look_ahead(way) == (i < 4));
        CHECK(request.ahead.recipient == (steps == 0 ? 0 : steps == 1 ? 11 : 11223344));
        while (!way.is_done())
            CHECK_FALSE(fixture.policy->go_on(way));
        CHECK_FALSE(fixture.policy->look_ahead(way));
        CHECK(reply == "action=DUNNO\n\n");
        CHECK(fixture.asked == std::vector<int>{1, 0, 1});
    }
}

TEST_CASE("Policy: a place that observes is answered DUNNO, and the record says what would have been answered")
{
    struct Case {
        std::vector<Given> given;
        std::string_view want_would;
    };
    const Case cases[] = {
        {{{reject("x")}, {reject("y")}}, "would=reject"},
        {{{}, {defer("y")}}, "would=defer_if_permit"},
        {{{header("A: 1")}}, "would=dunno"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.want_would);
        Fixture fixture(c.given);
        CHECK(fixture.ask("RCPT", "r@x", 1, "i.1", "observe") == "DUNNO");
        CHECK(fixture.ask("DATA", "r@x", 1, "i.1", "observe") == "DUNNO"); // no header is due
        CHECK(fixture.counts.headers == 0);
        CHECK(fixture.counts.answers[static_cast<std::size_t>(Action::dunno)] == 1);
        REQUIRE(fixture.log.lines.size() == 1);
        CHECK(fixture.log.lines[0].find("action=dunno") != std::string::npos);
        CHECK(fixture.log.lines[0].find(c.want_would) != std::string::npos);
    }
}

TEST_CASE("Policy: what a place that observes finds out is for other such places alone")
{
    // As SPF does: asked once a message, and then its header goes out; and as the DNS lists do.
    class OnceCheck final : public Check {
    public:
        std::string_view name() const override { return "once"; }
        VerdictSoon ask(const PolicyRequest&, PolicyMessage& message, Deadline) override
        {
            seen = message.dnsbl_score.value_or(0);
            message.dnsbl_score = -3;
            const bool is_new = !std::exchange(message.spf_mail_from, std::make_shared<const SpfAnswer>());
            return Verdict{.header = is_new ? "A: 1" : ""};
        }
        int seen = 1;
    };
    Fixture fixture({});
    auto check = std::make_unique<OnceCheck>();
    const auto& asked = *check;
    std::vector<ChainedCheck> checks;
    checks.push_back({std::move(check)});
    fixture.policy = std::make_unique<Policy>(std::move(checks), fixture.messages, fixture.counts, fixture.log);

    CHECK(fixture.ask("RCPT", "r@x", 1, "i.1", "observe") == "DUNNO");
    CHECK(fixture.ask("RCPT", "r@x", 2, "i.1", "once+observe") == "DUNNO");
    CHECK(asked.seen == -3);
    CHECK(fixture.ask("RCPT", "r@x", 3, "i.1") == "PREPEND A: 1");
    CHECK(asked.seen == 0);
}

TEST_CASE("Policy: an explanation has every check, asked or not")
{
    Fixture fixture({{{.reason = "fine"}}, {reject("x"), true}, {header("A: 1")}, {reject("z")}, {reject("y")}});
    const auto all = fixture.explain();
    REQUIRE(all.checks.size() == 5);
    CHECK(all.checks[0].check == "a");
    CHECK(all.checks[0].verdict.reason == "fine");
    CHECK(all.checks[1].is_observed);
    CHECK(all.checks[1].verdict.action == Action::reject);
    CHECK(all.checks[2].verdict.header == "A: 1");
    CHECK(all.checks[4].not_asked == "the answer is certain");
    CHECK(all.decided_by == "d");

    const auto some = fixture.explain("b,c");
    REQUIRE(some.checks.size() == 5);
    CHECK(some.checks[0].not_asked == "policy_context names others");
    CHECK(some.checks[1].not_asked.empty());
    CHECK(some.decided_by.empty());
    CHECK(some.reply == "action=PREPEND A: 1\n\n");

    const auto observed = fixture.explain("observe");
    CHECK(observed.decided_by == "d");
    CHECK(std::all_of(observed.checks.begin(), observed.checks.end(), [](const auto& part) { return part.is_observed; }));
    CHECK(observed.reply == "action=DUNNO\n\n");
}

TEST_CASE("Policy: a check may tell the operator how it decides, but no one else")
{
    class TellingCheck final : public Check {
    public:
        std::string_view name() const override { return "telling"; }
        VerdictSoon ask(const PolicyRequest& request, PolicyMessage&, Deadline) override
        {
            if (request.notes)
                request.notes->push_back("asked two servers");
            return Verdict{.reason = request.notes ? "dry" : "real"};
        }
    };
    Fixture fixture({});
    std::vector<ChainedCheck> checks;
    checks.push_back({std::make_unique<TellingCheck>()});
    fixture.policy = std::make_unique<Policy>(std::move(checks), fixture.messages, fixture.counts, fixture.log);
    const auto explanation = fixture.explain();
    REQUIRE(explanation.checks.size() == 1);
    CHECK(explanation.checks[0].notes == std::vector<std::string>{"asked two servers"});
    CHECK(explanation.checks[0].verdict.reason == "dry");
    fixture.ask("RCPT");
    REQUIRE(fixture.log.lines.size() == 1);
    CHECK(fixture.log.lines[0].find("telling=dunno real") != std::string::npos);
}

TEST_CASE("Policy: a context that names no check is said once")
{
    Fixture fixture({Given{}});
    CHECK(fixture.ask("RCPT", "r@x", 1, "i.1", "a,spff") == "DUNNO");
    CHECK(fixture.ask("RCPT", "r@x", 1, "i.2", "a,spff") == "DUNNO");

    const auto is_said = [](const std::string& line) { return line.starts_with("policy_context "); };
    CHECK(std::count_if(fixture.log.lines.begin(), fixture.log.lines.end(), is_said) == 1);
    CHECK(fixture.log.lines[0]
          == "policy_context policy_context=a,spff problem=no check is called spff asked=the whole chain");
}

TEST_CASE("Policy: two places of main.cf, each over a connection of its own, share a message and its headers")
{
    Fixture fixture({{header("A: 1")}, {header("B: 2")}});
    CHECK(fixture.ask("RCPT", "r@x", 1, "i.1", "a") == "PREPEND A: 1");
    CHECK(fixture.ask("RCPT", "r@x", 2, "i.1", "b") == "PREPEND B: 2"); // not a repetition of the first
    CHECK(fixture.ask("RCPT", "r@x", 3, "i.1", "b") == "PREPEND B: 2"); // this is one
    CHECK(fixture.ask("DATA", "", 1, "i.1") == "DUNNO");
}

TEST_CASE("Policy: only RCPT is decided")
{
    Fixture fixture({{reject("x")}});
    for (const auto* state : {"CONNECT", "EHLO", "HELO", "MAIL", "DATA", "END-OF-MESSAGE", "VRFY", "ETRN", "", "rcpt"})
        CHECK(fixture.ask(state) == "DUNNO");
    CHECK(fixture.asked[0] == 0);
    CHECK(fixture.log.lines.empty());
    CHECK(fixture.counts.requests == 10);
}

TEST_CASE("Policy: one header an answer, and each once a message")
{
    Fixture fixture({{header("A: 1")}, {header("B: 2")}});
    SUBCASE("recipient, recipient, recipient")
    {
        CHECK(fixture.ask("RCPT", "a@x") == "PREPEND A: 1");
        CHECK(fixture.ask("RCPT", "b@x") == "PREPEND B: 2");
        CHECK(fixture.ask("RCPT", "c@x") == "DUNNO");
    }
    SUBCASE("one recipient: the second header goes out at DATA")
    {
        CHECK(fixture.ask("RCPT", "a@x") == "PREPEND A: 1");
        CHECK(fixture.ask("DATA", "") == "PREPEND B: 2");
        CHECK(fixture.ask("END-OF-MESSAGE", "") == "DUNNO");
    }
    SUBCASE("nothing goes out at END-OF-MESSAGE, where Postfix could not use it")
    {
        CHECK(fixture.ask("RCPT", "a@x") == "PREPEND A: 1");
        CHECK(fixture.ask("END-OF-MESSAGE", "") == "DUNNO");
    }
    SUBCASE("at DATA without a header the message is over")
    {
        CHECK(fixture.ask("RCPT", "a@x") == "PREPEND A: 1");
        CHECK(fixture.ask("DATA", "") == "PREPEND B: 2");
        CHECK(fixture.messages.size() == 1); // Postfix may ask once more
        CHECK(fixture.ask("RCPT", "a@x", 1, "i.2") == "PREPEND A: 1");
        CHECK(fixture.ask("RCPT", "b@x", 1, "i.2") == "PREPEND B: 2");
        CHECK(fixture.ask("DATA", "", 1, "i.2") == "DUNNO");
        CHECK(fixture.messages.size() == 1);
    }
    SUBCASE("another message has its own")
    {
        CHECK(fixture.ask("RCPT", "a@x", 1, "i.1") == "PREPEND A: 1");
        CHECK(fixture.ask("RCPT", "a@x", 1, "i.2") == "PREPEND A: 1");
    }
    SUBCASE("a request repeated over another connection is answered as before")
    {
        CHECK(fixture.ask("RCPT", "a@x", 1) == "PREPEND A: 1");
        CHECK(fixture.ask("RCPT", "a@x", 2) == "PREPEND A: 1");
        CHECK(fixture.ask("RCPT", "b@x", 2) == "PREPEND B: 2");
        CHECK(fixture.ask("DATA", "", 2) == "DUNNO");
    }
    SUBCASE("an empty instance is no message")
    {
        CHECK(fixture.ask("RCPT", "a@x", 1, "") == "PREPEND A: 1");
        CHECK(fixture.ask("RCPT", "b@x", 1, "") == "PREPEND A: 1");
        CHECK(fixture.ask("DATA", "", 1, "") == "DUNNO");
    }
}

TEST_CASE("Policy: a header of a recipient that is refused goes out with the next")
{
    std::vector<int> asked(2);
    // setup: the second check refuses one recipient only
    class RefuseOne final : public Check {
    public:
        std::string_view name() const override { return "one"; }
        VerdictSoon ask(const PolicyRequest& request, PolicyMessage&, Deadline) override
        {
            return request.recipient == "a@x" ? defer("later") : Verdict{};
        }
    };
    Fixture fixture({});
    std::vector<ChainedCheck> checks;
    checks.push_back({std::make_unique<FakeCheck>("spf", header("A: 1"), asked[0]), false});
    checks.push_back({std::make_unique<RefuseOne>(), false});
    fixture.policy = std::make_unique<Policy>(std::move(checks), fixture.messages, fixture.counts, fixture.log);

    CHECK(fixture.ask("RCPT", "a@x") == "DEFER_IF_PERMIT 4.7.1 later");
    CHECK(fixture.ask("RCPT", "b@x") == "PREPEND A: 1");
}

TEST_CASE("Policy: one line a recipient, with each check's verdict and reason")
{
    Fixture fixture({{{.reason = "pass"}},
                     {{.action = Action::reject, .code = 550, .text = "go", .reason = "listed"}, true},
                     {{.action = Action::defer_if_permit, .text = "wait", .reason = "new"}}});
    fixture.ask("RCPT");

    REQUIRE(fixture.log.lines.size() == 1);
    const auto& line = fixture.log.lines[0];
    CAPTURE(line);
    for (const auto* want : {"decision action=defer_if_permit", " check=c", " reason=new", " text=wait", " instance=i.1",
                             " client=192.0.2.1", " sender=s@example.net", " recipient=r@example.org", " a=dunno pass ",
                             " b=would-reject listed ", " c=defer_if_permit new ", "us"})
        CHECK(line.find(want) != std::string::npos);
}

TEST_CASE("Policy: a header is in the line as the action prepend")
{
    Fixture fixture({{header("A: 1")}});
    fixture.ask("RCPT");
    REQUIRE(fixture.log.lines.size() == 1);
    CHECK(fixture.log.lines[0].find("action=prepend") != std::string::npos);
}

TEST_CASE("Policy: counts")
{
    Fixture fixture({{header("A: 1")}, {reject("x"), true}});
    fixture.ask("RCPT", "a@x");
    fixture.ask("RCPT", "b@x");
    fixture.ask("DATA", "");

    CHECK(fixture.counts.requests == 3);
    CHECK(fixture.counts.of(Action::dunno) == 2);
    CHECK(fixture.counts.of(Action::reject) == 0);
    CHECK(fixture.counts.headers == 1);
    CHECK(fixture.counts.checks.at("a").of(Action::dunno) == 2);
    CHECK(fixture.counts.checks.at("b").of(Action::reject) == 2);
    CHECK(fixture.counts.checks.at("b").observed == 2);
    CHECK(fixture.counts.checks.at("a").observed == 0);
}

TEST_CASE("Policy: an exception of a check leaves the chain")
{
    PolicyRequest request;
    request.protocol_state = "RCPT";
    std::string reply;
    Fixture at_once({{{.reason = "throw"}}});
    CHECK_THROWS_AS(at_once.answer(request, 1, reply), std::runtime_error);

    Fixture later({{{}}, {{.reason = "throw"}}});
    auto answer = later.answer(request, 1, reply);
    REQUIRE(answer);
    CHECK_THROWS_AS(run(std::move(*answer)), std::runtime_error);
}

TEST_CASE("Policy: another request is answered while one waits")
{
    Fixture fixture({{{.reason = "first"}}, {{.reason = "second"}}});
    PolicyRequest waiting, other;
    waiting.protocol_state = other.protocol_state = "RCPT";
    waiting.recipient = "waiting@example.org";
    other.recipient = "other@example.org";
    other.policy_context = "a";
    std::string late, soon;
    auto answer = fixture.answer(waiting, 1, late);
    REQUIRE(answer);
    CHECK_FALSE(fixture.answer(other, 2, soon));
    CHECK(soon == "action=DUNNO\n\n");
    run(std::move(*answer));
    CHECK(late == "action=DUNNO\n\n");

    REQUIRE(fixture.log.lines.size() == 2);
    CHECK(fixture.log.lines[0].find("recipient=other@example.org a=dunno first") != std::string::npos);
    CHECK(fixture.log.lines[0].find("second") == std::string::npos);
    CHECK(fixture.log.lines[1].find("recipient=waiting@example.org a=dunno first") != std::string::npos);
    CHECK(fixture.log.lines[1].find("b=dunno second") != std::string::npos);
}

} // namespace postern
