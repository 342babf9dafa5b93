#include "milterd/dkim_keys.h"

#include "test/dkim/make_key.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace postern {
namespace {

std::string write_key(const std::string& path, const std::string& pem = make_ed25519_pem())
{
    std::ofstream(path) << pem;
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    return path;
}

std::string selectors(const std::vector<DkimKeyEntry>& entries)
{
    std::string text;
    for (const auto& entry : entries)
        text += (text.empty() ? "" : " ") + entry.selector;
    return text;
}

} // namespace

TEST_CASE("DkimKeys::for_author: the nearest domain, with each of its keys")
{
    const ScratchFolder folder;
    const auto path = write_key(folder / "key");
    const std::vector<DkimDomain> domains = {
        {"Example.ORG", "rsa1", path, true},
        {"example.org", "ed1", path, false},
        {"sub.example.org", "own", path, true},
        {"b\xc3\xbc" "cher.example", "idn", path, false},
    };
    const auto keys = DkimKeys::load(domains);
    REQUIRE(keys.faults().empty());
    struct Case {
        const char* author;
        const char* want_selectors;
    };
    const Case cases[] = {
        {"example.org", "rsa1 ed1"},
        {"other.example.org", "rsa1"},     // ed1 does not sign for subdomains
        {"a.b.example.org", "rsa1"},
        {"sub.example.org", "own"},        // its own key, not that of the domain above
        {"deep.sub.example.org", "own"},
        {"badexample.org", ""},
        {"org", ""},
        {"example.net", ""},
        {"xn--bcher-kva.example", "idn"},
        {"a.xn--bcher-kva.example", ""},
        {"", ""},
        {".", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.author);
        CHECK(selectors(keys.for_author(c.author)) == c.want_selectors);
    }
}

TEST_CASE("DkimKeys::load names every fault and keeps the entries")
{
    const ScratchFolder folder;
    const auto good = write_key(folder / "good");
    const auto broken = write_key(folder / "broken", "text");
    const std::vector<DkimDomain> domains = {
        {"example.org", "s1", folder / "none", false},
        {"example.org", "s2", broken, false},
        {"example.org", "s3", good, false},
        {"example.org", "s3", good, false},
        {"exa mple.net", "s1", good, false},
        {"example.net", "", good, false},
        {"example.net", "s2", good, false, "joe@example.org"},
    };
    const auto keys = DkimKeys::load(domains);
    CHECK(keys.faults()
          == std::vector<std::string>{
              "dkim.domain example.org: " + folder / "none" + ": No such file or directory",
              "dkim.domain example.org: " + broken + ": holds no private key in PEM",
              "dkim.domain example.org: selector s3 stands twice",
              "dkim.domain exa mple.net: s1._domainkey.exa mple.net is no name for a key",
              "dkim.domain example.net: ._domainkey.example.net is no name for a key",
              "dkim.domain example.net: identity joe@example.org is not of example.net or a domain below it",
          });
    CHECK(selectors(keys.for_author("example.org")) == "s1 s2 s3");
    CHECK(keys.for_author("example.org")[0].key == nullptr);
    CHECK(keys.for_author("example.org")[0].fault == folder / "none" + ": No such file or directory");
    CHECK(keys.for_author("example.org")[2].key != nullptr);
}

TEST_CASE("DkimKeys::load refuses a key that others can read, unless told not to")
{
    const ScratchFolder folder;
    const auto path = write_key(folder / "key");
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    const std::vector<DkimDomain> domains = {{"example.org", "s1", path, false}};
    CHECK(DkimKeys::load(domains, nullptr, {.is_strict = true}).faults().size() == 1);
    const auto keys = DkimKeys::load(domains);
    CHECK(keys.faults().empty());
    CHECK(keys.warnings().size() == 1);
}

TEST_CASE("DkimKeys::load passes warnings on")
{
    const ScratchFolder folder;
    const auto path = write_key(folder / "key", make_rsa_pem(1024));
    const std::vector<DkimDomain> domains = {{"example.org", "s1", path, false}};
    const auto keys = DkimKeys::load(domains);
    CHECK(keys.faults().empty());
    CHECK(keys.warnings().size() == 1);
}

TEST_CASE("DkimKeys::load keeps a key that may not be read again")
{
    if (::geteuid() == 0 && ::seteuid(65534) != 0) // root may read anything, so be nobody for a while
        return;
    {
        const ScratchFolder folder;
        const auto path = write_key(folder / "key");
        const std::vector<DkimDomain> domains = {{"example.org", "s1", path, false}};
        const auto first = DkimKeys::load(domains);
        REQUIRE(first.faults().empty());
        std::filesystem::permissions(path, std::filesystem::perms(0));

        const auto again = DkimKeys::load(domains, &first);
        CHECK(again.faults().empty());
        CHECK(again.warnings()
              == std::vector<std::string>{path + ": Permission denied; the key that was read before stays"});
        CHECK(again.for_author("example.org")[0].key == first.for_author("example.org")[0].key);

        CHECK(DkimKeys::load(domains).faults().size() == 1); // not in hand

        const std::vector<DkimDomain> elsewhere = {{"example.org", "s1", path + "2", false}};
        std::filesystem::permissions(path, std::filesystem::perms(0600));
        std::filesystem::rename(path, path + "2");
        std::filesystem::permissions(path + "2", std::filesystem::perms(0));
        CHECK(DkimKeys::load(elsewhere, &first).faults().size() == 1); // another file is another key
        CHECK(DkimKeys::load(domains, &first).faults().size() == 1);   // gone is not forbidden
    }
    if (::getuid() == 0)
        CHECK(::seteuid(0) == 0);
}

} // namespace postern
