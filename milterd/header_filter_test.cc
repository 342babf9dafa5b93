#include "milterd/header_filter.h"

#include "milterd/header_rules.h"
#include "test/dkim/mail_text.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

constexpr const char* good = "Received: x\nReceived: y\nFrom: a@example.org\nDate: today\nTo: b@example.org\nSubject: hello\n"
                             "Resent-To: x\nResent-To: y\nKeywords: k\nKeywords: l\nComments: c\nComments: d\n\n";

} // namespace

TEST_CASE("header_fault (RFC 5322 3.6)")
{
    struct Case {
        const char* name;
        std::string header;
        const char* want;
    };
    const Case cases[] = {
        {"nothing", good, ""},
        {"no recipient is named, which is allowed", "From: a@example.org\nDate: today\n\n", ""},
        {"no From", "Date: today\n\n", "no From field"},
        {"no Date", "From: a@example.org\n\n", "no Date field"},
        {"two From", std::string("FROM: x@evil.example\n") + good, "several From fields"},
        {"two Date", std::string("date: x\n") + good, "several Date fields"},
        {"two Subject", std::string("Subject: x\n") + good, "several Subject fields"},
        {"two To", std::string("To: x\n") + good, "several To fields"},
        {"two Reply-To", std::string("Reply-To: x\nreply-to: y\n") + good, "several Reply-To fields"},
        {"two Message-ID", std::string("Message-Id: x\nMessage-ID: y\n") + good, "several Message-ID fields"},
        {"two In-Reply-To", std::string("In-Reply-To: x\nIn-Reply-To: y\n") + good, "several In-Reply-To fields"},
        {"two References", std::string("References: x\nReferences: y\n") + good, "several References fields"},
        {"two Sender", std::string("Sender: x\nSender: y\n") + good, "several Sender fields"},
        {"two Cc", std::string("Cc: x\nCC: y\n") + good, "several Cc fields"},
        {"two Bcc", std::string("Bcc: x\nBcc: y\n") + good, "several Bcc fields"},
        {"nothing at all", "\n", "no From field"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(header_fault(read_mail_text(c.header).message.header) == c.want);
    }
}

TEST_CASE("HeaderFilter: a stranger's broken header is told, and refused if so wanted")
{
    auto message = read_mail_text(std::string("From: x@evil.example\n") + good).message;
    Findings findings;
    const auto told = HeaderFilter(FilterAction::accept).begin(message)->verdict(message, findings, {});
    CHECK(told.action == FilterAction::accept);
    CHECK(told.reason == "several From fields");

    const auto refused = HeaderFilter(FilterAction::reject).begin(message)->verdict(message, findings, {});
    CHECK(refused.action == FilterAction::reject);
    CHECK(refused.status == "6.0");
    CHECK(refused.text == "Message header breaks RFC 5322: several From fields");

    CHECK(HeaderFilter(FilterAction::reject).begin(read_mail_text(good).message) == nullptr);
    for (const auto origin : {Origin::relay, Origin::ours}) {
        message.origin = origin;
        CHECK(HeaderFilter(FilterAction::reject).begin(message) == nullptr);
    }
}

} // namespace postern
