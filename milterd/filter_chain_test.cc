#include "milterd/filter_chain.h"

#include "test/fake/fake_filter.h"
#include "test/fake/fake_log.h"

#include <doctest/doctest.h>
#include <thread>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Step = FakeFilter::Step;

FilterVerdict verdict_of(FilterAction action, std::string reason = {})
{
    return {
        action, 0, "7.1", "text of " + reason, std::move(reason), {{HeaderEdit::Kind::insert, "X-Test", reason, 0}}};
}

struct Chained {
    const char* name;
    FakeFilter::Script script;
    bool observe = false;
};

std::shared_ptr<FilterChain> chain_of(std::vector<Chained> scripts, Log& log, FakeFilter::Calls* calls = nullptr)
{
    std::vector<ChainedFilter> filters;
    for (auto& chained : scripts)
        filters.push_back(
            {std::make_unique<FakeFilter>(chained.name, std::move(chained.script), calls), chained.observe});
    return std::make_shared<FilterChain>(std::move(filters), ChainSettings{5s}, log);
}

Message a_message(bool is_internal = false)
{
    Message message;
    message.queue_id = "4XyZ12";
    message.client_name = "mail.example.org";
    if (!is_internal)
        message.client = IpAddress::v4({192, 0, 2, 1});
    message.helo = "helo.example.org";
    message.sender = parse_mail_address("alice@example.org");
    for (const char* recipient : {"a@example.com", "b@example.com", "c@example.com", "d@example.com"})
        message.recipients.push_back(parse_mail_address(recipient));
    message.recipient_count = 4;
    message.body_size = 42;
    message.is_internal = is_internal;
    return message;
}

Decision decide(std::vector<Chained> scripts, Log& log, bool is_internal = false, FakeFilter::Calls* calls = nullptr)
{
    auto message = a_message(is_internal);
    ChainPass pass(chain_of(std::move(scripts), log, calls), message);
    pass.body(std::string_view("body"));
    return pass.finish();
}

} // namespace

TEST_CASE("FilterChain: the worst verdict wins, the first of equals; edits go with what is taken")
{
    using enum FilterAction;
    struct Case {
        const char* name;
        std::vector<FilterVerdict> verdicts;
        FilterAction want_action;
        const char* want_reason;
        std::size_t want_edits;
    };
    const Case cases[] = {
        {"no filter", {}, accept, "", 0},
        {"all accept", {verdict_of(accept), verdict_of(accept)}, accept, "", 2},
        {"a reason of who accepts is not the mail's", {verdict_of(accept, "clean")}, accept, "", 1},
        {"quarantine is worse than accept", {verdict_of(accept), verdict_of(quarantine, "q")}, quarantine, "q", 2},
        {"defer is worse than quarantine", {verdict_of(defer, "d"), verdict_of(quarantine, "q")}, defer, "d", 0},
        {"discard is worse than defer", {verdict_of(defer, "d"), verdict_of(discard, "x")}, discard, "x", 0},
        {"reject is worse than discard", {verdict_of(discard, "x"), verdict_of(reject, "r")}, reject, "r", 0},
        {"the first of two rejects", {verdict_of(reject, "1"), verdict_of(reject, "2")}, reject, "1", 0},
        {"the first of two defers", {verdict_of(defer, "1"), verdict_of(defer, "2")}, defer, "1", 0},
        {"a permanent refusal after a temporary one",
         {verdict_of(defer, "1"), verdict_of(reject, "2")},
         reject,
         "2",
         0},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        FakeLog log;
        std::vector<Chained> scripts;
        for (const auto& verdict : c.verdicts)
            scripts.push_back({"fake", {verdict}});
        const auto decision = decide(std::move(scripts), log);
        CHECK(decision.action == c.want_action);
        CHECK(decision.reason == c.want_reason);
        CHECK(decision.filter == (*c.want_reason ? "fake" : ""));
        CHECK(decision.text == (*c.want_reason ? "text of " + decision.reason : ""));
        CHECK(decision.edits.size() == c.want_edits);
        CHECK(log.lines.size() == 1);
    }
}

TEST_CASE("FilterChain: internal mail is never rejected, and Postfix's own never deferred")
{
    using enum FilterAction;
    struct Case {
        FilterAction verdict;
        bool is_notice;
        FilterAction want_action;
        std::size_t want_edits;
    };
    const Case cases[] = {{accept, true, accept, 1},         {accept, false, accept, 1},
                          {quarantine, true, quarantine, 1}, {quarantine, false, quarantine, 1},
                          {defer, true, accept, 1},          {defer, false, defer, 0},
                          {discard, true, discard, 0},       {discard, false, discard, 0},
                          {reject, true, quarantine, 1},     {reject, false, quarantine, 1}};
    for (const auto& c : cases) {
        CAPTURE(filter_action_name(c.verdict));
        CAPTURE(c.is_notice);
        FakeLog log;
        auto message = a_message(true);
        message.is_notice = c.is_notice;
        const auto decision = ChainPass(chain_of({{"fake", {verdict_of(c.verdict, "because")}}}, log), message).finish();
        CHECK(decision.action == c.want_action);
        CHECK(decision.edits.size() == c.want_edits);
        const bool is_shown =
            log.lines[0].find(fmt::format("fake={} because", filter_action_name(c.verdict))) != std::string::npos;
        CHECK(is_shown); // the record shows what it would have been
    }
    FakeLog log; // neither does a fault refuse it
    auto notice = a_message(true);
    notice.is_notice = true;
    CHECK(ChainPass(chain_of({{"fake", {{}, {}, Step::verdict}}}, log), notice).finish().action == accept);
}

TEST_CASE("FilterChain: a refusal ends the asking, and every pass ends")
{
    FakeLog log;
    FakeFilter::Calls calls;
    decide({{"one", {}}, {"two", {verdict_of(FilterAction::reject)}}, {"three", {}}}, log, false, &calls);
    CHECK(calls.begun == 3);
    CHECK(calls.header_complete == 3);
    CHECK(calls.octets == 3 * 4);
    CHECK(calls.message_complete == 3);
    CHECK(calls.judged == 2);
    CHECK(calls.destroyed == 3);
    CHECK(log.lines[0].find("three=") == std::string::npos);
}

TEST_CASE("FilterChain: a filter that observes decides and is logged, and nothing comes of it")
{
    FakeLog log;
    bool has_seen_finding = false;
    const FakeFilter::Script watching{
        {}, {}, Step::none, false, [&](const Message&, const Findings& findings, Deadline) {
            has_seen_finding = !findings.auth_results.empty();
        }};
    const auto decision = decide(
        {{"spf", {verdict_of(FilterAction::reject, "fail"), {{"spf", "fail", "", "", {}}}}, true}, {"next", watching}},
        log);
    CHECK(decision.action == FilterAction::accept);
    CHECK(decision.edits.empty());
    CHECK_FALSE(has_seen_finding);
    CHECK(log.lines[0].find(" spf=would-reject fail ") != std::string::npos);
    CHECK(log.lines[0].find(" next=accept ") != std::string::npos);

    FakeLog other;
    CHECK(decide({{"spf", {{}, {}, Step::verdict}, true}}, other).action == FilterAction::accept);
}

TEST_CASE("FilterChain: DMARC goes by what filters that observe have found")
{
    class Finder final : public Filter, public FilterPass {
    public:
        std::string_view name() const override { return "finder"; }
        std::unique_ptr<FilterPass> begin(const Message&) override { return std::make_unique<Finder>(); }
        FilterVerdict verdict(const Message&, Findings& findings, Deadline) override
        {
            findings.auth_results.push_back({"dkim", "pass", "", "", {}});
            findings.identifiers.push_back({Identifier::Method::dkim, Identifier::Outcome::pass, "a.example"});
            return {};
        }
    };
    std::size_t results = 9, identifiers = 9;
    const FakeFilter::Script looking{{}, {}, Step::none, false, [&](const Message&, const Findings& findings, Deadline) {
                                         results = findings.auth_results.size();
                                         identifiers = findings.identifiers.size();
                                     }};
    std::vector<ChainedFilter> filters;
    filters.push_back({std::make_unique<Finder>(), true});
    filters.push_back({std::make_unique<FakeFilter>("next", looking)});
    FakeLog log;
    Message message;
    ChainPass(std::make_shared<const FilterChain>(std::move(filters), ChainSettings{std::chrono::seconds(5)}, log), message)
        .finish();
    CHECK(results == 0);
    CHECK(identifiers == 1);
}

TEST_CASE("FilterChain: what one filter finds, the next one sees")
{
    FakeLog log;
    std::vector<std::string> seen;
    const FakeFilter::Script looking{
        {}, {}, Step::none, false, [&](const Message&, const Findings& findings, Deadline) {
            for (const auto& result : findings.auth_results)
                seen.push_back(result.method);
        }};
    decide({{"spf", {{}, {{"spf", "pass", "", "", {}}}}},
            {"dkim", {{}, {{"dkim", "none", "", "", {}}}}},
            {"last", looking}},
           log);
    CHECK(seen == std::vector<std::string>{"spf", "dkim"});
}

TEST_CASE("FilterChain: an exception of a filter defers; the others are asked all the same")
{
    for (const auto step : {Step::begin, Step::header_complete, Step::body, Step::message_complete, Step::verdict}) {
        CAPTURE(static_cast<int>(step));
        FakeLog log;
        FakeFilter::Calls calls;
        const auto decision = decide({{"bad", {{}, {}, step}}, {"good", {}}}, log, false, &calls);
        CHECK(decision.action == FilterAction::defer);
        CHECK(decision.filter == "bad");
        CHECK(decision.reason == "fault");
        CHECK(decision.status == "3.0");
        REQUIRE(log.lines.size() == 2);
        CHECK(log.lines[0].find("filter_fault filter=bad queue_id=4XyZ12 what=") == 0);
        CHECK(log.lines[1].find(" good=accept ") != std::string::npos);
        CHECK(calls.destroyed == (step == Step::begin ? 1 : 2));

        FakeLog refused; // an exception does not weaken a refusal
        CHECK(decide({{"bad", {{}, {}, step}}, {"no", {verdict_of(FilterAction::reject)}}}, refused).action
              == FilterAction::reject);
    }
}

TEST_CASE("FilterChain: a filter with nothing to say is out of the race")
{
    FakeLog log;
    FakeFilter::Calls calls;
    FakeFilter::Script script{verdict_of(FilterAction::reject)};
    script.has_nothing_to_say = true;
    CHECK(decide({{"mute", script}}, log, false, &calls).action == FilterAction::accept);
    CHECK(calls.judged == 0);
    CHECK(log.lines[0].find("mute=") == std::string::npos);
}

TEST_CASE("FilterChain: the record of a decision")
{
    FakeLog log;
    auto message = a_message();
    message.login = "alice";
    ChainPass(chain_of({{"clamav", {verdict_of(FilterAction::reject, "infected")}}}, log), message).finish();
    REQUIRE(log.lines.size() == 1);
    const auto& line = log.lines[0];
    const std::string want =
        "message queue_id=4XyZ12 action=reject filter=clamav reason=infected text=text of infected client=192.0.2.1"
        " client_name=mail.example.org helo=helo.example.org login=alice origin=ours"
        " sender=alice@example.org recipients=4 to=a@example.com,b@example.com,c@example.com size=42"
        " clamav=reject infected ";
    CHECK(line.substr(0, want.size()) == want);

    FakeLog internal;
    auto bounce = a_message(true);
    ChainPass(chain_of({}, internal), bounce).finish();
    CHECK(internal.lines[0].find(" client= ") != std::string::npos);
    CHECK(internal.lines[0].find(" origin=internal ") != std::string::npos);
}

TEST_CASE("FilterChain: a line for each recipient, where a filter wants it")
{
    FakeLog log;
    auto found = verdict_of(FilterAction::quarantine, "infected X");
    found.log_recipients = true;
    auto message = a_message();
    ChainPass(chain_of({{"spf", {verdict_of(FilterAction::accept, "pass")}}, {"clamav", {found}}}, log), message).finish();
    REQUIRE(log.lines.size() == 5);
    CHECK(log.lines[2]
          == "recipient queue_id=4XyZ12 recipient=b@example.com action=quarantine sender=alice@example.org"
             " clamav=infected X");
}

TEST_CASE("FilterChain counts what each filter decides")
{
    FakeLog log;
    const auto counts = std::make_shared<FilterCounts>();
    for (int i = 0; i < 3; ++i) {
        std::vector<ChainedFilter> filters;
        filters.push_back(
            {std::make_unique<FakeFilter>("spf", FakeFilter::Script{verdict_of(FilterAction::reject)}), true});
        filters.push_back({std::make_unique<FakeFilter>("bad", FakeFilter::Script{{}, {}, Step::body})});
        filters.push_back(
            {std::make_unique<FakeFilter>("clamav", FakeFilter::Script{verdict_of(FilterAction::reject)})});
        filters.push_back({std::make_unique<FakeFilter>("last", FakeFilter::Script{})}); // not asked
        auto message = a_message();
        ChainPass pass(std::make_shared<FilterChain>(std::move(filters), ChainSettings{5s, {}, counts}, log), message);
        pass.body(std::string_view("body"));
        pass.finish();
    }
    const auto all = counts->all();
    REQUIRE(all.size() == 3);
    CHECK(all.at("spf").verdicts[static_cast<std::size_t>(FilterAction::reject)] == 3);
    CHECK(all.at("spf").observed == 3);
    CHECK(all.at("bad").verdicts[static_cast<std::size_t>(FilterAction::defer)] == 3);
    CHECK(all.at("bad").faults == 3);
    CHECK(all.at("clamav").verdicts[static_cast<std::size_t>(FilterAction::reject)] == 3);
    CHECK(all.at("clamav").observed == 0);
}

TEST_CASE("FilterChain counts what was found of each method, also by filters that observe")
{
    FakeLog log;
    const auto counts = std::make_shared<FilterCounts>();
    for (int i = 0; i < 2; ++i) {
        std::vector<ChainedFilter> filters;
        filters.push_back({std::make_unique<FakeFilter>(
            "dkim_verify", FakeFilter::Script{{}, {{"dkim", "pass", "", "", {}}, {"dkim", "fail", "", "", {}}}})});
        filters.push_back(
            {std::make_unique<FakeFilter>("dmarc", FakeFilter::Script{{}, {{"dmarc", "none", "", "", {}}}}), true});
        auto message = a_message();
        ChainPass(std::make_shared<FilterChain>(std::move(filters), ChainSettings{5s, {}, counts}, log), message).finish();
    }
    CHECK(counts->results() == FilterCounts::Results{{"dkim", {{"fail", 2}, {"pass", 2}}}, {"dmarc", {{"none", 2}}}});
}

TEST_CASE("FilterChain: one deadline for all filters, counted from the end of the message")
{
    FakeLog log;
    std::vector<Deadline> deadlines;
    const FakeFilter::Script slow{{}, {}, Step::none, false, [&](const Message&, const Findings&, Deadline deadline) {
                                      deadlines.push_back(deadline);
                                      std::this_thread::sleep_for(20ms);
                                  }};
    const auto before = std::chrono::steady_clock::now();
    decide({{"one", slow}, {"two", slow}}, log);
    REQUIRE(deadlines.size() == 2);
    CHECK(deadlines[0] == deadlines[1]);
    CHECK(deadlines[0] >= before + 5s);
    CHECK(deadlines[0] <= std::chrono::steady_clock::now() + 5s);
}

TEST_CASE("FilterChain: a pass that Postfix gives up ends its filters' passes, without a record")
{
    FakeLog log;
    FakeFilter::Calls calls;
    auto message = a_message();
    {
        ChainPass pass(chain_of({{"one", {}}, {"two", {}}}, log, &calls), message);
        pass.body(std::string_view("half of a bo"));
    }
    CHECK(calls.destroyed == 2);
    CHECK(calls.judged == 0);
    CHECK(log.lines.empty());
}

TEST_CASE("FilterChain: a mail in flight stays with the chain that it began with")
{
    FakeLog log;
    auto message = a_message();
    auto chain = chain_of({{"old", {verdict_of(FilterAction::reject, "old")}}}, log);
    ChainPass pass(chain, message);
    chain = chain_of({{"new", {}}}, log); // a reload
    CHECK(pass.finish().reason == "old");
}

} // namespace postern
