// policy_reply - a verdict as Postfix wants to hear it
//
// The only writer of that wire: "action=WORD text", one line, and an empty
// line. Pure. Whatever octets a verdict holds (an SPF explanation is the
// sender's own text), what leaves is printable ASCII, and not too long for
// an SMTP reply line. Code and enhanced status are of one class, a refusal
// always has a text ("action=550" alone is taken for acceptance), and neither
// OK nor a number alone is ever said. An argument that Postfix could not
// use (FILTER without a transport, a header without a name) becomes DUNNO.
// See: access(5), SMTPD_POLICY_README
#pragma once

#include "policyd/verdict.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace postern {

// Postfix puts "<recipient>: Recipient address rejected: " before it, and RFC 5321 4.5.3.1.5
// allows 512 octets a line.
constexpr std::size_t policy_text_limit = 400;
constexpr std::size_t policy_header_limit = 990; // RFC 5322 2.1.1: a line of a header has at most 998

// The action, or with none PREPEND for `header`, or DUNNO.
std::string policy_reply(const Verdict& verdict, std::string_view header);

// The same into a text that was used before, whose memory stays.
void write_policy_reply(const Verdict& verdict, std::string_view header, std::string& reply);

// The same with the header that the verdict itself carries.
std::string policy_reply(const Verdict& verdict);

} // namespace postern
