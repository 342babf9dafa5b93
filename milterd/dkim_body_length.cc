#include "milterd/dkim_body_length.h"

namespace postern {

void DkimBodyLength::Count::end_line()
{
    constexpr std::uint64_t line_end = 2; // CRLF
    if (line == 0) {
        ++empty_lines;
        return;
    }
    octets += empty_lines * line_end + line + line_end;
    empty_lines = 0;
    line = 0;
}

std::uint64_t DkimBodyLength::Count::all() const
{
    auto completed = *this;
    if (line > 0)
        completed.end_line();
    return completed.octets;
}

void DkimBodyLength::add(std::span<const char> chunk)
{
    for (const char c : chunk) {
        if (is_after_cr_ && c == '\n') {
            simple_.end_line();
            relaxed_.end_line();
            is_in_space_ = false; // at the end of a line it is left out
        } else if (is_after_cr_) {
            take('\r');
        }
        if (c != '\r' && !(is_after_cr_ && c == '\n'))
            take(c);
        is_after_cr_ = c == '\r';
    }
}

void DkimBodyLength::take(char c)
{
    ++simple_.line;
    if (c == ' ' || c == '\t') {
        is_in_space_ = true;
        return;
    }
    relaxed_.line += is_in_space_ ? 2 : 1; // a run of white space is one blank
    is_in_space_ = false;
}

std::uint64_t DkimBodyLength::simple() const
{
    const auto octets = simple_.all();
    return octets == 0 ? 2 : octets; // RFC 6376 3.4.3: an empty body is one CRLF
}

std::uint64_t DkimBodyLength::relaxed() const
{
    return relaxed_.all();
}

} // namespace postern
