#include "config/migrate/policyd_spf_conf.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("policyd-spf.conf: its lines, and those that it skips")
{
    const auto conf =
        parse_policyd_spf_conf("# all\ndebugLevel = 1 # loud\n\nHELO_reject=Fail\nnonsense\nA = b = c\nB =\n");
    REQUIRE(conf.lines.size() == 3);
    CHECK(conf.lines[0].name == "debugLevel");
    CHECK(conf.lines[0].value == "1");
    CHECK(conf.lines[1].line == 4);
    CHECK(conf.lines[2].value.empty());
    REQUIRE(conf.faults.size() == 2);
    CHECK(conf.faults[0].line == 5);
    CHECK(conf.faults[1].line == 6);
}

TEST_CASE("the per-user file and lists")
{
    const auto users = parse_policyd_spf_users("# x\na@example.org,HELO_reject=Fail|TestOnly=0\nnobody\n");
    REQUIRE(users.size() == 2);
    CHECK(users[0].user == "a@example.org");
    CHECK(users[0].settings == "HELO_reject=Fail|TestOnly=0");
    CHECK(users[1].line == 3);
    CHECK(spf_conf_list(" a, b,,c ") == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("the Perl program's lists, as it is shipped and as it was edited")
{
    struct Case {
        const char* name;
        const char* text;
        const char* want_domains;
        const char* want_addresses;
        std::size_t want_relays;
    };
    const Case cases[] = {
        {"shipped",
         "my $exempt_domains = get_exempt_domains( \"/etc/postfix/exempt_spf_domains\" );\n"
         "my $relay_addresses = get_exempt_address(\"/etc/postfix/exempt_spf_addresses\");\nsub get_exempt_domains {\n",
         "/etc/postfix/exempt_spf_domains", "/etc/postfix/exempt_spf_addresses", 0},
        {"edited", "my $d = get_exempt_domains(\"/srv/d\");\n# get_exempt_address(\"/none\");\n", "/srv/d", "", 0},
        {"before 2.011",
         "use constant relay_addresses => map(\n    NetAddr::IP->new($_),\n    qw( 192.0.2.1\n 198.51.100.0/24 "
         ")\n);\nqw(x y)\n",
         "", "", 2},
        {"nothing", "", "", "", 0},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto program = parse_perl_spf_program(c.text);
        CHECK(program.domains_file == c.want_domains);
        CHECK(program.addresses_file == c.want_addresses);
        CHECK(program.relays.size() == c.want_relays);
    }
    const auto entries = parse_perl_exemptions("a.example, b.example\n\nc.example");
    REQUIRE(entries.size() == 3);
    CHECK(entries[2].line == 3);
    CHECK(entries[1].value == "b.example");
}

TEST_CASE("IPv4 networks that are written as IPv6 ones")
{
    CHECK(without_mapped_address("::ffff:127.0.0.0/104") == "127.0.0.0/8");
    CHECK(without_mapped_address("::FFFF:192.0.2.1") == "192.0.2.1");
    CHECK(without_mapped_address("::ffff:192.0.2.0/95") == "::ffff:192.0.2.0/95");
    CHECK(without_mapped_address("::ffff:192.0.2.0/x") == "::ffff:192.0.2.0/x");
    CHECK(without_mapped_address("2001:db8::/32") == "2001:db8::/32");
}

} // namespace postern
