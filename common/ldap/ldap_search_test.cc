#include "common/ldap/ldap_search.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("judge_search")
{
    using enum SearchStatus;
    struct Case {
        const char* name;
        LdapReply reply;
        SearchStatus want;
        bool want_server_fault = false;
        const char* want_reason = "";
    };
    const Case cases[] = {
        {"an entry", {0, "Success", "", true, {}}, found},
        {"no entry", {0, "Success", "", false, {}}, none},
        {"an entry, and more than we wanted", {4, "Size limit exceeded", "", true, {}}, found},
        {"a size limit and no entry", {4, "Size limit exceeded", "", false, {}}, failed, false, "Size limit exceeded"},
        {"the base is missing", {32, "No such object", "", false, {}}, failed, true, "the base dc=x is not there"},
        {"a time limit", {3, "Time limit exceeded", "", false, {}}, failed, false, "Time limit exceeded"},
        {"nobody logged in", {1, "Operations error", "000004DC: LdapErr", false, {}}, failed, true,
         "Operations error: 000004DC: LdapErr"},
        {"no access", {50, "Insufficient access", "", false, {}}, failed, true, "Insufficient access"},
        {"busy", {51, "Server is busy", "", false, {}}, failed, true, "Server is busy"},
        {"a referral", {10, "Referral", "", false, {"ldap://b/dc=x"}}, failed, true, "Referral"},
        {"references alone", {0, "Success", "", false, {"ldap://b/ou=people,dc=x"}}, failed, false,
         "referred to ldap://b/ou=people,dc=x"},
        {"an entry and references", {0, "Success", "", true, {"ldap://b/ou=people,dc=x"}}, found},
        {"references of Active Directory",
         {0, "Success", "", false,
          {"ldap://ForestDnsZones.x/DC=ForestDnsZones,DC=x", "ldap://DomainDnsZones.x/DC=DomainDnsZones,DC=x",
           "ldap://x/CN=Configuration,DC=x"}},
         none},
        {"a child domain beside them",
         {0, "Success", "", false, {"ldap://x/CN=Configuration,DC=x", "ldap://sub.x/DC=sub,DC=x"}}, failed, false,
         "referred to ldap://sub.x/DC=sub,DC=x"},
        {"a reference without a name", {0, "Success", "", false, {"ldap://x"}}, failed, false, "referred to ldap://x"},
        {"hostile words", {80, "Other", "a\nb", false, {}}, failed, false, "Other: a?b"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto outcome = judge_search({.base = "dc=x"}, c.reply);
        CHECK(outcome.status == c.want);
        CHECK(outcome.is_server_fault == c.want_server_fault);
        CHECK(outcome.reason == c.want_reason);
    }
}

TEST_CASE("judge_search: a base that is made from the address")
{
    const LdapSearch search{.base = "uid=a,dc=x", .is_base_dynamic = true};
    CHECK(judge_search(search, {32, "No such object", "", false, {}}).status == SearchStatus::none);
    CHECK(judge_search(search, {34, "Invalid DN syntax", "", false, {}}).status == SearchStatus::none);
    CHECK(judge_search(search, {53, "Server is unwilling to perform", "", false, {}}).status == SearchStatus::failed);
}

TEST_CASE("judge_search: referrals that are to be ignored")
{
    const LdapSearch search{.base = "dc=x", .ignore_referrals = true};
    CHECK(judge_search(search, {0, "Success", "", false, {"ldap://b/ou=people"}}).status == SearchStatus::none);
    CHECK(judge_search(search, {10, "Referral", "", false, {"ldap://b/ou=people"}}).status == SearchStatus::failed);
}

} // namespace postern
