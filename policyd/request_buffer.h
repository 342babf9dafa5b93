// request_buffer - octets of a connection, cut into policy requests
//
// Framing only: a request ends at the first empty line. Pure. Octets are
// read into space(), then told by filled(). A connection that waits keeps
// little memory; no request makes it keep more than `limit`.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace postern {

class RequestBuffer {
public:
    static constexpr std::size_t usual_size = 2048; // what a connection keeps between requests

    explicit RequestBuffer(std::size_t limit);

    // Where the next octets go. Empty: `limit` octets are here and no request ends among them.
    std::span<char> space();

    void filled(std::size_t count);

    // The first request, without the empty line that ends it; none if it has not arrived as a
    // whole. The view is good until the next pop() or space().
    std::optional<std::string_view> request();

    void pop(); // drops the request that request() gave

    bool empty() const { return begin_ == end_; } // nothing here of a request that is to come

private:
    std::string_view held() const { return {octets_.data() + begin_, end_ - begin_}; }

    std::size_t limit_;
    std::vector<char> octets_;
    std::size_t begin_ = 0;   // of what was not popped
    std::size_t end_ = 0;
    std::size_t scanned_ = 0; // octets after begin_ that hold no end of a request
    std::size_t length_ = 0;  // of the request that request() gave, its empty line included
};

} // namespace postern
