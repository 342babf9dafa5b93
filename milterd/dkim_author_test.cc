#include "milterd/dkim_author.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_from_domains")
{
    struct Case {
        const char* name;
        std::string_view input;
        std::string_view want_domains; // "a|b"; "!": an error
    };
    const Case cases[] = {
        {"address alone", " joe@example.org", "example.org"},
        {"in angle brackets", " <joe@example.org>", "example.org"},
        {"with a display name", " Joe Doe <joe@example.org>", "example.org"},
        {"with a quoted display name", " \"Doe, Joe <x@evil.example>\" <joe@example.org>", "example.org"},
        {"with an escaped quote", " \"a \\\" <x@evil.example>\" <joe@example.org>", "example.org"},
        {"with an encoded display name", " =?utf-8?q?J=C3=B6?= <joe@example.org>", "example.org"},
        {"with an address for a display name", " joe@evil.example <joe@example.org>", "example.org"},
        {"folded", "\n\tJoe\n <joe@example.org>\n ", "example.org"},
        {"comment behind, as Postfix's bounces have it", " MAILER-DAEMON@example.org (Mail Delivery System)",
         "example.org"},
        {"comments everywhere", "(a)joe(b)@(c (d) \\))example.org(e)", "example.org"},
        {"comment with an address", " joe@example.org (<x@evil.example>)", "example.org"},
        {"quoted local part", " \"joe@evil.example\"@example.org", "example.org"},
        {"quoted local part in brackets", " <\"a b>\"@example.org>", "example.org"},
        {"blanks around @ and .", " joe @ example . org", "example.org"},
        {"route", " <@a.example,@b.example:joe@example.org>", "example.org"},
        {"two authors", " a@example.org, B <b@example.net>", "example.org|example.net"},
        {"empty places in the list", " , a@example.org,, b@example.org ,", "example.org|example.org"},
        {"group", " Team: a@example.org, b@example.org;", "example.org|example.org"},
        {"UTF-8", " Jos\xc3\xa9 <jos\xc3\xa9@b\xc3\xbc" "cher.example>", "b\xc3\xbc" "cher.example"},
        {"domain with a last dot", " joe@example.org.", "example.org."},
        {"empty", "", "!"},
        {"blank", " \n\t", "!"},
        {"null path", " <>", "!"},
        {"null path with a display name", " MAILER-DAEMON <>", "!"},
        {"no domain", " joe", "!"},
        {"no domain in brackets", " Joe <joe>", "!"},
        {"no local part", " @example.org", "!"},
        {"empty domain", " joe@", "!"},
        {"empty group", " undisclosed:;", "!"},
        {"words before an address", " Joe joe@example.org", "!"},
        {"words behind an address", " joe@example.org Joe", "!"},
        {"text behind brackets", " <joe@example.org> x@evil.example", "!"},
        {"quoted text behind brackets", " <joe@example.org> \"x\"", "!"},
        {"two addresses in one mailbox", " <joe@example.org> <x@evil.example>", "!"},
        {"two @", " joe@evil.example@example.org", "!"},
        {"two @ in brackets", " Joe <joe@evil.example@example.org>", "!"},
        {"brackets within brackets", " <joe@<x@evil.example>example.org>", "!"},
        {"bracket without end", " Joe <joe@example.org", "!"},
        {"bracket without beginning", " joe@example.org>", "!"},
        {"quote without end", " \"Joe <joe@example.org>", "!"},
        {"route without its end", " <@a.example,@b.example,joe@example.org,x>", "!"},
        {"quotes in the domain", " joe@\"example\".org", "!"},
        {"comment without end", " joe@example.org (x", "!"},
        {"unquoted comma in a display name", " Doe, Joe <joe@example.org>", "!"},
        {"address literal", " joe@[IPv6:::1]", "!"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_from_domains(c.input);
        std::string domains;
        if (got)
            for (const auto& domain : *got)
                domains += (domains.empty() ? "" : "|") + domain;
        CHECK((got ? domains : "!") == c.want_domains);
    }
    CHECK(!parse_from_domains(std::string(1000, '(') + std::string(1000, ')') + "a@b.example").has_value());
}

TEST_CASE("author_of: the first field that there is, and the first of its mailboxes")
{
    const std::vector<std::string> fields = {"Resent-From", "From"};
    struct Case {
        const char* name;
        std::vector<HeaderField> header;
        const char* want; // or the Error
    };
    const Case cases[] = {
        {"the second field", {{"From", " Joe <joe@Example.ORG>"}}, "joe@example.org"},
        {"the first field", {{"From", " joe@example.org"}, {"Resent-From", " ann@example.net"}}, "ann@example.net"},
        {"two of one domain", {{"From", " joe@example.org, ann@example.org"}}, "joe@example.org"},
        {"quoted, with an at", {{"From", " \"a@b\"@example.org"}}, "\"a@b\"@example.org"},
        {"the first field is broken", {{"From", " joe@example.org"}, {"Resent-From", " ann"}},
         "From: \"ann\" is not an address"},
        {"twice the first field", {{"Resent-From", " a@b.example"}, {"Resent-From", " a@b.example"}},
         "several Resent-From fields"},
        {"none", {{"To", " a@b.example"}}, "no Resent-From field"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto author = author_of(c.header, fields);
        CHECK((author ? author->local_part + "@" + author->domain : author.error().what) == c.want);
    }
}

TEST_CASE("author_domain")
{
    struct Case {
        const char* name;
        std::vector<HeaderField> header;
        const char* want_domain;
        const char* want_error;
    };
    const Case cases[] = {
        {"one", {{"To", " x@y.example"}, {"FROM", " Joe <joe@Example.ORG>"}}, "example.org", ""},
        {"two authors of one domain", {{"From", " a@example.org, b@EXAMPLE.org"}}, "example.org", ""},
        {"internationalised (RFC 8616)", {{"From", " a@b\xc3\xbc" "cher.example"}}, "xn--bcher-kva.example", ""},
        {"authors of two domains", {{"From", " a@example.org, b@example.net"}}, "", "From: authors of several domains"},
        {"no From", {{"Sender", " a@example.org"}}, "", "no From field"},
        {"two From fields", {{"From", " a@example.org"}, {"from", " a@example.org"}}, "", "several From fields"},
        {"no address", {{"From", " Joe"}}, "", "From: \"Joe\" is not an address"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = author_domain(c.header);
        CHECK((got ? *got : "") == c.want_domain);
        CHECK((got ? "" : got.error().what) == c.want_error);
    }
}

} // namespace postern
