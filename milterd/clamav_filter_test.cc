#include "milterd/clamav_filter.h"

#include "test/fake/fake_clamd.h"
#include "test/scratch_clamd.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

ClamavSettings settings_for(const std::string& clamd)
{
    ClamavSettings settings;
    settings.enable = true;
    settings.clamd = clamd;
    settings.infected = InfectedAction::reject;
    settings.failure = ScanFailureAction::defer;
    settings.max_size = 1 << 20;
    settings.oversize = OversizeAction::accept;
    settings.wait = 0s;
    settings.reload_wait = 30s;
    settings.text = "100%% infected: %v";
    return settings;
}

Message message_with(std::vector<HeaderField> header)
{
    Message message;
    message.queue_id = "4XyZ12";
    message.header = std::move(header);
    return message;
}

FilterVerdict pass(ClamavFilter& filter, const Message& message, std::string_view body)
{
    Findings findings;
    auto pass = filter.begin(message);
    pass->header_complete(message);
    while (!body.empty()) { // as Postfix cuts it
        const auto chunk = body.substr(0, 65'535);
        pass->body(chunk);
        body.remove_prefix(chunk.size());
    }
    pass->message_complete(message);
    return pass->verdict(message, findings, std::chrono::steady_clock::now() + 60s);
}

std::unique_ptr<ClamavFilter> filter_for(const ClamavSettings& settings, std::size_t max_spooled = 64 << 20)
{
    auto filter = ClamavFilter::create(settings, 1000, std::make_shared<SpoolBudget>(max_spooled));
    REQUIRE(filter.has_value());
    return std::move(*filter);
}

// base64, as mail programs fold it
std::string base64(std::string_view text)
{
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        const auto part = text.substr(i, 3);
        unsigned bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = bits << 8 | (k < part.size() ? static_cast<unsigned char>(part[k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            out += k <= part.size() ? letters[bits >> (18 - 6 * k) & 63] : '=';
        if (i % 57 == 54)
            out += "\r\n";
    }
    return out + "\r\n";
}

} // namespace

TEST_CASE("clamav_verdict")
{
    using Kind = ScanOutcome::Kind;
    using In = InfectedAction;
    using Over = OversizeAction;
    using Fail = ScanFailureAction;
    using Do = FilterAction;
    struct Case {
        const char* name;
        ScanOutcome outcome;
        Origin origin;
        In infected;
        Over oversize;
        Fail failure;
        Do want;
        int want_code;
        const char* want_reason;
        bool want_header;
    };
    const ScanOutcome clean{Kind::clean}, virus{Kind::infected, "Eicar-Test"}, large{Kind::too_large, "x"},
        absent{Kind::failed, "clamd unavailable"};
    const auto stranger = Origin::stranger, relay = Origin::relay;
    const auto* const found = "infected Eicar-Test";
    const auto* const gone = "clamd unavailable";
    const Case cases[] = {
        {"clean", clean, stranger, In::reject, Over::reject, Fail::defer, Do::accept, 0, "clean", false},
        {"infected", virus, stranger, In::reject, Over::accept, Fail::defer, Do::reject, 550, found, true},
        {"ours too", virus, Origin::ours, In::reject, Over::accept, Fail::defer, Do::reject, 550, found, true},
        {"no bounce from a relay", virus, relay, In::reject, Over::accept, Fail::defer, Do::quarantine, 0, found,
         true},
        {"quarantine", virus, stranger, In::quarantine, Over::accept, Fail::defer, Do::quarantine, 0, found, true},
        {"discard", virus, relay, In::discard, Over::accept, Fail::defer, Do::discard, 0, found, true},
        {"defer", virus, stranger, In::defer, Over::accept, Fail::defer, Do::defer, 451, found, true},
        {"accept", virus, stranger, In::accept, Over::accept, Fail::defer, Do::accept, 0, found, true},
        {"unwanted", {Kind::infected, "PUA.Win.X"}, stranger, In::reject, Over::accept, Fail::defer, Do::accept, 0,
         "suspicious PUA.Win.X", true},
        {"a guess", {Kind::infected, "Heuristics.Y"}, relay, In::discard, Over::accept, Fail::defer, Do::accept, 0,
         "suspicious Heuristics.Y", true},
        {"large, accept", large, stranger, In::reject, Over::accept, Fail::defer, Do::accept, 0, "too large", false},
        {"large, defer", large, stranger, In::reject, Over::defer, Fail::accept, Do::defer, 451, "too large", false},
        {"large, reject", large, stranger, In::accept, Over::reject, Fail::accept, Do::reject, 552, "too large", false},
        {"large, quarantine", large, stranger, In::accept, Over::quarantine, Fail::accept, Do::quarantine, 0, "too large",
         false},
        {"absent", absent, stranger, In::accept, Over::accept, Fail::defer, Do::defer, 451, gone, false},
        {"absent, accept", absent, stranger, In::reject, Over::reject, Fail::accept, Do::accept, 0, gone, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto settings = settings_for("unix:/nowhere");
        settings.infected = c.infected;
        settings.oversize = c.oversize;
        settings.failure = c.failure;
        const auto got = clamav_verdict(c.outcome, c.origin, settings);
        CHECK(got.action == c.want);
        CHECK(got.code == c.want_code);
        CHECK(got.reason == c.want_reason);
        CHECK(got.edits.empty() != c.want_header);
        if (got.code != 0) {
            CHECK(!got.status.empty());
            CHECK(!got.text.empty());
        }
    }
    const auto rejected = clamav_verdict(virus, stranger, settings_for("unix:/nowhere"));
    CHECK(rejected.status == "7.1");
    CHECK(rejected.text == "100% infected: Eicar-Test");
    CHECK(rejected.edits.front().name == "X-Virus-Status");
    CHECK(rejected.edits.front().value == "Infected (Eicar-Test)");
}

TEST_CASE("clamd gets the whole mail, as it was on the wire")
{
    const std::string path = std::filesystem::temp_directory_path() / ("postern-clamav-" + std::to_string(::getpid()));
    FakeClamd clamd({.path = path}, [](const ClamdRequest&) { return clamd_says("fd[5]: OK"); });
    const auto filter = filter_for(settings_for("unix:" + path));
    const auto message = message_with({{"DKIM-Signature", " v=1;\n\tb=x"}, {"Subject", " hello"}, {"X-Empty", ""}});
    std::string body = "one\r\n" + std::string(200'000, 'x') + "\r\ntwo\r\n";
    const auto verdict = pass(*filter, message, body);
    CHECK(verdict.action == FilterAction::accept);
    CHECK(verdict.reason == "clean");
    REQUIRE(clamd.requests().size() == 1);
    CHECK((clamd.requests().front().content
           == "From postern\r\nDKIM-Signature: v=1;\r\n\tb=x\r\nSubject: hello\r\nX-Empty:\r\n\r\n" + body));
}

TEST_CASE("what is not sent to clamd")
{
    struct Case {
        const char* name;
        std::int64_t max_size;
        std::size_t max_spooled;
        OversizeAction oversize;
        ScanFailureAction failure;
        FilterAction want;
        const char* want_reason;
        const char* want_status;
    };
    const Case cases[] = {
        {"too large", 1000, 1 << 20, OversizeAction::accept, ScanFailureAction::defer, FilterAction::accept,
         "too large", ""},
        {"too large, refused", 1000, 1 << 20, OversizeAction::reject, ScanFailureAction::defer, FilterAction::reject,
         "too large", "3.4"},
        {"no room: ours to bear", 1 << 20, 1000, OversizeAction::accept, ScanFailureAction::accept, FilterAction::defer,
         "spool full", "3.1"},
        {"no room, and too large", 1500, 1000, OversizeAction::accept, ScanFailureAction::defer, FilterAction::accept,
         "too large", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto settings = settings_for("unix:/nowhere/clamd"); // would be "clamd unavailable"
        settings.max_size = c.max_size;
        settings.oversize = c.oversize;
        settings.failure = c.failure;
        const auto budget = std::make_shared<SpoolBudget>(c.max_spooled);
        auto filter = ClamavFilter::create(settings, 1000, budget);
        const auto verdict = pass(**filter, message_with({{"From", " a@b"}}), std::string(2000, 'x'));
        CHECK(verdict.action == c.want);
        CHECK(verdict.reason == c.want_reason);
        CHECK(verdict.status == c.want_status);
        CHECK(budget->used() == 0);
    }
}

TEST_CASE("a message that Postfix takes back leaves nothing behind")
{
    const auto budget = std::make_shared<SpoolBudget>(1 << 20);
    const auto message = message_with({{"From", " a@b"}});
    auto filter = ClamavFilter::create(settings_for("unix:/nowhere/clamd"), 1000, budget);
    auto pass = (*filter)->begin(message);
    pass->header_complete(message);
    CHECK(budget->used() > 0);
    pass->message_complete(message);
    pass.reset();
    CHECK(budget->used() == 0);
}

TEST_CASE("ClamavFilter::create says what is wrong with the address")
{
    const auto filter = ClamavFilter::create(settings_for("clamd.ctl"), 1000, std::make_shared<SpoolBudget>(1));
    REQUIRE_FALSE(filter.has_value());
    CHECK(filter.error().what.starts_with("clamav.clamd: "));
}

TEST_CASE("the real clamd looks into base64, whatever the mail begins with")
{
    ScratchClamd clamd("MaxFileSize 512k\n");
    struct Case {
        const char* name;
        const char* type;
        std::string body;
        const char* want_reason;
    };
    const std::string part
        = "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    const Case cases[] = {
        {"harmless", " text/plain", "hello\r\n", "clean"},
        {"plain", " text/plain", eicar() + "\r\n", "infected Test.Eicar.UNOFFICIAL"},
        {"part", " multipart/mixed; boundary=b", part + base64(eicar()) + "--b--\r\n",
         "infected Test.Eicar.UNOFFICIAL"},
    };
    for (const auto& endpoint : {"unix:" + clamd.socket_path(), "inet:127.0.0.1:" + std::to_string(clamd.port())}) {
        const auto filter = filter_for(settings_for(endpoint));
        for (const auto& c : cases) {
            for (const auto* const first : {"Received", "DKIM-Signature", "X-Something"}) {
                CAPTURE(endpoint);
                CAPTURE(c.name);
                CAPTURE(first);
                const auto message = message_with({{first, " x"}, {"Content-Type", c.type}});
                CHECK(pass(*filter, message, c.body).reason == c.want_reason);
            }
        }
    }
    auto settings = settings_for("unix:" + clamd.socket_path());
    CHECK(clamav_warnings(settings, clamd.conf_path())
          == std::vector<std::string>{"clamav.max_size = 1M is above clamd's MaxFileSize 524288: larger mail would be "
                                      "called clean without being read"});
    settings.max_size = 1 << 19;
    CHECK(clamav_warnings(settings, clamd.conf_path()).empty());
    CHECK(clamav_warnings(settings, "/nowhere").empty());
}

} // namespace postern
