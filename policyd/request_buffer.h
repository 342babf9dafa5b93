// request_buffer - octets of a connection, cut into policy requests
//
// Framing only: a request ends at the first empty line. Pure. Octets are
// read into space(), then told by filled(). Where the end is, the parser will
// see; here it is only known that there is one, which needs no look at all
// the octets where the last two are it. A connection that waits keeps little
// memory; no request makes it keep more than `limit`.
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

    // What is here and was not popped, if a whole request is at its front; nothing if it is not
    // whole yet. The view is good until the next space().
    std::optional<std::string_view> request();

    void pop(std::size_t size); // drops a request, the empty line that ends it included

    bool empty() const { return begin_ == end_; } // nothing here of a request that is to come

private:
    std::string_view held() const { return {octets_.data() + begin_, end_ - begin_}; }

    std::size_t limit_;
    std::vector<char> octets_;
    std::size_t begin_ = 0;   // of what was not popped
    std::size_t end_ = 0;
    std::size_t scanned_ = 0; // octets after begin_ that hold no end of a request
};

} // namespace postern
