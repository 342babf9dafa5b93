#include "milterd/dkim_signing_table.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

DkimSigningTable parse(DataSet::Kind kind, std::string_view text, std::vector<Error>& faults)
{
    const ReadText read = [&](const std::string&) { return Result<std::string>(text); };
    return DkimSigningTable::parse(kind, read_data_set({DataSet::Kind::file, "/st"}, "", read, faults), faults);
}

std::string keys_for(const DkimSigningTable& table, std::string_view author, bool wants_all)
{
    const auto at = author.rfind('@');
    std::string text;
    for (const auto row : table.find(author.substr(0, at), author.substr(at + 1), wants_all))
        text += (text.empty() ? "" : " ") + table.rows()[row].key_name;
    return text;
}

} // namespace

// The order is that of opendkim.conf(5); test_with_opendkim.py asks OpenDKIM itself.
TEST_CASE("DkimSigningTable: a table that is looked up, from the address to *")
{
    std::vector<Error> faults;
    const auto table = parse(DataSet::Kind::file,
                             "*                   any\n"
                             "joe@*               joe\n"
                             ".org                below-org\n"
                             ".example.org        below-example\n"
                             "joe@.org            joe-below-org\n"
                             "joe@.example.org    joe-below-example\n"
                             "example.org         domain\n"
                             "JOE@Example.org     address:@example.org\n"
                             "joe@example.org     address2\n",
                             faults);
    CHECK(faults.empty());
    struct Case {
        const char* author;
        const char* want_all;
        const char* want_first;
    };
    const Case cases[] = {
        {"joe@example.org", "address address2 domain joe-below-org below-org joe any", "address"},
        {"Joe@example.org", "address address2 domain joe-below-org below-org joe any", "address"},
        {"ann@example.org", "domain below-org any", "domain"},
        {"joe@a.example.org", "joe-below-example joe-below-org below-example below-org joe any", "joe-below-example"},
        {"ann@b.a.example.org", "below-example below-org any", "below-example"},
        {"joe@x.org", "joe-below-org below-org joe any", "joe-below-org"},
        {"joe@org", "joe any", "joe"},
        {"ann@example.net", "any", "any"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.author);
        CHECK(keys_for(table, c.author, true) == c.want_all);
        CHECK(keys_for(table, c.author, false) == c.want_first);
    }
    CHECK(table.find("joe", "", true).empty());
    CHECK(table.rows()[7].identity == "@example.org");
}

TEST_CASE("DkimSigningTable: a refile: has patterns, in their order")
{
    std::vector<Error> faults;
    const auto table = parse(DataSet::Kind::patterns,
                             "*@example.org one\n*@*.example.org two:%@%\njoe@* three\n*@b\xc3\xbc" "cher.example four\n",
                             faults);
    CHECK(faults.empty());
    CHECK(keys_for(table, "joe@example.org", true) == "one three");
    CHECK(keys_for(table, "joe@example.org", false) == "one");
    CHECK(keys_for(table, "JOE@a.example.org", true) == "two three");
    CHECK(keys_for(table, "ann@badexample.org", true) == "");
    CHECK(keys_for(table, "ann@xn--bcher-kva.example", true) == "four");
    CHECK(table.rows()[1].identity == "%@%");
}

TEST_CASE("DkimSigningTable: every fault with its line")
{
    std::vector<Error> faults;
    parse(DataSet::Kind::patterns, "*@example.org\n*@example.net :x@y\n*@a.example k:noidentity\n*@b.example two keys\n",
          faults);
    std::string text;
    for (const auto& fault : faults)
        text += fault.what + "\n";
    CHECK(text
          == "/st:1: \"*@example.org\" names no key\n"
             "/st:2: \"*@example.net\" names no key\n"
             "/st:3: \"noidentity\" is no identity: user@domain or @domain is wanted\n"
             "/st:4: \"two keys\" is not the name of one key\n");
}

TEST_CASE("DkimSigningTable: what is legal and can hardly be meant is warned of")
{
    struct Case {
        DataSet::Kind kind;
        const char* pattern;
        const char* want; // a part of the warning; empty: none
    };
    const Case cases[] = {
        {DataSet::Kind::patterns, "*", "of any domain"},
        {DataSet::Kind::patterns, "*@*", "of any domain"},
        {DataSet::Kind::patterns, "joe@*", "of any domain"},
        {DataSet::Kind::patterns, "*@*.org", "of any domain"},
        {DataSet::Kind::patterns, "*@example.*", "of any domain"},
        {DataSet::Kind::patterns, "*@*.example.org", ""},
        {DataSet::Kind::patterns, "*@example.org", ""},
        {DataSet::Kind::patterns, "*@localhost", ""},
        {DataSet::Kind::patterns, "example.org", "fits no address: write *@example.org"},
        {DataSet::Kind::file, "*", "of any domain"},
        {DataSet::Kind::file, "joe@*", "of any domain"},
        {DataSet::Kind::file, ".org", "of any domain"},
        {DataSet::Kind::file, "joe@.org", "of any domain"},
        {DataSet::Kind::file, ".example.org", ""},
        {DataSet::Kind::file, "joe@.example.org", ""},
        {DataSet::Kind::file, "example.org", ""},
        {DataSet::Kind::file, "joe@example.org", ""},
        {DataSet::Kind::file, "*@example.org", "fits no address: only a refile: has patterns such as *@example.org"},
        {DataSet::Kind::list, "*@example.org", "fits no address: only a refile:"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.pattern);
        std::vector<Error> faults;
        const auto table = parse(c.kind, std::string(c.pattern) + " key\n", faults);
        CHECK(faults.empty());
        REQUIRE(table.warnings().size() == (*c.want ? 1u : 0u));
        if (*c.want) {
            CHECK(table.warnings()[0].starts_with("/st:1: \""));
            CHECK(table.warnings()[0].find(c.want) != std::string::npos);
        }
    }
}

} // namespace postern
