#include "policyd/policy_request.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

constexpr std::string_view minimal = "request=smtpd_access_policy\n";

std::string with(std::string_view lines)
{
    return std::string(minimal).append(lines);
}

} // namespace

TEST_CASE("parse_policy_request: the syntax")
{
    struct Case {
        const char* name;
        std::string input;
        const char* want_sender; // nullptr: want an error
    };
    const Case cases[] = {
        {"minimal", with(""), ""},
        {"sender", with("sender=a@example.org\n"), "a@example.org"},
        {"an empty value", with("sender=\n"), ""},
        {"a value that holds =", with("sender=a=b@example.org\n"), "a=b@example.org"},
        {"a value that holds blanks and quotes", with("sender=\"a b\"@example.org \n"), "\"a b\"@example.org "},
        {"UTF-8 (RFC 6531)", with("sender=j\xc3\xb6rg@example.org\n"), "j\xc3\xb6rg@example.org"},
        {"octets that are no UTF-8", with("sender=\xff\x01@example.org\n"), "\xff\x01@example.org"},
        {"an unknown name", with("tomorrow=1\nsender=a@b\n"), "a@b"},
        {"a name that is the start of another", with("send=x\nsenders=y\n"), ""},
        {"names are as written, not in capitals", with("SENDER=a@b\n"), ""},
        {"sent twice: the last counts", with("sender=a@b\nsender=c@d\n"), "c@d"},
        {"sent twice, the last empty", with("sender=a@b\nsender=\n"), ""},
        {"request need not come first", "sender=a@b\nrequest=smtpd_access_policy\n", "a@b"},
        {"request twice", with("request=smtpd_access_policy\nsender=a@b\n"), "a@b"},
        {"the last line feed missing", with("sender=a@b"), "a@b"},
        {"the last line feed missing, behind an empty value", with("sender="), ""},
        {"the last line cut off", with("sende"), nullptr},
        {"names that differ in one letter", with("sendex=a@b\nccert_pubkey_fingerprinx=1\nccert_pubkex_fingerprint=1\n"), ""},
        {"no request", "sender=a@example.org\n", nullptr},
        {"another request", "request=junk\n", nullptr},
        {"another request after the right one", with("request=junk\n"), nullptr},
        {"request with CR LF", "request=smtpd_access_policy\r\n", nullptr},
        {"no equals sign", with("sender\n"), nullptr},
        {"an empty name", with("=x\n"), nullptr},
        {"an empty line inside", with("\nsender=a\n"), nullptr},
        {"a NUL", with({"sender=a\0b\n", 11}), nullptr},
        {"nothing", "", nullptr},
        {"a line feed alone", "\n", nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_policy_request(c.input);
        REQUIRE(got.has_value() == (c.want_sender != nullptr));
        if (got)
            CHECK(got->sender == c.want_sender);
    }
}

TEST_CASE("parse_policy_request: each attribute, as Postfix 3.7 sends them")
{
    const auto got = parse_policy_request(
        "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=2001:db8::25\n"
        "client_name=mail.example.net\nclient_port=40000\nreverse_client_name=ptr.example.net\nserver_address=::1\n"
        "server_port=25\nhelo_name=helo.example.net\nsender=Bounce+1@B\xc3\xbc" "cher.Example\nrecipient=user@Example.ORG\n"
        "recipient_count=0\nqueue_id=4F2b\ninstance=1f3.65a0.0\nsize=4096\netrn_domain=\nstress=\nsasl_method=plain\n"
        "sasl_username=me\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\nccert_pubkey_fingerprint=\n"
        "encryption_protocol=TLSv1.3\nencryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\n"
        "policy_context=greylist\n");
    REQUIRE(got);
    CHECK(got->protocol_state == "RCPT");
    CHECK(got->client_address == "2001:db8::25");
    CHECK(got->client_name == "mail.example.net");
    CHECK(got->reverse_client_name == "ptr.example.net");
    CHECK(got->helo_name == "helo.example.net");
    CHECK(got->sender == "Bounce+1@B\xc3\xbc" "cher.Example");
    CHECK(got->recipient == "user@Example.ORG");
    CHECK(got->instance == "1f3.65a0.0");
    CHECK(got->queue_id == "4F2b");
    CHECK(got->sasl_username == "me");
    CHECK(got->policy_context == "greylist");

    REQUIRE(got->client);
    CHECK(got->client->text() == "2001:db8::25");
    CHECK(got->sender_address.local_part == "Bounce+1");
    CHECK(got->sender_address.domain == "xn--bcher-kva.example");
    CHECK(got->recipient_address.domain == "example.org");
}

TEST_CASE("parse_policy_request: the order of the attributes does not matter")
{
    std::vector<std::string> lines{"request=smtpd_access_policy", "protocol_state=RCPT", "client_address=192.0.2.1",
                                   "client_name=a", "later=x", "reverse_client_name=b", "helo_name=c", "sender=d@e",
                                   "recipient=f@g", "instance=h", "queue_id=i", "sasl_username=j", "policy_context=k"};
    for (std::size_t turn = 0; turn < 2 * lines.size(); ++turn) {
        std::rotate(lines.begin(), lines.begin() + 1, lines.end());
        if (turn == lines.size())
            std::reverse(lines.begin(), lines.end());
        std::string text;
        for (const auto& line : lines)
            text += line + "\n";
        const auto got = parse_policy_request(text);
        REQUIRE(got);
        CHECK(got->protocol_state + got->client_address + got->client_name + got->reverse_client_name + got->helo_name
                  + got->sender + got->recipient + got->instance + got->queue_id + got->sasl_username
                  + got->policy_context
              == "RCPT192.0.2.1abcd@ef@ghijk");
    }
}

TEST_CASE("parse_policy_request: what is understood of addresses")
{
    const auto unknown = parse_policy_request(with("client_address=unknown\nsender=\n"));
    REQUIRE(unknown);
    CHECK_FALSE(unknown->client);
    CHECK(unknown->sender_address.is_null());

    const auto mapped = parse_policy_request(with("client_address=::ffff:192.0.2.1\n"));
    REQUIRE(mapped);
    REQUIRE(mapped->client);
    CHECK(mapped->client->text() == "192.0.2.1");
}

TEST_CASE("parse_policy_request: nothing of the last request is left in the next")
{
    PolicyRequest request;
    REQUIRE(parse_policy_request(with("protocol_state=RCPT\nclient_address=192.0.2.1\nclient_name=a\n"
                                      "reverse_client_name=b\nhelo_name=c\nsender=d@e\nrecipient=f@g\ninstance=h\n"
                                      "queue_id=i\nsasl_username=j\npolicy_context=k\n"),
                                 request));
    CHECK(request.policy_context == "k");

    REQUIRE(parse_policy_request(minimal, request));
    for (const auto* field : {&request.protocol_state, &request.client_address, &request.client_name,
                              &request.reverse_client_name, &request.helo_name, &request.sender, &request.recipient,
                              &request.instance, &request.queue_id, &request.sasl_username, &request.policy_context})
        CHECK(*field == "");
    CHECK_FALSE(request.client);
    CHECK(request.sender_address.is_null());
    CHECK(request.recipient_address.is_null());
}

TEST_CASE("parse_policy_request: the first of several, and how many octets it takes")
{
    struct Case {
        const char* name;
        std::string input;
        std::string_view want_sender;
        std::size_t want_rest; // octets
        bool want_error;
    };
    const auto one = with("sender=a@b\n\n");
    const Case cases[] = {
        {"one", one, "a@b", 0, false},
        {"one without the empty line", with("sender=a@b\n"), "a@b", 0, false},
        {"two", one + with("sender=c@d\n\n"), "a@b", with("sender=c@d\n\n").size(), false},
        {"one and a half", one + "request=smtpd", "a@b", 13, false},
        {"one and what is no request", one + "junk\n\n", "a@b", 6, false},
        {"one and a NUL behind it", one + std::string(1, '\0'), "a@b", 1, false},
        {"one and an empty one", one + "\n", "a@b", 1, false},
        {"an empty one before it", "\n" + one, "", 0, true},
        {"what is no request before it", "junk\n\n" + one, "", 0, true},
        {"a name that reaches into the next line", with("sender\n=a@b\n\n"), "", 0, true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        PolicyRequest request;
        const auto size = parse_policy_request(c.input, request);
        REQUIRE(size.has_value() != c.want_error);
        if (size) {
            CHECK(request.sender == c.want_sender);
            CHECK(*size + c.want_rest == c.input.size());
        }
    }
}

TEST_CASE("parse_policy_request: an Error is one short printable line")
{
    const auto got = parse_policy_request(with(std::string(5000, '\x1b')));
    REQUIRE_FALSE(got);
    CHECK(got.error().what.size() < 200);
    CHECK(got.error().what.find('\x1b') == std::string::npos);
}

} // namespace postern
