#include "config/migrate/old_options.h"

#include <doctest/doctest.h>
#include <fstream>
#include <iterator>

namespace postern {

TEST_CASE("COMPATIBILITY.md is made of the rows: see old_options.h for how to write it anew")
{
    std::ifstream file(POSTERN_SOURCE_ROOT "/config/COMPATIBILITY.md", std::ios::binary);
    REQUIRE(file);
    const std::string shipped{std::istreambuf_iterator<char>(file), {}};
    CHECK(shipped == compatibility_document());
}

TEST_CASE("an option is found by how it is written, and where it matters by its value")
{
    struct Case {
        const char* program;
        const char* name;
        const char* value;
        const char* want_setting; // nullptr: no row
    };
    const Case cases[] = {
        {"postgrey", "--unix", "/run/p", "`policyd.listen = \"unix:PATH\"`"},
        {"postgrey", "-u", "", "`policyd.listen = \"unix:PATH\"`"},
        {"postgrey", "--ipv6cidr", "64", "`ipv4_prefix`, `ipv6_prefix`"},
        {"postgrey", "--no-such", "", nullptr},
        {"policyd-spf", "--unix", "", nullptr},
        {"policyd-spf", "HELO_reject", "Softfail", "`spf.helo = \"softfail\"`"},
        {"policyd-spf", "helo_reject", "no_check", "`spf.helo = \"unchecked\"`"},
        {"policyd-spf", "HELO_reject", "nonsense", "`spf.helo = \"not_pass\"`"}, // the first row of that name
        {"policyd-spf", "defaultSeedOnly", "0", "`spf.observe = true`"},
        {"clamav-milter", "OnFail", "Defer", "`failure = \"accept\"`, `\"reject\"`, `\"defer\"`"},
        {"opendkim", "-V", "", "`--version`"},
        {"opendkim", "-v", "", "refused: test modes"},
        {"opendkim", "keytable", "", "`key_table`"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.program);
        CAPTURE(c.name);
        CAPTURE(c.value);
        const auto* const row = find_old_option(c.program, c.name, c.value);
        CHECK((row ? std::string(row->setting) : "none") == (c.want_setting ? c.want_setting : "none"));
    }
}

TEST_CASE("a row that refuses says so in words, too")
{
    CHECK(find_old_option("postgrey", "--privacy")->fate == Fate::refused);
    CHECK(find_old_option("postgrey", "--delay")->fate == Fate::kept);
    CHECK(find_old_option("postgrey", "--socketmode")->fate == Fate::changed);
}

} // namespace postern
