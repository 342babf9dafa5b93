#include "milterd/smtp_reply.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

// RFC 5321 4.5.3.1.5: a reply line has 512 octets, with code, status and CR LF.
constexpr std::size_t text_limit = 480;

// RFC 3463 2: subject and detail are one to three digits each.
bool is_status_number(std::string_view text)
{
    return !text.empty() && text.size() <= 3 && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_subject_and_detail(std::string_view status)
{
    const auto parts = split(status, '.');
    return parts.size() == 2 && is_status_number(parts[0]) && is_status_number(parts[1]);
}

} // namespace

SmtpReply smtp_reply(const Decision& decision)
{
    const bool is_permanent = decision.action == FilterAction::reject;
    const int low = is_permanent ? 500 : 400;
    const bool is_code_fit = decision.code >= low && decision.code < low + 100;

    SmtpReply reply;
    reply.code = std::to_string(is_code_fit ? decision.code : is_permanent ? 550 : 451);
    reply.status = is_permanent ? "5." : "4.";
    reply.status += is_subject_and_detail(decision.status) ? decision.status : "7.1";
    reply.text = printable(trim(decision.text), text_limit);
    if (reply.text.empty())
        reply.text = is_permanent ? "Message refused" : "Message cannot be taken now, try again later";
    return reply;
}

} // namespace postern
