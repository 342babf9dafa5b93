#include "milterd/dkim_signers.h"

#include "test/dkim/make_key.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace postern {
namespace {

// A folder with tables and keys
struct Tables {
    std::string key(const std::string& name, const std::string& pem = make_ed25519_pem())
    {
        const auto path = folder / name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << pem;
        std::filesystem::permissions(path, std::filesystem::perms(0600));
        return path;
    }

    void write(const std::string& keys, const std::string& signing, const char* kind = "refile:")
    {
        std::ofstream(folder / "keys") << keys;
        std::ofstream(folder / "signing") << signing;
        settings.key_table = "file:" + folder / "keys";
        settings.signing_table = kind + folder / "signing";
    }

    DkimSigners load(const DkimSigners* in_hand = nullptr)
    {
        return DkimSigners::load(settings, DkimKeys::load(settings.domains), {}, in_hand);
    }

    ScratchFolder folder;
    DkimSettings settings;
};

std::string signatures(const DkimSigners& signers, const char* local_part, const char* domain)
{
    std::string text;
    for (const auto& signer : signers.for_author({local_part, domain}))
        text += (text.empty() ? "" : " ")
            + (signer.key ? signer.domain + "/" + signer.selector + "/" + signer.identity : "! " + signer.fault);
    return text;
}

} // namespace

TEST_CASE("DkimSigners: tables, identities and the author's domain")
{
    Tables tables;
    const auto a = tables.key("a.private"), b = tables.key("b.private", make_rsa_pem());
    tables.key("of/example.net/s3.private");
    tables.write("a example.org:s1:" + a + "\nb example.org:s2:" + b + "\nown %:s3:" + tables.folder / "of/%/s3.private"
                     + "\nexample.com example.com:s4:" + a + "\n",
                 "*@example.org a\n*@example.org b:%@%\njoe@*.example.org a:joe@sub.example.org\n*@example.net own:@%\n"
                 "*@example.com %\n*@example.edu own\n*@other.example %\nlist@example.biz a:list@example.biz\n");
    auto signers = tables.load();
    REQUIRE(signers.table_faults().empty());
    REQUIRE(signers.key_faults().empty());
    CHECK(signatures(signers, "joe", "example.org") == "example.org/s1/");
    tables.settings.all_matches = true;
    signers = tables.load();
    CHECK(signatures(signers, "joe", "example.org") == "example.org/s1/ example.org/s2/example.org@example.org");
    CHECK(signatures(signers, "joe", "a.example.org") == "example.org/s1/joe@sub.example.org");
    CHECK(signatures(signers, "joe", "example.net") == "example.net/s3/@example.net");
    CHECK(signatures(signers, "joe", "example.com") == "example.com/s4/");
    CHECK(signatures(signers, "list", "example.biz") == "example.org/s1/"); // i= does not go with d=
    CHECK(signatures(signers, "joe", "elsewhere.example") == "");
    CHECK(signatures(signers, "joe", "example.edu")
          == "! " + tables.folder / "of/example.edu/s3.private: there was no such file when the keys were read");
    CHECK(signatures(signers, "joe", "other.example")
          == "! " + tables.folder / "signing:7: no key is named other.example");
    CHECK(signers.is_ours("example.org"));
    CHECK(!signers.is_ours("example.biz"));
}

TEST_CASE("DkimSigners: tables beside [[dkim.domain]], each signature once")
{
    Tables tables;
    const auto a = tables.key("a.private");
    tables.settings.domains = {{"example.org", "s1", a, false}};
    tables.settings.all_matches = true;
    tables.write("one example.org:s1:" + a + "\ntwo example.org:s2:" + a + "\n", "*@example.org one\n*@example.org two\n");
    CHECK(signatures(tables.load(), "joe", "example.org") == "example.org/s1/ example.org/s2/");
}

TEST_CASE("DkimSigners::known_keys: of domains that are known beforehand")
{
    Tables tables;
    const auto a = tables.key("a.private");
    const auto own = tables.key("of/example.net/s3.private");
    tables.write("a example.org:s1:" + a + "\nany %:s2:" + a + "\nown %:s3:" + tables.folder / "of/%/s3.private"
                     + "\nbroken example.org:s4:" + tables.folder / "none" + "\n",
                 "*@example.org a\n*@example.com any\n*@example.net own\n");
    tables.settings.domains.push_back({.domain = "example.com", .selector = "d", .key = a});
    std::string known;
    for (const auto& entry : tables.load().known_keys())
        known += entry.selector + "._domainkey." + entry.domain + (entry.key ? " " : " ! ") + entry.path + "\n";
    CHECK(known
          == "d._domainkey.example.com " + a + "\ns1._domainkey.example.org " + a + "\ns3._domainkey.example.net " + own
              + "\ns4._domainkey.example.org ! " + tables.folder / "none" + "\n");
}

TEST_CASE("DkimSigners: a key in the table itself")
{
    Tables tables;
    const auto in_a_line = [](std::string pem) {
        std::erase(pem, '\n');
        return pem;
    };
    const auto base64_of = [&](std::string pem) {
        pem = in_a_line(std::move(pem));
        const auto begin = pem.find("-----", 5) + 5;
        return pem.substr(begin, pem.rfind("-----END") - begin);
    };
    tables.write("pem example.org:s1:" + in_a_line(make_rsa_pem()) + "\nder example.org:s2:" + base64_of(make_rsa_pem())
                     + "\nbad example.org:s3:AAAA\n",
                 "pem@* pem\nder@* der\nbad@* bad\n");
    const auto signers = tables.load();
    CHECK(signers.table_faults().empty());
    CHECK(signers.key_faults()
          == std::vector<std::string>{tables.folder / "keys:3: the key holds no private key in PEM"});
    CHECK(signatures(signers, "pem", "example.org") == "example.org/s1/");
    CHECK(signatures(signers, "der", "example.org") == "example.org/s2/");
    CHECK(signatures(signers, "bad", "example.org") == "! " + tables.folder / "keys:3: the key holds no private key in PEM");
}

TEST_CASE("DkimSigners: every fault of both tables, and every key that cannot be used")
{
    Tables tables;
    tables.write("a example.org:s1\nb example.org\n", "*@example.org\n");
    auto signers = tables.load();
    CHECK(signers.table_faults()
          == std::vector<std::string>{
              tables.folder / "keys:1: \"example.org:s1\" is not domain:selector:path",
              tables.folder / "keys:2: \"example.org\" is not domain:selector:path",
              tables.folder / "signing:1: \"*@example.org\" names no key",
          });

    tables.write("a example.org:s1:/nowhere/key\nb example.org:s2:/nowhere/key\n", "*@example.org a\n*@example.net c\n");
    signers = tables.load();
    CHECK(signers.table_faults() == std::vector<std::string>{tables.folder / "signing:2: \"c\" is not in dkim.key_table"});

    tables.write("a example.org:s1:/nowhere/key\nb example.org:s2:/nowhere/key\n", "*@example.org a\n*@* b\n");
    signers = tables.load();
    CHECK(signers.table_faults().empty());
    CHECK(signers.key_faults() == std::vector<std::string>{"/nowhere/key: No such file or directory"});
    CHECK(signatures(signers, "joe", "example.org") == "! /nowhere/key: No such file or directory");
    CHECK(signers.warnings().size() == 1); // *@*

    tables.settings.key_table = "/nowhere/table";
    CHECK(tables.load().table_faults()
          == std::vector<std::string>{"dkim.key_table: /nowhere/table: No such file or directory"});
}

TEST_CASE("DkimSigners: keys that may not be read again stay, those of an author's folder too")
{
    if (::geteuid() == 0 && ::seteuid(65534) != 0) // root may read anything, so be nobody for a while
        return;
    {
        Tables tables;
        const auto a = tables.key("a.private");
        tables.key("of/example.net/key");
        tables.write("a example.org:s1:" + a + "\nown %:s2:" + tables.folder / "of/%/key\n",
                     "*@example.org a\n*@example.net own\n");
        const auto first = tables.load();
        REQUIRE(first.key_faults().empty());
        std::filesystem::permissions(a, std::filesystem::perms(0));
        std::filesystem::permissions(tables.folder / "of", std::filesystem::perms(0));
        const auto again = tables.load(&first);
        CHECK(again.key_faults().empty());
        CHECK(again.warnings().size() == 2);
        CHECK(signatures(again, "joe", "example.org") == "example.org/s1/");
        CHECK(signatures(again, "joe", "example.net") == "example.net/s2/");
        CHECK(tables.load().key_faults().size() == 1); // of a; nobody knows of the other
        std::filesystem::permissions(tables.folder / "of", std::filesystem::perms(0700));
    }
    if (::getuid() == 0)
        CHECK(::seteuid(0) == 0);
}

} // namespace postern
