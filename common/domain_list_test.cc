#include "common/domain_list.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("DomainList: which domains are in it")
{
    const std::vector<std::string> entries{"example.org", ".example.net", "B\xc3\xbc" "cher.example", "org"};
    const auto list = DomainList::parse(entries);
    REQUIRE(list);
    for (const auto* domain : {"example.org", "a.example.net", "a.b.example.net", "xn--bcher-kva.example", "org"}) {
        CAPTURE(domain);
        CHECK(list->contains(domain));
    }
    for (const auto* domain : {"a.example.org", "example.net", "notexample.net", ".example.net", ".example.org", "net",
                               "example", "", "."}) {
        CAPTURE(domain);
        CHECK_FALSE(list->contains(domain));
    }
    CHECK_FALSE(DomainList().contains("example.org"));
    CHECK(DomainList().empty());
}

TEST_CASE("DomainList: what is no domain is shown")
{
    for (const std::string bad : {"", ".", "a..b", "a b", "user@example.org", "192.0.2.0/24", "*.example.org", "a.b/c"}) {
        CAPTURE(bad);
        const auto list = DomainList::parse({&bad, 1});
        REQUIRE_FALSE(list);
        CHECK(list.error().what.starts_with("\"" + bad + "\" is not a domain"));
    }
}

} // namespace postern
