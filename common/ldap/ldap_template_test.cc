#include "common/ldap/ldap_template.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

const MailAddress user{"user", "mail.example.org"};

} // namespace

TEST_CASE("LdapTemplate: a filter with an address put in")
{
    struct Case {
        const char* name;
        const char* filter;
        MailAddress address;
        const char* want; // nullptr: nothing to ask for
    };
    const Case cases[] = {
        {"the address", "(mail=%s)", user, "(mail=user@mail.example.org)"},
        {"its parts", "(&(uid=%u)(dc=%d))", user, "(&(uid=user)(dc=mail.example.org))"},
        {"capital letters", "(&(uid=%U)(dc=%D)(mail=%S))", user,
         "(&(uid=user)(dc=mail.example.org)(mail=user@mail.example.org))"},
        {"labels from the right", "(&(c=%1)(o=%2)(ou=%3))", user, "(&(c=org)(o=example)(ou=mail))"},
        {"too few labels", "(ou=%4)", user, nullptr},
        {"a percent sign", "(cn=100%%)", user, "(cn=100%)"},
        {"without parentheses", "mail=%s", user, "(mail=user@mail.example.org)"},
        {"blanks around it", " (mail=%s)\n", user, "(mail=user@mail.example.org)"},
        {"no domain, %u", "(uid=%u)", {"postmaster", ""}, "(uid=postmaster)"},
        {"no domain, %d", "(dc=%d)", {"postmaster", ""}, nullptr},
        {"no domain, %1", "(dc=%1)", {"postmaster", ""}, nullptr},
        {"no local part", "(uid=%u)", {"", "example.org"}, nullptr},
        {"an A-label", "(mail=%s)", {"a", "xn--bcher-kva.example"}, "(mail=a@xn--bcher-kva.example)"},

        {"a wildcard", "(mail=%s)", {"*", "example.org"}, "(mail=\\2a@example.org)"},
        {"another filter", "(mail=%s)", {"x)(|(cn=*", "example.org"}, "(mail=x\\29\\28|\\28cn=\\2a@example.org)"},
        {"a backslash", "(uid=%u)", {"a\\2a", "example.org"}, "(uid=a\\5c2a)"},
        {"a NUL", "(uid=%u)", {std::string("a\0b", 3), "example.org"}, "(uid=a\\00b)"},
        {"a newline", "(uid=%u)", {"a\nb", "example.org"}, "(uid=a\\0ab)"},
        {"UTF-8", "(uid=%u)", {"j\xc3\xbcrgen", "example.org"}, "(uid=j\\c3\\bcrgen)"},
        {"not UTF-8", "(uid=%u)", {"\xff", "example.org"}, "(uid=\\ff)"},
        {"a placeholder", "(uid=%u)", {"%s", "example.org"}, "(uid=%s)"},
        {"a hostile domain", "(dc=%2)", {"a", "*.org"}, "(dc=\\2a)"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto filter = LdapTemplate::parse_filter(c.filter);
        REQUIRE(filter);
        const auto got = filter->expand(c.address);
        REQUIRE(got.has_value() == (c.want != nullptr));
        if (!got)
            continue;
        CHECK(*got == c.want);
        CHECK(check_ldap_filter(*got));
    }
}

TEST_CASE("LdapTemplate: a base with an address put in")
{
    struct Case {
        const char* name;
        const char* base;
        MailAddress address;
        const char* want;
    };
    const Case cases[] = {
        {"nothing to put in", "dc=example,dc=org", user, "dc=example,dc=org"},
        {"empty", "", user, ""},
        {"the local part", "uid=%u,dc=example", user, "uid=user,dc=example"},
        {"labels", "dc=%2,dc=%1", user, "dc=example,dc=org"},
        {"another name", "uid=%u,dc=x", {"a,dc=evil", "example.org"}, "uid=a\\2cdc\\3devil,dc=x"},
        {"specials", "uid=%u,dc=x", {"\"+;<>\\", "example.org"}, "uid=\\22\\2b\\3b\\3c\\3e\\5c,dc=x"},
        {"blanks at both ends", "uid=%u,dc=x", {" a b ", "example.org"}, "uid=\\20a b\\20,dc=x"},
        {"one blank", "uid=%u,dc=x", {" ", "example.org"}, "uid=\\20,dc=x"},
        {"a number sign", "uid=%u,dc=x", {"#04", "example.org"}, "uid=\\2304,dc=x"},
        {"a NUL", "uid=%u,dc=x", {std::string("\0", 1), "example.org"}, "uid=\\00,dc=x"},
        {"UTF-8", "uid=%u,dc=x", {"\xc3\xbc", "example.org"}, "uid=\\c3\\bc,dc=x"},
        {"a comma that is a value's", "o=Example\\, Inc,dc=%1", user, "o=Example\\, Inc,dc=org"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto base = LdapTemplate::parse_base(c.base);
        REQUIRE(base);
        CHECK(base->expand(c.address).value_or("nothing") == c.want);
    }
    CHECK(LdapTemplate::parse_base("uid=%u,dc=x")->is_dynamic());
    CHECK_FALSE(LdapTemplate::parse_base("dc=x")->is_dynamic());
}

TEST_CASE("LdapTemplate: what is no filter and no base")
{
    struct Case {
        const char* name;
        const char* text;
        const char* want;
    };
    const Case filters[] = {
        {"empty", "", "an attribute and = are missing, at character 2 of \"()\""},
        {"unknown letter", "(mail=%x)",
         "%x stands for nothing here; %s, %u, %d, %1 to %9 and %% do"},
        {"open", "(mail=%s", ") is missing, at character 9 of \"(mail=%s\""},
        {"closed twice", "(mail=%s))", "something follows the last ), at character 10 of \"(mail=%s))\""},
        {"two filters", "(a=b)(c=d)", "something follows the last ), at character 6 of \"(a=b)(c=d)\""},
        {"and without parentheses", "(&a=b)", ") is missing, at character 3 of \"(&a=b)\""},
        {"no equals sign", "(mail)", "an attribute and = are missing, at character 2 of \"(mail)\""},
        {"no attribute", "(=x)", "an attribute and = are missing, at character 2 of \"(=x)\""},
        {"the address as attribute", "(%u=x)",
         "what stands before = is not an attribute, at character 2 of \"(%u=x)\""},
        {"escape cut short", "(a=\\2)", "a backslash without two hexadecimal digits, at character 4 of \"(a=\\2)\""},
        {"escape of a placeholder", "(a=\\%u)",
         "a backslash without two hexadecimal digits, at character 4 of \"(a=\\%u)\""},
    };
    for (const auto& c : filters) {
        CAPTURE(c.name);
        const auto filter = LdapTemplate::parse_filter(c.text);
        REQUIRE_FALSE(filter);
        CHECK(filter.error().what == c.want);
    }
    CHECK_FALSE(LdapTemplate::parse_filter(std::string(2001, 'x')));
    CHECK_FALSE(check_ldap_filter(std::string(100, '(') + "a=b" + std::string(100, ')')));

    const Case bases[] = {
        {"a word", "example", "\"example\" is not a name such as ou=people,dc=example,dc=org"},
        {"an empty part", "dc=a,,dc=b", "\"dc=a,,dc=b\" is not a name such as ou=people,dc=example,dc=org"},
        {"the address as type", "%u=a", "\"%u=a\" is not a name such as ou=people,dc=example,dc=org"},
        {"a backslash before a placeholder", "uid=\\%u", "\"uid=\\%u\": a backslash before a placeholder"},
        {"a percent sign at the end", "dc=%", "% stands for nothing here; %s, %u, %d, %1 to %9 and %% do"},
        {"unknown letter", "dc=%x", "%x stands for nothing here; %s, %u, %d, %1 to %9 and %% do"},
    };
    for (const auto& c : bases) {
        CAPTURE(c.name);
        const auto base = LdapTemplate::parse_base(c.text);
        REQUIRE_FALSE(base);
        CHECK(base.error().what == c.want);
    }
}

TEST_CASE("check_ldap_filter")
{
    for (const char* filter : {"(a=b)", "(a=)", "(a=*)", "(&)", "(&(a=b)(|(c=d)(!(e=f))))", "(cn:dn:2.4.6.8.10:=x)",
                               "(a>=1)", "(a<=1)", "(a~=x)", "(&(|(objectclass=person)(objectclass=group))(x;y=smtp:z))"}) {
        CAPTURE(filter);
        CHECK(check_ldap_filter(filter));
    }
    for (const char* filter : {"", "a=b", "(a=b", "(!)", "(!(a=b)(c=d))", "(a(b=c)", "(a=b(c)"}) {
        CAPTURE(filter);
        CHECK_FALSE(check_ldap_filter(filter));
    }
}

} // namespace postern
