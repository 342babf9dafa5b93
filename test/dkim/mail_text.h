// mail_text - a mail as a file holds it, and as Postfix shows it to a milter
#pragma once

#include "milterd/message.h"

#include <string>
#include <string_view>

namespace postern {

struct MailText {
    Message message;  // its header alone
    std::string body; // lines end in CRLF
};

// `text` with LF or CRLF; without an empty line it is all header. A bare LF in a header value stays a fold.
inline MailText read_mail_text(std::string_view text)
{
    const auto take_line = [&text] {
        const auto end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (end != text.npos && line.ends_with('\r'))
            line.remove_suffix(1);
        return line;
    };
    MailText mail;
    auto& header = mail.message.header;
    while (!text.empty()) {
        const auto line = take_line();
        if (line.empty())
            break;
        if ((line.front() == ' ' || line.front() == '\t') && !header.empty()) {
            header.back().value.append("\n").append(line);
            continue;
        }
        const auto colon = line.find(':');
        if (colon == line.npos)
            continue;
        header.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 1))});
    }
    while (!text.empty()) {
        const bool has_end = text.find('\n') != text.npos;
        mail.body.append(take_line()).append(has_end ? "\r\n" : "");
    }
    return mail;
}

} // namespace postern
