#include "config/health/health.h"

#include "common/text.h"
#include "config/health/smtp_client.h"

namespace postern {
namespace {

// CONNECT decides nothing, counts nothing and is answered with DUNNO.
constexpr std::string_view policy_question = "request=smtpd_access_policy\nprotocol_state=CONNECT\nprotocol_name=SMTP\n"
                                             "client_address=127.0.0.1\nclient_name=localhost\n\n";
// SMFIC_OPTNEG: 13 octets follow, protocol 6, all actions, all steps
constexpr char milter_offer[] = "\0\0\0\x0dO\0\0\0\x06\0\0\1\xff\0\x1f\xff\xff";

Result<Connection> open(const std::string& text, std::chrono::milliseconds limit)
{
    const auto address = parse_socket_address(text);
    return address ? Connection::open(*address, limit) : tl::unexpected(address.error());
}

} // namespace

Result<HealthPlan> parse_health_plan(std::string_view text)
{
    HealthPlan plan;
    for (const auto line : split(text, '\n')) {
        const auto words = split_words(line);
        if (words.empty())
            continue;
        if (words.size() != 2)
            return fail("\"{}\" is not a name and a value", printable(line, 80));
        if (words[0] == "policyd")
            plan.policyd = words[1];
        else if (words[0] == "milterd")
            plan.milterd = words[1];
        else if (words[0] == "recipient")
            plan.recipient = words[1];
        else if (words[0] == "proxy")
            plan.speaks_proxy = true;
        else
            return fail("\"{}\" is not known", printable(words[0], 80));
    }
    return plan;
}

bool is_sound_answer(int code, std::string_view text)
{
    const bool is_policy = text.find(" 4.2.0 ") != std::string_view::npos || text.find(" 4.1.1 ") != std::string_view::npos;
    return (code >= 200 && code < 300) || (code >= 500 && code < 600) || (code >= 400 && code < 500 && is_policy);
}

Result<> check_policyd(const std::string& address, std::chrono::milliseconds limit)
{
    auto connection = open(address, limit);
    if (!connection)
        return tl::unexpected(connection.error());
    if (const auto written = connection->write(policy_question); !written)
        return written;
    const auto answer = connection->read_line();
    if (!answer)
        return tl::unexpected(answer.error());
    return answer->starts_with("action=") ? Result<>{} : fail("\"{}\" is no answer", printable(*answer, 80));
}

Result<> check_milterd(const std::string& address, std::chrono::milliseconds limit)
{
    auto connection = open(address, limit);
    if (!connection)
        return tl::unexpected(connection.error());
    if (const auto written = connection->write({milter_offer, sizeof milter_offer - 1}); !written)
        return written;
    const auto answer = connection->read_octets(5);
    if (!answer)
        return tl::unexpected(answer.error());
    return answer->back() == 'O' ? Result<>{} : fail("it does not negotiate");
}

Result<> check_smtp(const HealthPlan& plan, std::chrono::milliseconds limit)
{
    auto connection = open(plan.smtp, limit);
    if (!connection)
        return tl::unexpected(connection.error());
    if (plan.speaks_proxy)
        if (const auto written = connection->write("PROXY TCP4 127.0.0.1 127.0.0.1 25 25\r\n"); !written)
            return written;
    const std::string lines[] = {"", "EHLO localhost", "MAIL FROM:<>", "RCPT TO:<" + plan.recipient + ">"};
    Result<SmtpReply> reply;
    for (const auto& line : lines) {
        reply = line.empty() ? read_reply(*connection) : command(*connection, line);
        if (!reply)
            return tl::unexpected(reply.error());
        if (reply->code >= 400 && !line.starts_with("RCPT"))
            return fail("{}", printable(reply->text));
    }
    (void)connection->write("QUIT\r\n");
    return is_sound_answer(reply->code, reply->text) ? Result<>{} : fail("{}", printable(reply->text));
}

} // namespace postern
