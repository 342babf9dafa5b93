#include "config/read_config.h"

#include "config/environment.h"
#include "config/setting.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

auto read(std::string toml, Environment environment = {}, std::string_view instance = {})
{
    return read_config({"t", std::move(toml), std::move(environment),
                        [](const std::string& path) -> Result<std::string> { return fail("{}: not there", path); }},
                       instance);
}

Texts faults_of(const tl::expected<LoadedConfig, std::vector<Error>>& got)
{
    Texts faults;
    if (!got)
        for (const auto& error : got.error())
            faults.push_back(error.what);
    return faults;
}

// A file in which nothing but that setting stands, on line 2.
std::string file_with(const Setting& setting, std::string_view value)
{
    const bool is_repeated = find_section(setting.section)->kind == SectionKind::repeated;
    return fmt::format("{}{}{}\n{} = {}\n", is_repeated ? "[[" : "[", setting.section, is_repeated ? "]]" : "]",
                       setting.name, value);
}

bool is_refused_at_its_line(const Setting& setting, std::string_view value)
{
    const auto place = fmt::format("t:2: {}.{}: ", setting.section, setting.name);
    for (const auto& fault : faults_of(read(file_with(setting, value))))
        if (fault.starts_with(place) && fault.size() > place.size())
            return true;
    return false;
}

// Values of the right kind that some setting or other cannot have.
Texts nonsense(Shape shape)
{
    const Texts texts{"\"\\u0001\"",     "\"[/(\"",       "\"nonsense words\"", "\"%q\"",  "\"{never\"",
                      "\"a..b\"",         "\"0s\"",        "\"1000000d\"",      "\"9999\"", "\"$nonsense\"",
                      "\"300.1.1.1/99\"", "\"rel/ative\"", "\"1.2.3.4.5*x\"",   "\"ftp://x\"", "\"*\""};
    switch (shape) {
    case Shape::boolean:
        return {};
    case Shape::number:
        return {"-1", "0", "99999999999999"};
    case Shape::size:
        return {"-1", "\"0\"", "\"1x\"", "\"99999999G\""};
    case Shape::text:
        return texts;
    case Shape::list: {
        Texts lists;
        for (const auto& text : texts)
            lists.push_back("[" + text + "]");
        return lists;
    }
    }
    return {}; // unreachable: -Wswitch names a shape without a case
}

} // namespace

TEST_CASE("each setting refuses what is not its kind, and what it cannot be, at its line and by its name")
{
    for (const auto& setting : settings()) {
        CAPTURE(setting.section);
        CAPTURE(setting.name);
        const auto shape = shape_of(setting);
        CHECK(is_refused_at_its_line(setting, "2026-01-01"));
        CHECK(is_refused_at_its_line(setting, shape == Shape::boolean ? "1" : "true"));
        if (shape != Shape::list)
            CHECK(is_refused_at_its_line(setting, "[\"a\", \"b\"]"));

        const bool has_limits = !setting.low.empty() || !words_of_setting(setting).empty() || setting.check;
        if (!has_limits || shape == Shape::boolean)
            continue;
        const auto values = nonsense(shape);
        CHECK(std::any_of(values.begin(), values.end(),
                          [&](const auto& value) { return is_refused_at_its_line(setting, value); }));
    }
}

TEST_CASE("no file and no environment: the defaults, without a warning")
{
    const auto got = read("");
    REQUIRE(faults_of(got) == Texts{});
    CHECK(got->warnings.empty());
    CHECK(got->instances.empty());
    CHECK(got->config.policyd.listen == "unix:/var/spool/postfix/postern/policy");
    CHECK(got->config.policyd.socket_mode == 0660);
    CHECK(got->config.policyd.checks == Texts{"dnsbl", "recipient", "spf", "greylist"});
    CHECK(got->config.trust.networks == Texts{"127.0.0.0/8", "::1/128"});
    CHECK(got->config.dns.servers.empty());
    CHECK(got->config.dns.timeout == 2s);
    CHECK(got->config.spf.mail_from == SpfRejectOn::fail);
    CHECK(got->config.greylist.delay == 5min);
    CHECK(got->config.milterd.deadline == 120s);
    CHECK(got->config.milterd.control == "/run/postern/milterd.control");
    CHECK_FALSE(got->config.clamav.enable);
    CHECK(got->config.clamav.max_size == 25 << 20);
    CHECK(got->config.dkim.sign);
    CHECK(got->config.dkim.domains.empty());
}

TEST_CASE("each kind of value is read from TOML")
{
    const auto got = read(R"(
[log]
format = "json"
[trust]
networks = ["192.0.2.1", ".example.org"]
[spf]
enable = false
[greylist]
delay = "10m"
ipv4_prefix = 32
text = "wait, %s, please"
[policyd]
socket_mode = "0666"
[clamav]
max_size = "10M"
[milterd]
max_spooled = 104857600
)");
    REQUIRE(faults_of(got) == Texts{});
    CHECK(got->config.log.format == LogFormat::json);
    CHECK(got->config.trust.networks == Texts{"192.0.2.1", ".example.org"});
    CHECK_FALSE(got->config.spf.enable);
    CHECK(got->config.greylist.delay == 10min);
    CHECK(got->config.greylist.ipv4_prefix == 32);
    CHECK(got->config.greylist.text == "wait, %s, please");
    CHECK(got->config.policyd.socket_mode == 0666);
    CHECK(got->config.clamav.max_size == 10 << 20);
    CHECK(got->config.milterd.max_spooled == 100 << 20);
}

TEST_CASE("faults have the line and the name")
{
    struct Case {
        const char* name;
        std::string input;
        Texts want;
    };
    const Case cases[] = {
        {"limit", "[greylist]\nipv4_prefix = 33\n", {"t:2: greylist.ipv4_prefix: 33 is not between 8 and 32"}},
        {"no unit", "[greylist]\ndelay = \"10\"\n",
         {"t:2: greylist.delay: \"10\" is not a time such as 90s, 5m, 2h or 1d"}},
        {"number for a time", "[greylist]\ndelay = 10\n",
         {"t:2: greylist.delay: wants a time in quotes, such as \"90s\" or \"5m\", not a number"}},
        {"number for true", "[greylist]\n\nenable = 1\n", {"t:3: greylist.enable: wants true or false, not a number"}},
        {"text for true", "[greylist]\nenable = \"no\"\n", {"t:2: greylist.enable: wants true or false, not a text"}},
        {"text for a number", "[dns]\ntries = \"2\"\n", {"t:2: dns.tries: wants a whole number, not a text"}},
        {"fraction", "[dns]\ntries = 2.5\n", {"t:2: dns.tries: wants a whole number, not a number with a fraction"}},
        {"date for a text", "[log]\nlevel = 2026-01-01\n",
         {"t:2: log.level: wants one of: debug, info, warning, error, not a date or time"}},
        {"number for a mode", "[policyd]\nsocket_mode = 0o660\n",
         {"t:2: policyd.socket_mode: wants a mode in quotes, such as \"0660\", not a number"}},
        {"text for a list", "[dns]\nservers = \"127.0.0.1\"\n",
         {"t:2: dns.servers: wants a list such as [\"a\", \"b\"], not a text"}},
        {"list of numbers", "[dns]\nservers = [1]\n",
         {"t:2: dns.servers: wants a list such as [\"a\", \"b\"], not a list"}},
        {"table for a text", "[log]\nlevel = {a = 1}\n",
         {"t:2: log.level: wants one of: debug, info, warning, error, not a section"}},
        {"item of a list", "[trust]\nnetworks = [\n\"192.0.2.0/24\",\n\"192.0.2.1/24\"]\n",
         {"t:2: trust.networks: \"192.0.2.1/24\": host bits are set"}},
        {"misspelt", "[greylist]\ndealy = \"5m\"\n", {"t:2: greylist.dealy: no such setting; did you mean delay?"}},
        {"misspelt section", "[graylist]\ndelay = \"5m\"\n",
         {"t:1: graylist: no such section; did you mean [greylist]?"}},
        {"in another section", "[spf]\nretry_window = \"2d\"\n",
         {"t:2: spf.retry_window: no such setting; there is one in [greylist]"}},
        {"unknown", "[spf]\ncolour = 1\n", {"t:2: spf.colour: no such setting"}},
        {"unknown section", "[colours]\n", {"t:1: colours: no such section"}},
        {"section in a section", "[spf.inner]\na = 1\n", {"t:1: spf.inner: no such setting"}},
        {"no section", "delay = 1\n", {"t:1: delay: stands in no section"}},
        {"section as a value", "spf = true\n", {"t:1: spf: is a section: write [spf]"}},
        {"section that repeats", "[[spf]]\nenable = true\n", {"t:1: spf: is a section: write [spf]"}},
        {"section with a dot in quotes", "[\"dkim.domain\"]\n", {"t:1: dkim.domain: no such section"}},
        {"not TOML", "[greylist\n", {"t:1: Error while parsing table header: expected ']'"}},
        {"set twice", "[spf]\nenable = true\nenable = true\n", {"t:3: Error while parsing key-value pair: "}},
        {"all of them, by line", "[spf]\nenable = 1\n[log]\nlevel = \"x\"\n[dns]\ntries = 0\nserver = []\n",
         {"t:2: spf.enable: wants true or false, not a number",
          "t:4: log.level: \"x\" is not one of: debug, info, warning, error",
          "t:6: dns.tries: 0 is not between 1 and 10",
          "t:7: dns.server: no such setting; did you mean servers?"}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = faults_of(read(c.input));
        CAPTURE(got);
        REQUIRE(got.size() == c.want.size());
        for (std::size_t i = 0; i < got.size(); ++i)
            CHECK(got[i].substr(0, c.want[i].size()) == c.want[i]);
    }
}

TEST_CASE("the environment stands over the file")
{
    const auto got = read("[greylist]\ndelay = \"10m\"\nretry_window = \"1d\"\n[trust]\nnetworks = [\"192.0.2.1\"]\n",
                          {{"POSTERN_GREYLIST_DELAY", "1m"},
                           {"POSTERN_TRUST_NETWORKS", "198.51.100.0/24, .example.org"},
                           {"POSTERN_TRUST_RELAYS", ""},
                           {"POSTERN_PORT", "tcp://10.0.0.1:25"}});
    REQUIRE(faults_of(got) == Texts{});
    CHECK(got->config.greylist.delay == 1min);
    CHECK(got->config.greylist.retry_window == 24h);
    CHECK(got->config.trust.networks == Texts{"198.51.100.0/24", ".example.org"});
    CHECK(got->config.trust.relays.empty());
    CHECK(got->warnings == Texts{"environment: POSTERN_PORT: no such setting; ignored"});
}

TEST_CASE("faults of the environment come after those of the file, by the variable's name")
{
    const auto got = faults_of(read("[spf]\nenable = 1\n", {{"POSTERN_GREYLIST_ENABLE", "no"},
                                                            {"POSTERN_LOG_PATH_FILE", "/gone"},
                                                            {"POSTERN_DKIM_DOMAIN_1_DOMAIN", "example.org"}}));
    CHECK(got == Texts{"t:2: spf.enable: wants true or false, not a number",
                       "environment: dkim.domain 1: selector is missing", "environment: dkim.domain 1: key is missing",
                       "environment: POSTERN_GREYLIST_ENABLE: \"no\" is not true or false",
                       "environment: POSTERN_LOG_PATH_FILE: /gone: not there"});
}

TEST_CASE("a repeated section has one entry for each time it stands")
{
    const auto got = read(R"(
[[dkim.domain]]
domain = "example.org"
selector = "rsa"
key = "/etc/postern/rsa.pem"
[[dkim.domain]]
domain = "example.org"
selector = "ed"
key = "/etc/postern/ed.pem"
subdomains = true
)",
                          {{"POSTERN_DKIM_DOMAIN_2_DOMAIN", "example.net"},
                           {"POSTERN_DKIM_DOMAIN_2_SELECTOR", "a"},
                           {"POSTERN_DKIM_DOMAIN_2_KEY", "/run/key"}});
    REQUIRE(faults_of(got) == Texts{});
    const auto& domains = got->config.dkim.domains;
    REQUIRE(domains.size() == 3);
    CHECK(domains[0].selector == "rsa");
    CHECK_FALSE(domains[0].subdomains);
    CHECK(domains[1].selector == "ed");
    CHECK(domains[1].subdomains);
    CHECK(domains[2].domain == "example.net");
    CHECK(domains[2].key == "/run/key");
}

TEST_CASE("faults of repeated sections")
{
    struct Case {
        const char* name;
        std::string input;
        Texts want;
    };
    const std::string entry = "[[dkim.domain]]\ndomain = \"example.org\"\nselector = \"a\"\nkey = \"/k\"\n";
    const Case cases[] = {
        {"the same twice", entry + "[[dkim.domain]]\ndomain = \"Example.ORG\"\nselector = \"a\"\nkey = \"/other\"\n",
         {"t:5: dkim.domain: example.org a stands twice, first at t:1: dkim.domain"}},
        {"another selector", entry + "[[dkim.domain]]\ndomain = \"example.org\"\nselector = \"b\"\nkey = \"/k\"\n", {}},
        {"nothing in it", "[dkim]\n[[dkim.domain]]\n",
         {"t:2: dkim.domain: domain is missing", "t:2: dkim.domain: selector is missing",
          "t:2: dkim.domain: key is missing"}},
        {"two with the same missing",
         "[[dkim.domain]]\ndomain=\"a.example\"\nkey=\"/k\"\n[[dkim.domain]]\ndomain=\"a.example\"\nkey=\"/k\"\n",
         {"t:1: dkim.domain: selector is missing", "t:4: dkim.domain: selector is missing"}},
        {"empty", "[[dkim.domain]]\ndomain = \"\"\nselector = \"a\"\nkey = \"/k\"\n",
         {"t:2: dkim.domain.domain: must not be empty"}},
        {"misspelt", entry + "selektor = \"b\"\n",
         {"t:5: dkim.domain.selektor: no such setting; did you mean selector?"}},
        {"relative key", "[[dkim.domain]]\ndomain = \"example.org\"\nselector = \"a\"\nkey = \"k\"\n",
         {"t:4: dkim.domain.key: \"k\" is not an absolute path"}},
        {"one bracket", "[dkim.domain]\ndomain = \"example.org\"\n",
         {"t:1: dkim.domain: is a section that repeats: write [[dkim.domain]]"}},
        {"a value", "[dkim]\ndomain = \"example.org\"\n",
         {"t:2: dkim.domain: is a section that repeats: write [[dkim.domain]]"}},
        {"empty list", "[dkim]\ndomain = []\n", {"t:2: dkim.domain: is a section that repeats: write [[dkim.domain]]"}},
        {"misspelt section", "[[dkim.domains]]\n",
         {"t:1: dkim.domains: no such setting; did you mean [[dkim.domain]]?"}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(faults_of(read(c.input)) == c.want);
    }
}

TEST_CASE("an instance stands over its section, but for its sockets")
{
    const std::string file = R"(
[milterd]
listen = "unix:/run/m"
deadline = "60s"
user = "mail"
metrics = "inet:127.0.0.1:9641"
[milterd.submission]
deadline = "30s"
[milterd.in-house]
listen = "inet:127.0.0.1:8891"
metrics = "unix:/run/in-house"
[dkim.submission]
verify = false
)";
    const auto base = read(file);
    REQUIRE(faults_of(base) == Texts{});
    CHECK(base->instances == Texts{"in-house", "submission"});
    CHECK(base->config.milterd.deadline == 60s);
    CHECK(base->config.milterd.metrics == "inet:127.0.0.1:9641");
    CHECK(base->config.dkim.verify);

    const auto submission = read(file, {{"POSTERN_MILTERD_USER", "nobody"}}, "submission");
    REQUIRE(faults_of(submission) == Texts{});
    CHECK(submission->config.milterd.deadline == 30s);
    CHECK(submission->config.milterd.user == "nobody");
    CHECK(submission->config.milterd.listen == "unix:/var/spool/postfix/postern/milter-submission");
    CHECK(submission->config.milterd.control == "/run/postern/milterd-submission.control");
    CHECK(submission->config.milterd.metrics.empty());
    CHECK_FALSE(submission->config.dkim.verify);

    const auto in_house = read(file, {{"POSTERN_MILTERD_IN_HOUSE_DEADLINE", "10s"}}, "in-house");
    REQUIRE(faults_of(in_house) == Texts{});
    CHECK(in_house->config.milterd.listen == "inet:127.0.0.1:8891");
    CHECK(in_house->config.milterd.metrics == "unix:/run/in-house");
    CHECK(in_house->config.milterd.deadline == 10s);
    CHECK(in_house->config.milterd.user == "mail");
}

TEST_CASE("faults of instances, whichever is asked for")
{
    struct Case {
        const char* name;
        std::string input;
        const char* instance;
        Texts want;
    };
    const Case cases[] = {
        {"unknown", "[milterd.submission]\n", "submision",
         {"t: there is no [milterd.submision]; did you mean instance submission?"}},
        {"no instances at all", "", "submission", {"t: there is no [milterd.submission]"}},
        {"another's fault", "[milterd.a]\ndeadline = 1\n[milterd.b]\n", "b",
         {"t:2: milterd.a.deadline: wants a time in quotes, such as \"90s\" or \"5m\", not a number"}},
        {"what all inherit is told once", "[milterd]\ndeadline = \"1h\"\n[milterd.a]\n[milterd.b]\n", "",
         {"t:2: milterd.deadline: 1h is not between 5s and 280s"}},
        {"of a section without its own", "[dkim.submission]\nverify = false\n", "",
         {"t:1: dkim.submission: there is no [milterd.submission]"}},
        {"in a section that has none", "[milterd.a]\n[spf.a]\nenable = false\n", "", {"t:2: spf.a: no such setting"}},
        {"an instance of an instance", "[milterd.a.b]\n", "", {"t:1: milterd.a.b: no such setting"}},
        {"a name that is none", "[milterd.\"a b\"]\n", "",
         {"t:1: milterd.a b: the name of an instance has letters, digits and - only, 32 at most"}},
        {"the same socket", "[milterd]\nlisten = \"unix:/m\"\n[milterd.a]\nlisten = \"unix:/m\"\n", "",
         {"t:4: milterd.a.listen: unix:/m is the socket of milterd.listen already"}},
        {"the same control socket", "[milterd.a]\ncontrol = \"/c\"\n[milterd.b]\ncontrol = \"/c\"\n", "",
         {"t:4: milterd.b.control: unix:/c is the socket of milterd.control of instance a already"}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(faults_of(read(c.input, {}, c.instance)) == c.want);
    }
}

} // namespace postern
