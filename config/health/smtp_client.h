// smtp_client - one command and one reply at a time, as RFC 5321 has it
#pragma once

#include "config/health/connection.h"

#include <string>
#include <string_view>

namespace postern {

struct SmtpReply {
    int code = 0;
    std::string text; // of its last line, with the code before it
};

Result<SmtpReply> read_reply(Connection& connection); // all lines of it
Result<SmtpReply> command(Connection& connection, std::string_view line);

// A test mail, in the order that reject_unauth_pipelining wants: each reply is awaited. Every reply is given to `say`.
struct TestMail {
    std::string helo, from, to, date;
};
Result<> send_test_mail(Connection& connection, const TestMail& mail, void (*say)(const SmtpReply&));

} // namespace postern
