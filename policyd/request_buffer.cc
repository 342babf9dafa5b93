#include "policyd/request_buffer.h"

#include <algorithm>
#include <cstring>

namespace postern {

RequestBuffer::RequestBuffer(std::size_t limit)
    : limit_(limit)
    , octets_(std::min(usual_size, limit))
{
}

std::span<char> RequestBuffer::space()
{
    if (begin_ > 0) {
        std::memmove(octets_.data(), octets_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (empty() && octets_.size() > usual_size)
        octets_ = std::vector<char>(usual_size);
    if (end_ == octets_.size())
        octets_.resize(std::min(2 * octets_.size(), limit_));
    return std::span(octets_).subspan(end_);
}

void RequestBuffer::filled(std::size_t count)
{
    end_ += count;
}

std::optional<std::string_view> RequestBuffer::request()
{
    const auto octets = held();
    if (octets.ends_with("\n\n") || octets.starts_with('\n') || octets.find("\n\n", scanned_) != std::string_view::npos)
        return octets;
    scanned_ = octets.empty() ? 0 : octets.size() - 1; // the last may be the first of the two
    return std::nullopt;
}

void RequestBuffer::pop(std::size_t size)
{
    begin_ += size;
    scanned_ = 0;
    if (empty())
        begin_ = end_ = 0;
}

} // namespace postern
