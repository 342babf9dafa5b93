#include "milterd/dkim_rotation.h"

#include "test/fake/fake_clock.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using std::chrono::hours;
constexpr auto days = [](int count) { return hours(24 * count); };

const FakeClock the_clock;
const DkimRotationRules usual{days(180), hours(1), days(7)};

ManagedDkimKey key(std::string selector, DkimKeyState state, std::chrono::seconds since, std::chrono::seconds age = days(30),
                   DkimKeyType type = DkimKeyType::rsa)
{
    return {std::move(selector), type, state, the_clock.now() - age, the_clock.now() - since, {}};
}

ManagedDkimKey ed25519(std::string selector, DkimKeyState state, std::chrono::seconds since)
{
    return key(std::move(selector), state, since, days(30), DkimKeyType::ed25519);
}

DkimSight sight(RecordFinding finding, bool is_gone = false)
{
    DkimSight seen;
    seen.finding = finding;
    seen.why = finding == RecordFinding::match ? "" : "why";
    seen.is_gone = is_gone;
    return seen;
}

const auto seen = sight(RecordFinding::match);
const auto missing = sight(RecordFinding::missing);
const auto trouble = sight(RecordFinding::trouble);

// "a active, b retiring"
std::string states_of(const ManagedDkimDomain& domain)
{
    std::string text;
    for (const auto& one : domain.keys)
        text += (text.empty() ? "" : ", ") + one.selector + " " + std::string(word_of(one.state));
    return text;
}

std::string due_of(const DkimRotation& rotation)
{
    std::string text;
    for (const auto type : rotation.due)
        text += (text.empty() ? "" : " ") + std::string(word_of(type));
    return text;
}

constexpr auto new_key = DkimKeyState::new_key;
constexpr auto published = DkimKeyState::published;
constexpr auto active = DkimKeyState::active;
constexpr auto retiring = DkimKeyState::retiring;
constexpr auto retired = DkimKeyState::retired;

} // namespace

TEST_CASE("rotate_dkim_keys: each step, and what holds it back")
{
    struct Case {
        const char* name;
        std::vector<ManagedDkimKey> keys;
        DkimSights sights;
        std::string want;
        std::string want_due = "";
    };
    const Case cases[] = {
        {"new, not seen", {key("a", new_key, days(9))}, {{"a", missing}}, "a new"},
        {"new, trouble", {key("a", new_key, days(9))}, {{"a", trouble}}, "a new"},
        {"new, nobody looked", {key("a", new_key, days(9))}, {}, "a new"},
        {"new, another record", {key("a", new_key, days(9))}, {{"a", sight(RecordFinding::mismatch)}}, "a new"},
        {"new, revoked", {key("a", new_key, days(9))}, {{"a", sight(RecordFinding::revoked)}}, "a new"},
        {"new, seen", {key("a", new_key, days(9))}, {{"a", seen}}, "a published"},

        {"published, not for long", {key("a", published, hours(1) - std::chrono::seconds(1))}, {{"a", seen}}, "a published"},
        {"published for long", {key("a", published, hours(1))}, {{"a", seen}}, "a active"},
        {"published, trouble", {key("a", published, days(9))}, {{"a", trouble}}, "a published"},
        {"published, vanished", {key("a", published, days(9))}, {{"a", missing}}, "a new"},
        {"published, a clock that was set back", {key("a", published, -days(9))}, {{"a", seen}}, "a published"},

        {"the successor takes over", {key("a", active, days(30)), key("b", published, hours(2))},
         {{"a", seen}, {"b", seen}}, "a retiring, b active"},
        {"also where the old record is gone", {key("a", active, days(30)), key("b", published, hours(2))},
         {{"a", missing}, {"b", seen}}, "a retiring, b active"},
        {"trouble: the old one goes on", {key("a", active, days(30)), key("b", published, hours(2))},
         {{"a", seen}, {"b", trouble}}, "a active, b published"},
        {"not seen: the old one goes on", {key("a", active, days(30)), key("b", new_key, hours(2))},
         {{"a", seen}, {"b", missing}}, "a active, b new"},
        {"an active one whose record vanished still signs", {key("a", active, days(30))}, {{"a", missing}}, "a active"},
        {"an active one in trouble", {key("a", active, days(30))}, {{"a", trouble}}, "a active"},
        {"of two that may, the later", {key("b", published, hours(2), days(1)), key("a", published, hours(2), days(2))},
         {{"a", seen}, {"b", seen}}, "b active, a retired"},
        {"one that came too late", {key("a", new_key, days(9), days(9)), key("b", active, days(1), days(2))},
         {{"a", seen}, {"b", seen}}, "a retired, b active"},
        {"and one that never came", {key("a", new_key, days(9), days(9)), key("b", active, days(1), days(2))},
         {{"a", missing}, {"b", trouble}}, "a retired, b active"},

        {"retiring, within the overlap", {key("a", retiring, days(7) - hours(1)), key("b", active, days(6))},
         {{"a", seen}, {"b", seen}}, "a retiring, b active"},
        {"retiring, after it", {key("a", retiring, days(7)), key("b", active, days(7))}, {{"a", seen}, {"b", seen}},
         "a retired, b active"},
        {"after it, its own record in trouble", {key("a", retiring, days(8)), key("b", active, days(8))},
         {{"a", trouble}, {"b", seen}}, "a retired, b active"},
        {"after it, but the successor is in trouble", {key("a", retiring, days(8)), key("b", active, days(8))},
         {{"a", seen}, {"b", trouble}}, "a retiring, b active"},
        {"after it, but the successor has vanished", {key("a", retiring, days(8)), key("b", active, days(8))},
         {{"a", seen}, {"b", missing}}, "a retiring, b active"},
        {"after it, and nothing signs", {key("a", retiring, days(8))}, {{"a", seen}}, "a retiring"},

        {"retired, still there", {key("a", retired, days(1)), key("b", active, days(8))}, {{"a", seen}, {"b", seen}},
         "a retired, b active"},
        {"retired, trouble", {key("a", retired, days(1)), key("b", active, days(8))}, {{"a", trouble}, {"b", seen}},
         "a retired, b active"},
        {"retired, and gone", {key("a", retired, days(1)), key("b", active, days(8))},
         {{"a", sight(RecordFinding::missing, true)}, {"b", seen}}, "b active"},
        {"gone, but not retired", {key("a", retiring, days(1)), key("b", active, days(8))},
         {{"a", sight(RecordFinding::missing, true)}, {"b", seen}}, "a retiring, b active"},

        {"Ed25519 waits for RSA", {key("a", new_key, days(1)), ed25519("e", published, days(1))},
         {{"a", missing}, {"e", seen}}, "a new, e published"},
        {"and goes with it", {key("a", published, hours(1)), ed25519("e", published, days(1))}, {{"a", seen}, {"e", seen}},
         "a active, e active"},
        {"RSA does not wait for Ed25519", {key("a", published, hours(1)), ed25519("e", new_key, days(1))},
         {{"a", seen}, {"e", missing}}, "a active, e new"},
        {"Ed25519 alone, if there is no other", {ed25519("e", published, days(1))}, {{"e", seen}}, "e active"},
        {"algorithms do not retire each other", {key("a", active, days(9)), ed25519("e", published, days(1))},
         {{"a", seen}, {"e", seen}}, "a active, e active"},

        {"due by age", {key("a", active, days(170), days(180))}, {{"a", seen}}, "a active", "rsa"},
        {"not yet due", {key("a", active, days(170), days(180) - hours(1))}, {{"a", seen}}, "a active"},
        {"due, but a successor is under way", {key("a", active, days(170), days(190)), key("b", new_key, days(1), days(1))},
         {{"a", seen}, {"b", missing}}, "a active, b new"},
        {"due: both algorithms together", {key("a", active, days(170), days(190)), ed25519("e", active, days(1))},
         {{"a", seen}, {"e", seen}}, "a active, e active", "rsa ed25519"},
        {"due in trouble: the pair is made all the same", {key("a", active, days(170), days(190))}, {{"a", trouble}},
         "a active", "rsa"},
        {"nothing signs yet: nothing is due", {key("a", new_key, days(300), days(300))}, {{"a", missing}}, "a new"},
        {"no keys at all", {}, {}, ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const ManagedDkimDomain domain{"example.org", false, c.keys};
        const auto rotation = rotate_dkim_keys(domain, c.sights, usual, the_clock.now());
        CHECK(states_of(rotation.domain) == c.want);
        CHECK(due_of(rotation) == c.want_due);
        CHECK(rotation.steps.empty() == (states_of(domain) == states_of(rotation.domain) || !rotation.forgotten.empty()));
        for (const auto& step : rotation.steps) // each says since when
            CHECK(rotation.domain.find(step.selector)->since == the_clock.now());

        // At once again, with the same DNS: nothing more to do.
        const auto again = rotate_dkim_keys(rotation.domain, c.sights, usual, the_clock.now());
        CHECK(again.domain == rotation.domain);
        CHECK(again.steps.empty());
    }
}

TEST_CASE("rotate_dkim_keys: a whole life, by the clock")
{
    FakeClock clock;
    ManagedDkimDomain domain{"example.org", false, {{"a", DkimKeyType::rsa, new_key, clock.now(), clock.now(), {}}}};
    DkimSights sights{{"a", missing}};
    const auto turn = [&](bool is_asked_for = false) {
        auto rules = usual;
        rules.is_asked_for = is_asked_for;
        auto rotation = rotate_dkim_keys(domain, sights, rules, clock.now());
        for (const auto type : rotation.due)
            rotation.domain.keys.push_back({"b", type, new_key, clock.now(), clock.now(), {}});
        domain = rotation.domain;
        return states_of(domain);
    };
    CHECK(turn(true) == "a new"); // asked for, but one is under way
    sights["a"] = seen;
    CHECK(turn() == "a published");
    clock.advance(hours(1));
    CHECK(turn() == "a active");
    CHECK(turn(true) == "a active, b new");
    CHECK(turn(true) == "a active, b new"); // asked again
    clock.advance(days(1));
    sights["b"] = seen;
    CHECK(turn() == "a active, b published");
    clock.advance(hours(1));
    CHECK(turn() == "a retiring, b active");
    clock.advance(days(7));
    CHECK(turn() == "a retired, b active");
    sights["a"] = sight(RecordFinding::missing, true);
    CHECK(turn() == "b active");
    clock.advance(days(180));
    CHECK(turn() == "b active, b new"); // by age; the test's selectors are no good ones
}

TEST_CASE("rotate_dkim_keys: no age, no pair")
{
    const ManagedDkimDomain domain{"example.org", false, {key("a", active, days(900), days(999))}};
    auto rules = usual;
    rules.max_age = {};
    CHECK(rotate_dkim_keys(domain, {{"a", seen}}, rules, the_clock.now()).due.empty());
    rules.is_asked_for = true;
    CHECK(due_of(rotate_dkim_keys(domain, {{"a", seen}}, rules, the_clock.now())) == "rsa");
}

} // namespace postern
