#include "milterd/clamd_reply.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t max_text = 200;

bool take_suffix(std::string_view& text, std::string_view suffix)
{
    if (!text.ends_with(suffix))
        return false;
    text.remove_suffix(suffix.size());
    return true;
}

// "stream: " or "fd[12]: "
bool take_source(std::string_view& text)
{
    const auto end = text.find(": ");
    const auto source = text.substr(0, end);
    const bool is_descriptor = source.starts_with("fd[") && source.ends_with(']') && source.size() > 4
        && std::all_of(source.begin() + 3, source.end() - 1, is_digit);
    if (end == std::string_view::npos || (source != "stream" && !is_descriptor))
        return false;
    text.remove_prefix(end + 2);
    return true;
}

// "Name" of "Name(hash:size)", as ExtendedDetectionInfo has it
std::string_view virus_name(std::string_view text)
{
    const auto parenthesis = text.find('(');
    return parenthesis == 0 ? text : text.substr(0, parenthesis);
}

} // namespace

Result<ClamdReply> parse_clamd_reply(std::string_view reply)
{
    using Kind = ClamdReply::Kind;
    const auto whole = reply;

    if (reply == "UNKNOWN COMMAND" || reply == "No file descriptor received. ERROR")
        return ClamdReply{Kind::no_descriptor, std::string(reply)};
    if (reply == "INSTREAM size limit exceeded. ERROR")
        return ClamdReply{Kind::too_large, std::string(reply)};
    if (reply == "COMMAND READ TIMED OUT" || (take_suffix(reply, " ERROR") && !reply.empty()))
        return ClamdReply{Kind::error, printable(reply, max_text)};

    reply = whole;
    if (take_source(reply)) {
        if (reply == "OK")
            return ClamdReply{Kind::clean};
        if (take_suffix(reply, " FOUND") && !reply.empty()) {
            // With AlertExceedsMax a file that was not read is a find; without, it is "OK": see clamd_limits.
            const bool is_limit = reply.starts_with("Heuristics.Limits.Exceeded.MaxFileSize");
            return ClamdReply{is_limit ? Kind::too_large : Kind::infected, printable(virus_name(reply), max_text)};
        }
    }
    return fail("clamd said \"{}\"", printable(whole, max_text));
}

} // namespace postern
