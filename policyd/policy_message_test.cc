#include "policyd/policy_message.h"

#include "policyd/policy_request.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

PolicyRequest request(std::string state, std::string recipient)
{
    PolicyRequest request;
    request.protocol_state = std::move(state);
    request.recipient = std::move(recipient);
    return request;
}

} // namespace

TEST_CASE("PolicyMessage: each header goes out once, one a request, the first contributed first")
{
    PolicyMessage message;
    message.contribute("Received-SPF: pass");
    message.contribute("X-Greylist: delayed");

    CHECK(message.take_header(request("RCPT", "a@x"), 1) == "Received-SPF: pass");
    CHECK(message.take_header(request("RCPT", "b@x"), 1) == "X-Greylist: delayed");
    CHECK(message.take_header(request("DATA", ""), 1) == "");
}

TEST_CASE("PolicyMessage: one header of a name")
{
    PolicyMessage message;
    message.contribute("X-Greylist: delayed 300 seconds");
    message.contribute("x-greylist : delayed 301 seconds");

    REQUIRE(message.headers.size() == 1);
    CHECK(message.headers[0].field == "X-Greylist: delayed 300 seconds");
}

TEST_CASE("PolicyMessage: a repeated request gets its header again")
{
    struct Case {
        const char* name;
        PolicyRequest again;
        std::uint64_t connection;
        std::string want;
    };
    const Case cases[] = {
        {"over another connection", request("RCPT", "a@x"), 2, "A: 1"},
        {"over the same connection it is a second recipient of that name", request("RCPT", "a@x"), 1, "B: 2"},
        {"another recipient", request("RCPT", "b@x"), 2, "B: 2"},
        {"another state", request("DATA", "a@x"), 2, "B: 2"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        PolicyMessage message;
        message.contribute("A: 1");
        message.contribute("B: 2");
        REQUIRE(message.take_header(request("RCPT", "a@x"), 1) == "A: 1");

        CHECK(message.take_header(c.again, c.connection) == c.want);
    }
}

TEST_CASE("PolicyMessage: a request repeated twice gets its header twice")
{
    PolicyMessage message;
    message.contribute("A: 1");
    for (std::uint64_t connection = 1; connection <= 3; ++connection)
        CHECK(message.take_header(request("RCPT", "a@x"), connection) == "A: 1");
    CHECK(message.take_header(request("RCPT", "a@x"), 3) == "");
}

TEST_CASE("PolicyMessage: who observes sees what others have found out, and not the other way round")
{
    PolicyMessage message;
    const auto observed = message.for_observers();
    observed->spf_mail_from = std::make_shared<const SpfAnswer>();
    observed->dnsbl_score = -3;
    observed->is_dnsbl_allowed = true;
    observed->contribute("A: 1");
    CHECK(message.for_observers()->dnsbl_score == -3); // for the next place that observes
    CHECK_FALSE(message.spf_mail_from);
    CHECK_FALSE(message.dnsbl_score);
    CHECK_FALSE(message.is_dnsbl_allowed);
    CHECK(message.headers.empty());

    message.spf_helo = std::make_shared<const SpfAnswer>();
    message.dnsbl_score = 2;
    CHECK(message.for_observers()->spf_helo == message.spf_helo);
    CHECK(message.for_observers()->spf_mail_from);
    CHECK(message.for_observers()->dnsbl_score == 2);
    CHECK_FALSE(message.for_observers()->is_dnsbl_allowed);
}

TEST_CASE("PolicyMessage: headers are bounded")
{
    PolicyMessage message;
    for (int i = 0; i < 1000; ++i)
        message.contribute("X-" + std::to_string(i) + ": x");
    CHECK(message.headers.size() == 16);
}

} // namespace postern
