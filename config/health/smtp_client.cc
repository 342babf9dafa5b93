#include "config/health/smtp_client.h"

#include "common/text.h"

namespace postern {
namespace {

constexpr int most_lines = 100; // of one reply

} // namespace

Result<SmtpReply> read_reply(Connection& connection)
{
    for (int i = 0; i < most_lines; ++i) {
        auto line = connection.read_line();
        if (!line)
            return tl::unexpected(line.error());
        if (line->size() < 3 || !is_digit((*line)[0]) || !is_digit((*line)[1]) || !is_digit((*line)[2]))
            return fail("\"{}\" is no reply", printable(*line, 80));
        if (line->size() == 3 || (*line)[3] != '-')
            return SmtpReply{((*line)[0] - '0') * 100 + ((*line)[1] - '0') * 10 + ((*line)[2] - '0'), std::move(*line)};
    }
    return fail("a reply has no end");
}

Result<SmtpReply> command(Connection& connection, std::string_view line)
{
    if (const auto written = connection.write(concat({line, "\r\n"})); !written)
        return tl::unexpected(written.error());
    return read_reply(connection);
}

Result<> send_test_mail(Connection& connection, const TestMail& mail, void (*say)(const SmtpReply&))
{
    const auto body = fmt::format("From: <{0}>\r\nTo: <{1}>\r\nDate: {2}\r\nMessage-ID: <{3}@{4}>\r\n"
                                  "Subject: Test email sent at {2}\r\n\r\nThis is a test.\r\n.",
                                  mail.from, mail.to, mail.date, std::hash<std::string>{}(mail.date + mail.to), mail.helo);
    const std::string lines[] = {"", "EHLO " + mail.helo, "MAIL FROM:<" + mail.from + ">", "RCPT TO:<" + mail.to + ">",
                                 "DATA", body, "QUIT"};
    for (const auto& line : lines) {
        const auto reply = line.empty() ? read_reply(connection) : command(connection, line);
        if (!reply)
            return tl::unexpected(reply.error());
        say(*reply);
        if (reply->code >= 400)
            return fail("refused: {}", printable(reply->text));
    }
    return {};
}

} // namespace postern
