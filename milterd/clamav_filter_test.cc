#include "milterd/clamav_filter.h"

#include "test/fake/fake_clamd.h"
#include "test/scratch_clamd.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

ClamavSettings settings_for(const std::string& clamd)
{
    ClamavSettings settings;
    settings.enable = true;
    settings.clamd = {clamd};
    settings.suspicious = InfectedAction::accept;
    settings.suspicious_names = {"PUA.", "Heuristics."};
    settings.header = VirusHeader::found;
    settings.hostname = "mx.example";
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
    auto filter = ClamavFilter::create(settings, {.budget = std::make_shared<SpoolBudget>(max_spooled)});
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
        auto filter = ClamavFilter::create(settings, {.budget = budget});
        const auto verdict = pass(**filter, message_with({{"From", " a@b"}}), std::string(2000, 'x'));
        CHECK(verdict.action == c.want);
        CHECK(verdict.reason == c.want_reason);
        CHECK(verdict.status == c.want_status);
        CHECK(budget->used() == 0);
        CHECK(budget->messages() == 0);
    }
}

TEST_CASE("what clamd has found is told in the header, the log and to each recipient")
{
    const ScratchFolder folder;
    FakeClamd clamd({.path = folder / "clamd"}, [](const ClamdRequest& request) {
        const auto at = request.content.find("find ");
        const auto name = at == std::string::npos ? "" : request.content.substr(at + 5);
        return clamd_says(name.empty() ? "fd[5]: OK" : "fd[5]: " + name + " FOUND");
    });
    struct Case {
        const char* name;
        const char* body;
        VirusHeader header;
        RecipientLines lines;
        FilterAction want;
        const char* want_reason;
        const char* want_status; // X-Virus-Status; empty: none
        bool want_lines;
    };
    using enum VirusHeader;
    using enum FilterAction;
    const auto found_lines = RecipientLines::found;
    const Case cases[] = {
        {"clean", "x", replace, found_lines, accept, "clean", "Clean", false},
        {"clean, nothing to say", "x", VirusHeader::found, found_lines, accept, "clean", "", false},
        {"clean, each line", "x", none, RecipientLines::always, accept, "clean", "", true},
        {"a virus", "find Win.X", VirusHeader::found, found_lines, reject, "infected Win.X", "Infected (Win.X)", true},
        {"a guess", "find PUA.X", VirusHeader::found, found_lines, accept, "suspicious PUA.X", "Suspicious (PUA.X)", true},
        {"no lines", "find PUA.X", none, RecipientLines::never, accept, "suspicious PUA.X", "", false},
        {"a limit", "find Heuristics.Limits.Exceeded.MaxScanTime", VirusHeader::found, found_lines, accept,
         "suspicious Heuristics.Limits.Exceeded.MaxScanTime", "Suspicious (Heuristics.Limits.Exceeded.MaxScanTime)", true},
        {"a name that clamd should not have", "find Evil\r\nX: y\x80", VirusHeader::found, found_lines, reject,
         "infected Evil??X: y?", "Infected (Evil??X: y?)", true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto settings = settings_for("unix:" + folder / "clamd");
        settings.header = c.header;
        settings.log_recipients = c.lines;
        const auto filter = filter_for(settings);
        const auto verdict = pass(*filter, message_with({{"From", " a@b"}}), c.body);
        CHECK(verdict.action == c.want);
        CHECK(verdict.reason == c.want_reason);
        CHECK(verdict.log_recipients == c.want_lines);
        REQUIRE(verdict.edits.empty() == (std::string_view(c.want_status).empty()));
        if (!verdict.edits.empty())
            CHECK(verdict.edits[0].value == c.want_status);
    }
}

TEST_CASE("who is exempt is not scanned, but cannot say that he was")
{
    auto settings = settings_for("unix:/nowhere/clamd"); // would be "clamd unavailable"
    settings.exempt_logins = {"scanner"};
    const auto budget = std::make_shared<SpoolBudget>(1 << 20);
    auto filter = ClamavFilter::create(settings, {.budget = budget});
    auto message = message_with({{"X-Virus-Status", " Clean"}});
    CHECK(pass(**filter, message, "x").reason == "clamd unavailable");
    message.login = "scanner";
    const auto verdict = pass(**filter, message, "x");
    CHECK(verdict.action == FilterAction::accept);
    CHECK(verdict.reason == "exempt login");
    REQUIRE(verdict.edits.size() == 1);
    CHECK(verdict.edits[0].kind == HeaderEdit::Kind::remove);
}

TEST_CASE("a removed field that was signed is no secret")
{
    auto settings = settings_for("unix:/nowhere/clamd");
    settings.exempt_clients = {"local"};
    auto message = message_with({{"DKIM-Signature", " v=1; a=rsa-sha256; d=a.example; s=s; bh=AAAA; b=AAAA; h=from:x-virus-status"},
                                 {"X-Virus-Status", " Clean"}});
    message.is_internal = true;
    CHECK(pass(*filter_for(settings), message, "x").reason == "exempt client, breaks a signature");
}

TEST_CASE("internal mail does not wait for clamd")
{
    auto settings = settings_for("unix:/nowhere/clamd");
    settings.wait = 280s; // longer than any test may take
    auto message = message_with({{"From", " a@b"}});
    message.is_internal = true;
    CHECK(pass(*filter_for(settings), message, "x").reason == "clamd unavailable");
}

TEST_CASE("the state is that of the best clamd, and names the others")
{
    const ScratchFolder folder;
    FakeClamd clamd({.path = folder / "clamd"}, [](const ClamdRequest&) { return clamd_says("fd[5]: OK"); });
    auto settings = settings_for("unix:" + folder / "clamd");
    settings.clamd.push_back("unix:/nowhere/clamd");
    const auto filter = filter_for(settings);
    auto state = filter->state();
    for (int i = 0; i < 3000 && (state.kind != FunctionState::Kind::ready || !state.reason.ends_with("reached")); ++i) {
        std::this_thread::sleep_for(10ms);
        state = filter->state();
    }
    CHECK(state.kind == FunctionState::Kind::ready);
    CHECK(state.reason == "unix:/nowhere/clamd cannot be reached");
    Facts facts;
    filter->add_facts(facts);
    const auto status = write_status(facts);
    CHECK(status.find("clamd unix:/nowhere/clamd state=down scans=0 failures=0\n") != std::string::npos);
    CHECK(status.find("clamd unix:" + folder / "clamd" + " state=ready scans=0 failures=0\n") != std::string::npos);
}

TEST_CASE("a message that Postfix takes back leaves nothing behind")
{
    const auto budget = std::make_shared<SpoolBudget>(1 << 20);
    const auto message = message_with({{"From", " a@b"}});
    auto filter = ClamavFilter::create(settings_for("unix:/nowhere/clamd"), {.budget = budget});
    auto pass = (*filter)->begin(message);
    pass->header_complete(message);
    CHECK(budget->used() > 0);
    pass->message_complete(message);
    pass.reset();
    CHECK(budget->used() == 0);
}

TEST_CASE("ClamavFilter::create says what is wrong with the address")
{
    const auto filter = ClamavFilter::create(settings_for("clamd.ctl"), {});
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
