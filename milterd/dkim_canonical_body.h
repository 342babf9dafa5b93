// dkim_canonical_body - a body as signatures see it
//
// RFC 6376 3.4.3 (simple), 3.4.4 (relaxed). Pure: octets go in, in chunks that
// end anywhere, and canonicalized octets come out, in pieces of any size. What
// stays as it is, most of a body, is not copied, nor looked at one by one.
//
// A line ends at CRLF alone. A lone CR or LF, which no mail from Postfix has,
// is an octet like any other, and so is a NUL. (libopendkim drops lone CRs
// when relaxed, and loses octets at lone LFs when simple.)
#pragma once

#include "milterd/dkim_signature.h"

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace postern {

class DkimCanonicalBody {
public:
    using Taker = std::function<void(std::string_view)>;

    DkimCanonicalBody(DkimCanonicalization canonicalization, Taker taker);

    void add(std::string_view chunk);
    void finish(); // once; a last line without its end is completed

    std::uint64_t size() const { return size_; } // of all that came out; known once it is finished

private:
    void take_white_space(std::string_view& rest);
    void take_words(std::string_view& rest);
    bool take_crowded_block(std::string_view& rest);
    void put(std::string_view words);
    void put_octets(std::string_view octets);
    void flush();

    DkimCanonicalization canonicalization_;
    Taker taker_;
    std::array<char, 4096> joined_{}; // small pieces
    std::size_t joined_size_ = 0;
    std::uint64_t size_ = 0;

    // What has been seen in front of the next word, in this order:
    std::uint64_t line_ends_ = 0;
    bool is_in_space_ = false;
    bool is_after_cr_ = false;
};

} // namespace postern
