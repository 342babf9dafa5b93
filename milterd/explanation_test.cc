#include "milterd/explanation.h"

#include "test/fake/fake_filter.h"
#include "test/fake/fake_log.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

std::string text_of(const MailFile& mail)
{
    std::string text;
    for (const auto& field : mail.header)
        text += "[" + field.name + "|" + field.value + "]";
    return text + mail.body;
}

} // namespace

TEST_CASE("read_mail_file: as Postfix would show it")
{
    struct Case {
        const char* name;
        std::string text;
        std::string want;
    };
    const Case cases[] = {
        {"a mail", "From: a@b\nTo: c\n d\n\nHi.\n", "[From| a@b][To| c\n d]Hi.\r\n"},
        {"with CR LF", "From: a@b\r\nTo: c\r\n\td\r\n\r\nHi.\r\nHo.\r\n", "[From| a@b][To| c\n\td]Hi.\r\nHo.\r\n"},
        {"from an mbox", "From a@b Mon Jan  1\nFrom: a@b\n\nHi.\n", "[From| a@b]Hi.\r\n"},
        {"without a body", "From: a@b\n", "[From| a@b]"},
        {"without a last line end", "From: a@b\n\nHi.", "[From| a@b]Hi.\r\n"},
        {"without an empty line", "From: a@b\nHi there\nTo: c\n", "[From| a@b]Hi there\r\nTo: c\r\n"},
        {"without a header", "\nHi.\n", "Hi.\r\n"},
        {"that begins with a fold", " Hi.\n", " Hi.\r\n"},
        {"empty", "", ""},
        {"NUL and 8-bit", std::string("A: \0\xff\n\n\0\n", 9), std::string("[A| \0\xff]\0\r\n", 10)},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(text_of(read_mail_file(c.text)) == c.want);
    }
}

TEST_CASE("parse_explain_envelope")
{
    const auto all = parse_explain_envelope("client_address=2001:db8::1 client_name=mx.example.net "
                                            "reverse_client_name=mx.example.net helo_name=h sender=a%20b@example.net "
                                            "recipient=u@example.org sasl_username=me");
    REQUIRE(all);
    CHECK(all->client.text() == "2001:db8::1");
    CHECK(all->client_name == "mx.example.net");
    CHECK(all->helo == "h");
    CHECK(all->sender == "a b@example.net");
    CHECK(all->recipient == "u@example.org");
    CHECK(all->login == "me");

    struct Case {
        const char* line;
        const char* want;
    };
    const Case faults[] = {
        {"sender=", "client_address: is missing"},
        {"client_address=x", "client_address: \"x\" is no IP address"},
        {"client_address=192.0.2.1 sender=a%0Ab", "sender: holds a line feed or a NUL"},
        {"client_address=192.0.2.1 policy_context=x", "no such attribute: policy_context"},
    };
    for (const auto& c : faults)
        CHECK(parse_explain_envelope(c.line).error().what == c.want);
}

TEST_CASE("explain_mail: the whole way of one mail")
{
    FakeLog log;
    JudgedMessage judged;
    std::vector<ChainedFilter> filters;
    FakeFilter::Script first;
    first.verdict.reason = "fine";
    first.verdict.edits = {{HeaderEdit::Kind::insert, "X-Test", "one;\n\ttwo", 0},
                           {HeaderEdit::Kind::remove, "Authentication-Results", "", 2}};
    FakeFilter::Script second;
    second.verdict.action = FilterAction::reject;
    second.verdict.reason = "bad";
    second.verdict.text = "No";
    filters.push_back({std::make_unique<FakeFilter>("first", first)});
    filters.push_back({std::make_unique<FakeFilter>("second", second), true});
    ChainSettings settings;
    settings.deadline = std::chrono::seconds(10);
    settings.watch = [&](const JudgedMessage& told) { judged = told; };
    const auto host = std::make_shared<SessionHost>(
        std::make_shared<const FilterChain>(std::move(filters), settings, log), SessionLimits{}, log);

    ExplainEnvelope envelope;
    envelope.client = IpAddress::v4({192, 0, 2, 1});
    envelope.helo = "h";
    envelope.recipient = "u@example.org";
    Explanation explanation;
    explain_mail(host, envelope, read_mail_file("From: a@b\n\n" + std::string(200'000, 'x') + "\n"), explanation);
    explanation.judged = judged;
    auto text = write_explanation(envelope, explanation);
    for (auto at = text.find("us "); at != text.npos; at = text.find("us ", at + 1)) // times differ
        for (auto digit = at; digit-- > 0 && text[digit] != ' ';)
            text[digit] = 'N';
    CHECK(text.find("client         192.0.2.1 (unknown)\n") == 0);
    CHECK(text.find("sender         <>\n") != text.npos);
    CHECK(text.find("whose          stranger\n") != text.npos);
    CHECK(text.find("\nfirst          accept ") != text.npos);
    CHECK(text.find("\nsecond         would-reject ") != text.npos);
    CHECK(text.find("\nchange         insert X-Test: one;\n                   two\n") != text.npos);
    CHECK(text.find("\nchange         remove authentication-results 2\n") != text.npos);
    CHECK(text.find("decided by") == text.npos);
    CHECK(text.find("\nPostfix is told accept\n") != text.npos);
}

TEST_CASE("explain_mail: a header that is too large does not come to the filters")
{
    FakeLog log;
    SessionLimits limits;
    limits.header_fields = 1;
    const auto host =
        std::make_shared<SessionHost>(std::make_shared<const FilterChain>(std::vector<ChainedFilter>{}, ChainSettings{}, log), limits, log);
    Explanation explanation;
    explain_mail(host, {}, read_mail_file("From: a@b\nTo: c\n\n"), explanation);
    CHECK(explanation.reply == "552 5.3.4 Message header is too large");
    CHECK(write_explanation({}, explanation).find("whose") == std::string::npos);
}

} // namespace postern
