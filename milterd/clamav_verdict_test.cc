#include "milterd/clamav_verdict.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

ClamavSettings a_setting()
{
    ClamavSettings settings;
    settings.suspicious = InfectedAction::accept;
    settings.suspicious_names = {"PUA.", "Heuristics."};
    settings.text = "100%% infected: %v";
    return settings;
}

} // namespace

TEST_CASE("clamav_verdict: finds")
{
    using Kind = ScanOutcome::Kind;
    using In = InfectedAction;
    using Do = FilterAction;
    struct Case {
        const char* name;
        ScanOutcome outcome;
        Origin origin;
        In infected;
        In suspicious;
        Do want;
        int want_code;
        const char* want_reason;
    };
    const ScanOutcome clean{Kind::clean}, virus{Kind::infected, "Eicar-Test"}, guess{Kind::infected, "PUA.Win.X"};
    const auto stranger = Origin::stranger, relay = Origin::relay, ours = Origin::ours;
    const auto* const found = "infected Eicar-Test";
    const auto* const guessed = "suspicious PUA.Win.X";
    const Case cases[] = {
        {"clean", clean, stranger, In::reject, In::reject, Do::accept, 0, "clean"},
        {"infected", virus, stranger, In::reject, In::accept, Do::reject, 550, found},
        {"ours too", virus, ours, In::reject, In::accept, Do::reject, 550, found},
        {"no bounce from a relay", virus, relay, In::reject, In::accept, Do::quarantine, 0, found},
        {"quarantine", virus, stranger, In::quarantine, In::accept, Do::quarantine, 0, found},
        {"discard", virus, relay, In::discard, In::accept, Do::discard, 0, found},
        {"defer", virus, stranger, In::defer, In::accept, Do::defer, 451, found},
        {"accept", virus, stranger, In::accept, In::reject, Do::accept, 0, found},
        {"unwanted", guess, stranger, In::reject, In::accept, Do::accept, 0, guessed},
        {"unwanted, quarantine", guess, stranger, In::reject, In::quarantine, Do::quarantine, 0, guessed},
        {"unwanted, reject", guess, stranger, In::accept, In::reject, Do::reject, 550, guessed},
        {"unwanted, reject, relay", guess, relay, In::accept, In::reject, Do::quarantine, 0, guessed},
        {"a guess", {Kind::infected, "Heuristics.Y"}, relay, In::discard, In::accept, Do::accept, 0,
         "suspicious Heuristics.Y"},
        {"not by its beginning", {Kind::infected, "Win.PUA.X"}, stranger, In::reject, In::accept, Do::reject, 550,
         "infected Win.PUA.X"},
        {"case matters", {Kind::infected, "pua.x"}, stranger, In::reject, In::accept, Do::reject, 550, "infected pua.x"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto settings = a_setting();
        settings.infected = c.infected;
        settings.suspicious = c.suspicious;
        const auto got = clamav_verdict(c.outcome, c.origin, settings);
        CHECK(got.action == c.want);
        CHECK(got.code == c.want_code);
        CHECK(got.reason == c.want_reason);
        if (got.code != 0) {
            CHECK(got.status == "7.1");
            CHECK(!got.text.empty());
        }
    }
    CHECK(clamav_verdict(virus, stranger, a_setting()).text == "100% infected: Eicar-Test");
}

TEST_CASE("clamav_verdict: what was not scanned")
{
    using Kind = ScanOutcome::Kind;
    using Over = OversizeAction;
    using Fail = ScanFailureAction;
    using Own = OwnScanFailureAction;
    using Do = FilterAction;
    struct Case {
        const char* name;
        ScanOutcome outcome;
        Origin origin;
        Over oversize;
        Fail failure;
        Own own_failure;
        Do want;
        int want_code;
        const char* want_status;
    };
    const ScanOutcome large{Kind::too_large, "x"}, absent{Kind::failed, "clamd unavailable"};
    const auto stranger = Origin::stranger, relay = Origin::relay, ours = Origin::ours;
    const Case cases[] = {
        {"large, accept", large, stranger, Over::accept, Fail::defer, Own::same, Do::accept, 0, ""},
        {"large, defer", large, stranger, Over::defer, Fail::accept, Own::same, Do::defer, 451, "7.1"},
        {"large, reject", large, stranger, Over::reject, Fail::accept, Own::same, Do::reject, 552, "3.4"},
        {"large, quarantine", large, stranger, Over::quarantine, Fail::accept, Own::same, Do::quarantine, 0, ""},
        {"absent", absent, stranger, Over::accept, Fail::defer, Own::accept, Do::defer, 451, "7.1"},
        {"absent, a relay is no client of ours", absent, relay, Over::accept, Fail::defer, Own::accept, Do::defer, 451,
         "7.1"},
        {"absent, accept", absent, stranger, Over::reject, Fail::accept, Own::defer, Do::accept, 0, ""},
        {"absent, reject", absent, stranger, Over::accept, Fail::reject, Own::same, Do::reject, 550, "7.1"},
        {"absent, quarantine", absent, stranger, Over::accept, Fail::quarantine, Own::same, Do::quarantine, 0, ""},
        {"ours, same", absent, ours, Over::accept, Fail::defer, Own::same, Do::defer, 451, "7.1"},
        {"ours, defer", absent, ours, Over::accept, Fail::accept, Own::defer, Do::defer, 451, "7.1"},
        {"ours, accept", absent, ours, Over::accept, Fail::defer, Own::accept, Do::accept, 0, ""},
        {"ours, reject", absent, ours, Over::accept, Fail::defer, Own::reject, Do::reject, 550, "7.1"},
        {"ours, quarantine", absent, ours, Over::accept, Fail::defer, Own::quarantine, Do::quarantine, 0, ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto settings = a_setting();
        settings.oversize = c.oversize;
        settings.failure = c.failure;
        settings.own_failure = c.own_failure;
        const auto got = clamav_verdict(c.outcome, c.origin, settings);
        CHECK(got.action == c.want);
        CHECK(got.code == c.want_code);
        CHECK(got.status == c.want_status);
        CHECK(got.reason == (c.outcome.kind == Kind::failed ? "clamd unavailable" : "too large"));
        CHECK((got.code == 0 || !got.text.empty()));
    }
}

TEST_CASE("virus_status")
{
    using Kind = ScanOutcome::Kind;
    const auto settings = a_setting();
    CHECK(virus_status({Kind::clean}, settings).text == "Clean");
    CHECK(virus_status({Kind::clean}, settings).is_clean);
    CHECK(virus_status({Kind::infected, "Win.X"}, settings).text == "Infected (Win.X)");
    CHECK(virus_status({Kind::infected, "PUA.X"}, settings).text == "Suspicious (PUA.X)");
    CHECK(virus_status({Kind::too_large, "x"}, settings).text == "Unscanned (too large)");
    CHECK(virus_status({Kind::failed, "clamd silent"}, settings).text == "Unscanned (clamd silent)");
    CHECK_FALSE(virus_status({Kind::failed, "clamd silent"}, settings).is_clean);
}

} // namespace postern
