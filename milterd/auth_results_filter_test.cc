#include "milterd/auth_results_filter.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

std::vector<std::string> edits_of(const Message& message, std::vector<AuthResult> found = {})
{
    AuthResultsFilter filter("mx.example.com");
    Findings findings{std::move(found)};
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
    const AuthResultsFilter filter("MX.example.com");
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
    CHECK(AuthResultsFilter("b\xc3\xbc"
                            "cher.example")
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

} // namespace postern
