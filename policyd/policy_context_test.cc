#include "policyd/policy_context.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

// A chain of dnsbl (1), spf (2) and greylist (4); recipient is a check, too, but not asked here.
struct Fixture {
    std::vector<std::string> told;
    PolicyContexts contexts{{"dnsbl", "spf", "greylist"},
                            {"dnsbl", "recipient", "spf", "greylist"},
                            [this](std::string_view context, std::string_view name) {
                                told.push_back(std::string(context) + ": " + std::string(name));
                            }};
};

} // namespace

TEST_CASE("PolicyContexts: what a place of main.cf asks for")
{
    constexpr auto whole = PolicyContexts::whole_chain;
    struct Case {
        const char* name;
        std::string_view context;
        PolicyContexts::Selection want;
        std::string_view want_unknown; // "": nothing is said
    };
    const Case cases[] = {
        {"no context", "", whole, ""},
        {"one check", "spf", 2, ""},
        {"plus", "dnsbl+spf", 3, ""},
        {"comma", "dnsbl,spf", 3, ""},
        {"comma and blank", "dnsbl, greylist", 5, ""},
        {"blanks around", "  greylist  ", 4, ""},
        {"the order is the chain's", "spf dnsbl", 3, ""},
        {"twice", "spf,spf", 2, ""},
        {"all", "dnsbl spf greylist", 7, ""},
        {"a check that is switched off", "recipient", 0, ""},
        {"one of them is switched off", "recipient,spf", 2, ""},
        {"separators alone", ", +", whole, ""},
        {"observe", "observe", whole | PolicyContexts::observed, ""},
        {"observe some", "spf+observe", 2 | PolicyContexts::observed, ""},
        {"observe, and an unknown name", "spff+observe", whole | PolicyContexts::observed, "spff"},
        {"an unknown name", "spff", whole, "spff"},
        {"a known one and an unknown one", "dnsbl,spff", whole, "spff"},
        {"names are lower case", "SPF", whole, "SPF"},
        {"somebody else's context", "submission", whole, "submission"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Fixture fixture;
        CHECK(fixture.contexts.checks_for(c.context) == c.want);
        CHECK(fixture.contexts.checks_for(c.context) == c.want); // from memory
        if (c.want_unknown.empty())
            CHECK(fixture.told.empty());
        else
            CHECK(fixture.told
                  == std::vector<std::string>{std::string(c.context) + ": " + std::string(c.want_unknown)});
    }
}

TEST_CASE("PolicyContexts: no number of contexts makes it grow or talk without end")
{
    Fixture fixture;
    for (int i = 0; i < 1000; ++i)
        CHECK(fixture.contexts.checks_for("x" + std::to_string(i)) == PolicyContexts::whole_chain);
    CHECK(fixture.told.size() == 64);
    CHECK(fixture.contexts.checks_for("greylist") == 4);
}

} // namespace postern
