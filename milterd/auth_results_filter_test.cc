#include "milterd/auth_results_filter.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

AuthResultsOptions named(const char* authserv_id)
{
    AuthResultsOptions options;
    options.authserv_id = authserv_id;
    return options;
}

std::vector<std::string> edits_of(const Message& message, std::vector<AuthResult> found = {},
                                  const AuthResultsOptions& options = named("mx.example.com"))
{
    AuthResultsFilter filter(options);
    Findings findings;
    findings.auth_results = std::move(found);
    const auto pass = filter.begin(message);
    pass->header_complete(message);
    const auto verdict = pass->verdict(message, findings, {});
    CHECK(verdict.action == FilterAction::accept);
    std::vector<std::string> edits;
    for (const auto& edit : verdict.edits)
        edits.push_back(edit.kind == HeaderEdit::Kind::remove ? fmt::format("remove {} {}", edit.name, edit.occurrence)
                                                              : fmt::format("insert {}: {}", edit.name, edit.value));
    return edits;
}

} // namespace

TEST_CASE("AuthResultsFilter: which fields pass themselves off as ours")
{
    const AuthResultsFilter filter(named("MX.example.com"));
    struct Case {
        const char* name;
        std::string value;
        bool want;
    };
    const Case cases[] = {
        {"ours", " mx.example.com; dkim=pass header.d=bank.example", true},
        {"in capitals, folded", "\n\tMX.EXAMPLE.COM\n ;\n spf=pass", true},
        {"behind comments, quoted, with a version", " (a (b)) \"mx.example.com\" 1; dmarc=pass", true},
        {"with a last dot", " mx.example.com.; dkim=pass", true},
        {"very long", " mx.example.com; " + std::string(200'000, 'x'), true},
        {"with a queue id", " mx.example.com/4XyZ12; dkim=pass", true},
        {"with a queue id, quoted", " \"mx.example.com/4XyZ12\"; dkim=pass", true},
        {"folded within a quoted id", " \"mx.exam\n\tple.com\"; dkim=pass", true},
        {"every character escaped", " \"\\m\\x\\.\\e\\x\\a\\m\\p\\l\\e\\.\\c\\o\\m\"; dkim=pass", true},
        {"with comments on all sides", "(x)\n (y\n )mx.example.com(z)\n\t(a\\)b) 1 ; dkim=pass", true},
        {"of another host", " mx.other.example; dkim=pass", false},
        {"of another host, about us", " mx.other.example; spf=pass smtp.mailfrom=mx.example.com", false},
        {"of a host below us", " a.mx.example.com; dkim=pass", false},
        {"of a host whose name begins with ours", " mx.example.com.evil.example; dkim=pass", false},
        {"our name in a comment of another host", " mx.other.example (mx.example.com); dkim=pass", false},
        {"without an id", " spf=pass smtp.mailfrom=bank.example", false},
        {"without an id that can be read, but with our name", " (mx.example.com; dkim=pass", true},
        {"our name where a method should be", " mx.example.com=1; dkim=pass", true},
        {"empty", "", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(filter.is_forged(c.value) == c.want);
    }
    CHECK(AuthResultsFilter(named("b\xc3\xbc"
                                  "cher.example"))
              .is_forged(" XN--bcher-kva.example; spf=pass"));
}

TEST_CASE("AuthResultsFilter: forged fields go, those of others stay, ours comes")
{
    Message message;
    message.header = {{"Received", " x"},
                      {"Authentication-Results", " mx.example.com; dkim=pass"},
                      {"authentication-results", " mx.other.example; dkim=fail"},
                      {"AUTHENTICATION-RESULTS", " mx.example.com 1; spf=pass"},
                      {"Authentication-Result", " mx.example.com; spf=pass"},
                      {"ARC-Authentication-Results", " i=1; mx.example.com; spf=pass"},
                      {"Authentication-Results", "\n\t(c)mx.example.com;\n\tdmarc=pass"}};
    const std::vector<AuthResult> found = {{"spf", "fail", "", "", {{"smtp", "mailfrom", "a@example.org"}}}};
    const std::vector<std::string> removals = {"remove Authentication-Results 1", "remove Authentication-Results 3",
                                               "remove Authentication-Results 4"};
    auto with_ours = removals;
    with_ours.push_back("insert Authentication-Results: mx.example.com;\n\tspf=fail smtp.mailfrom=a@example.org");

    message.origin = Origin::stranger;
    CHECK(edits_of(message, found) == with_ours);
    CHECK(edits_of(message) == removals); // no filter has judged: there is nothing to say
    message.origin = Origin::relay;
    CHECK(edits_of(message, found) == removals);
    message.origin = Origin::ours;
    CHECK(edits_of(message, found) == removals);
    message.is_internal = true;
    CHECK(edits_of(message, found) == removals);
    CHECK(edits_of(Message{}, {}).empty());
}

TEST_CASE("AuthResultsFilter: UTF-8 in the field of a mail sent with SMTPUTF8 only")
{
    Message message;
    const std::vector<AuthResult> found = {{"spf", "pass", "", "", {{"smtp", "mailfrom", "\xc3\xa9@example.org"}}}};
    CHECK(edits_of(message, found)[0].find("smtp.mailfrom=\"??@example.org\"") != std::string::npos);
    message.is_smtputf8 = true;
    CHECK(edits_of(message, found)[0].find("smtp.mailfrom=\"\xc3\xa9@example.org\"") != std::string::npos);
}

TEST_CASE("AuthResultsFilter: whose fields go, as the operator has it")
{
    Message message;
    message.header = {{"Authentication-Results", " mx.example.com; dkim=pass"},
                      {"Authentication-Results", " mx.other.example; dkim=pass"},
                      {"Authentication-Results", " a.third.example 1; dkim=pass"},
                      {"Authentication-Results", " cannot be read"}};
    const auto removed = [&](const AuthResultsOptions& options) {
        std::string numbers;
        for (const auto& edit : edits_of(message, {}, options))
            numbers += edit.back();
        return numbers;
    };
    auto options = named("mx.example.com");
    CHECK(removed(options) == "1");
    const std::string listed[] = {"mx.OTHER.example", ".third.example"};
    options.remove_ids = *DomainList::parse(listed);
    CHECK(removed(options) == "123");
    options.remove = AuthResultsOptions::Remove::all;
    CHECK(removed(options) == "1234");
    options.remove = AuthResultsOptions::Remove::none;
    CHECK(removed(options).empty());

    options = named("mx.example.com");
    options.keep_from_relays = true;
    CHECK(removed(options) == "1");
    message.origin = Origin::relay;
    CHECK(removed(options).empty());
    message.origin = Origin::ours;
    CHECK(removed(options) == "1");
}

TEST_CASE("AuthResultsFilter: what is written, as the operator has it")
{
    Message message;
    message.queue_id = "4XyZ12";
    const std::vector<AuthResult> found = {
        {"dkim", "pass", "", "", {{"header", "d", "a.example"}, {"header", "b", "abc"}, {"smtp", "b", "x"}}}};
    auto options = named("mx.example.com");
    CHECK(edits_of(message, found, options).at(0)
          == "insert Authentication-Results: mx.example.com;\n\tdkim=pass header.d=a.example header.b=abc smtp.b=x");
    options.has_header_b = false;
    CHECK(edits_of(message, found, options).at(0)
          == "insert Authentication-Results: mx.example.com;\n\tdkim=pass header.d=a.example smtp.b=x");
    options.has_queue_id = true;
    CHECK(edits_of(message, {{"dkim", "none", "", "", {}}}, options).at(0)
          == "insert Authentication-Results: \"mx.example.com/4XyZ12\";\n\tdkim=none");

    options = named("mx.example.com");
    options.tells_login = true;
    message.origin = Origin::ours;
    CHECK(edits_of(message, found, options).empty()); // it has not logged in
    message.login = "eve; dkim=pass";
    CHECK(edits_of(message, found, options).at(0)
          == "insert Authentication-Results: mx.example.com;\n\tauth=pass smtp.auth=\"eve; dkim=pass\"");
}

} // namespace postern
