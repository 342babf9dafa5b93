#include "common/data_set.h"

#include <doctest/doctest.h>
#include <map>

namespace postern {
namespace {

ReadText files(std::map<std::string, std::string> content)
{
    return [content = std::move(content)](const std::string& path) -> Result<std::string> {
        const auto it = content.find(path);
        return it != content.end() ? Result<std::string>(it->second) : fail("{}: No such file or directory", path);
    };
}

std::string text_of(const std::vector<DataRow>& rows)
{
    std::string text;
    for (const auto& row : rows)
        text += row.key + "=" + row.value + " (" + row.where + ")\n";
    return text;
}

std::string text_of(const std::vector<Error>& faults)
{
    std::string text;
    for (const auto& fault : faults)
        text += fault.what + "\n";
    return text;
}

} // namespace

TEST_CASE("parse_data_set")
{
    struct Case {
        const char* text;
        DataSet::Kind want_kind;
        const char* want_text; // or the Error
        bool is_good;
    };
    const Case cases[] = {
        {"file:/etc/x", DataSet::Kind::file, "/etc/x", true},
        {"/etc/x", DataSet::Kind::file, "/etc/x", true},
        {"refile:/etc/x", DataSet::Kind::patterns, "/etc/x", true},
        {"csl:a=1,b=2", DataSet::Kind::list, "a=1,b=2", true},
        {" a=1, b=2 ", DataSet::Kind::list, "a=1, b=2", true},
        {"a", DataSet::Kind::list, "a", true},
        {"", {}, "\"\" names nothing", false},
        {"file:", {}, "\"file:\" names nothing", false},
        {"file:x", {}, "\"x\" is not an absolute path", false},
        {"refile:x", {}, "\"x\" is not an absolute path", false},
        {"db:/etc/x.db", {}, "\"db\" is a kind of table that is not supported: write it into a file", false},
        {"ldap://host/dc=x", {}, "\"ldap\" is a kind of table that is not supported: write it into a file", false},
        {"dsn:mysql://x", {}, "\"dsn\" is a kind of table that is not supported: write it into a file", false},
        {"lua:/x", {}, "\"lua\" is a kind of table that is not supported: write it into a file", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const auto set = parse_data_set(c.text);
        REQUIRE(set.has_value() == c.is_good);
        CHECK((set ? set->text : set.error().what) == c.want_text);
        if (set)
            CHECK(set->kind == c.want_kind);
    }
}

TEST_CASE("read_data_set: a file")
{
    std::vector<Error> faults;
    const auto read = files({{"/t", "# a comment\n\none  1 and more \r\n\ttwo\t2#3\nthree\nlast 4"}});
    const auto rows = read_data_set({DataSet::Kind::file, "/t"}, "s", read, faults);
    CHECK(text_of(rows) == "one=1 and more (/t:3)\ntwo=2 (/t:4)\nthree= (/t:5)\nlast=4 (/t:6)\n");
    CHECK(faults.empty());

    CHECK(read_data_set({DataSet::Kind::patterns, "/none"}, "s", read, faults).empty());
    CHECK(text_of(faults) == "s: /none: No such file or directory\n");
}

TEST_CASE("read_data_set: a list")
{
    std::vector<Error> faults;
    const auto rows = read_data_set({DataSet::Kind::list, "a=1=2, b , ,c = 3"}, "dkim.x", files({}), faults);
    CHECK(text_of(rows) == "a=1=2 (dkim.x: item 1)\nb= (dkim.x: item 2)\nc=3 (dkim.x: item 4)\n");
    CHECK(faults.empty());
}

TEST_CASE("read_data_set: rows that cannot be, each with its line")
{
    std::vector<Error> faults;
    std::string text = "a 1\nb \0 2\n";
    text = std::string("a 1\nb ") + '\0' + "\n" + std::string(20'000, 'x') + "\nc 3\n";
    const auto rows = read_data_set({DataSet::Kind::file, "/t"}, "s", files({{"/t", text}}), faults);
    CHECK(text_of(rows) == "a=1 (/t:1)\nc=3 (/t:4)\n");
    CHECK(text_of(faults) == "/t:2: holds a NUL\n/t:3: has 20000 octets; at most 16384 are read\n");

    faults.clear();
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += std::string("x\0\n", 3);
    read_data_set({DataSet::Kind::file, "/t"}, "s", files({{"/t", many}}), faults);
    CHECK(faults.size() == 21);
    CHECK(faults.back().what == "/t: and more");
}

TEST_CASE("expand_list: entries, and files of them")
{
    std::vector<Error> faults;
    const auto read = files({{"/etc/hosts", "192.0.2.1 # a\n!192.0.2.2\n"}, {"/bad", "a b\n"}});
    const std::vector<std::string> items = {"example.org", "file:/etc/hosts", "/^x/", "/etc/hosts", "csl:a,b"};
    CHECK(text_of(expand_list(items, "trust.networks", read, faults))
          == "example.org= (trust.networks)\n192.0.2.1= (/etc/hosts:1)\n!192.0.2.2= (/etc/hosts:2)\n"
             "/^x/= (trust.networks)\n192.0.2.1= (/etc/hosts:1)\n!192.0.2.2= (/etc/hosts:2)\n"
             "a= (trust.networks: item 1)\nb= (trust.networks: item 2)\n");
    CHECK(faults.empty());

    const std::vector<std::string> bad = {"/bad", "refile:/etc/hosts", "/none"};
    expand_list(bad, "s", read, faults);
    CHECK(text_of(faults)
          == "/bad:1: \"b\" behind the entry\ns: a list has no patterns: file: is meant\n"
             "s: /none: No such file or directory\n");
}

TEST_CASE("matches_wildcard")
{
    struct Case {
        const char* pattern;
        const char* text;
        bool want;
    };
    const Case cases[] = {
        {"*", "", true},
        {"*", "joe@example.org", true},
        {"*@example.org", "joe@example.org", true},
        {"*@example.org", "joe@EXAMPLE.org", true},
        {"*@example.org", "joe@example.org.net", false},
        {"*@*.example.org", "joe@a.example.org", true},
        {"*@*.example.org", "joe@example.org", false},
        {"*@*example.org", "joe@badexample.org", true},
        {"j*e@*", "joe@x", true},
        {"j*e@*", "jane@x", true},
        {"j*e@*", "jan@x", false},
        {"joe@example.org", "joe@example.org", true},
        {"joe@example.org", "joe@example.or", false},
        {"joe@example.or", "joe@example.org", false},
        {"joe@exampleXorg", "joe@example.org", false},
        {"a.b@x", "axb@x", false},
        {"*a*b*", "xxaxxbxx", true},
        {"*a*b*", "xxbxxaxx", false},
        {"**", "x", true},
        {"", "", true},
        {"", "x", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.pattern);
        CAPTURE(c.text);
        CHECK(matches_wildcard(c.pattern, c.text) == c.want);
    }
    CHECK(!matches_wildcard("*a*a*a*a*a*a*a*a*b", std::string(1000, 'a'))); // no explosion
}

} // namespace postern
