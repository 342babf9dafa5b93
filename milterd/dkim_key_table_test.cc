#include "milterd/dkim_key_table.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

DkimKeyTable parse(DataSet::Kind kind, std::string_view text, std::vector<Error>& faults)
{
    const ReadText read = [&](const std::string&) { return Result<std::string>(text); };
    return DkimKeyTable::parse(kind, read_data_set({DataSet::Kind::file, "/kt"}, "", read, faults), faults);
}

} // namespace

TEST_CASE("DkimKeyTable: rows as OpenDKIM has them")
{
    std::vector<Error> faults;
    const auto table = parse(DataSet::Kind::file,
                             "one  Example.ORG:s1:/etc/keys/one.private\n"
                             "any %:s2:/etc/keys/%/s2.private # of the author\n"
                             "spaced example.net : s3 : /etc/keys/a:b\n"
                             "der example.com:s4:MIIB+/==\n"
                             "pem example.com:s5:-----BEGIN RSA PRIVATE KEY-----MIIB AB==-----END RSA PRIVATE KEY-----\n",
                             faults);
    CHECK(faults.empty());
    REQUIRE(table.rows().size() == 5);
    const auto& rows = table.rows();
    CHECK(rows[0].domain == "example.org");
    CHECK(rows[0].selector == "s1");
    CHECK(rows[0].key == "/etc/keys/one.private");
    CHECK(rows[0].is_path);
    CHECK(!rows[0].is_of_any_domain());
    CHECK(!rows[0].has_path_of_author());
    CHECK(rows[0].where == "/kt:1");
    CHECK(rows[1].is_of_any_domain());
    CHECK(rows[1].has_path_of_author());
    CHECK(rows[2].domain == "example.net");
    CHECK(rows[2].key == "/etc/keys/a:b");
    CHECK(!rows[3].is_path);
    CHECK(rows[3].key == "-----BEGIN PRIVATE KEY-----\nMIIB+/==\n-----END PRIVATE KEY-----\n");
    CHECK(rows[4].key == "-----BEGIN RSA PRIVATE KEY-----\nMIIBAB==\n-----END RSA PRIVATE KEY-----\n");
    CHECK(table.find("der") == 3u);
    CHECK(!table.find("DER")); // OpenDKIM's are compared with regard to case, too
    CHECK(!table.find("none"));
    CHECK(with_author_domain("/k/%/x.%", "a.example") == "/k/a.example/x.a.example");
}

TEST_CASE("DkimKeyTable: names of a refile: are patterns")
{
    std::vector<Error> faults;
    const auto table = parse(DataSet::Kind::patterns, "mail.* example.org:s1:/a\n* example.net:s2:/b\n", faults);
    CHECK(table.find("mail.example.org") == 0u);
    CHECK(table.find("mail") == 1u);
}

TEST_CASE("DkimKeyTable: every fault with its line")
{
    std::vector<Error> faults;
    const auto table = parse(DataSet::Kind::file,
                             "alone\n"
                             "two example.org:s1\n"
                             "good example.org:s1:/a\n"
                             "domain exa_mple..org:s1:/a\n"
                             "selector example.org:s 1:/a\n"
                             "empty example.org:s1:\n"
                             "relative example.org:s1:./a\n"
                             "text example.org:s1:no-key!\n"
                             "cut example.org:s1:-----BEGIN PRIVATE KEY-----MIIB\n"
                             "good example.net:s2:/b\n"
                             "many %%:s1:/a\n",
                             faults);
    std::string text;
    for (const auto& fault : faults)
        text += fault.what + "\n";
    CHECK(text
          == "/kt:1: \"alone\" has no key: domain:selector:path is wanted\n"
             "/kt:2: \"example.org:s1\" is not domain:selector:path\n"
             "/kt:4: \"exa_mple..org\" is not a domain, or % for the author's\n"
             "/kt:5: \"s 1\" is not a selector\n"
             "/kt:6: \"empty\" has no key: domain:selector:path is wanted\n"
             "/kt:7: \"./a\" is not an absolute path\n"
             "/kt:8: the key is neither an absolute path, nor PEM, nor base64\n"
             "/kt:9: the key is PEM without an end\n"
             "/kt:10: \"good\" stands at /kt:3 already\n"
             "/kt:11: \"%%\" is not a domain, or % for the author's\n");
    CHECK(table.rows().size() == 1);
}

} // namespace postern
