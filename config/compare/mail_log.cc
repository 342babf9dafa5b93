#include "config/compare/mail_log.h"

#include "common/text.h"

namespace postern {
namespace {

// " mx postfix/smtpd[123]: text"; some have no host, and some no process.
std::optional<MailLogLine> after_time(LogTime time, std::string_view rest)
{
    rest = trim(rest);
    const auto colon = rest.find(": ");
    if (colon == rest.npos)
        return std::nullopt;
    auto tag = rest.substr(0, colon);
    if (const auto blank = tag.rfind(' '); blank != tag.npos)
        tag.remove_prefix(blank + 1);
    tag = tag.substr(0, tag.find('['));
    if (tag.empty())
        return std::nullopt;
    return MailLogLine{time, tag, rest.substr(colon + 2)};
}

std::optional<MailLogLine> own_line(std::string_view line, std::string_view before_time)
{
    auto rest = line.substr(before_time.size());
    const auto time = take_rfc3339_time(rest);
    return time ? std::optional(MailLogLine{*time, {}, line}) : std::nullopt;
}

} // namespace

std::optional<MailLogLine> MailLogParser::parse(std::string_view line)
{
    for (const std::string_view head : {"time=", "{\"time\":\""})
        if (line.starts_with(head))
            return own_line(line, head);
    auto rest = line;
    auto time = take_rfc3339_time(rest);
    if (!time)
        time = syslog_times_.take(rest);
    return time ? after_time(*time, rest) : std::nullopt;
}

} // namespace postern
