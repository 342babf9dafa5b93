// dkim_body_length - how long a body is, once canonicalized
//
// RFC 6376 3.4.3, 3.4.4. What l= is measured against: libopendkim only says
// whether the body is shorter. Pure; chunks may end anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace postern {

class DkimBodyLength {
public:
    void add(std::span<const char> chunk); // lines end in CRLF

    // Of all that was added; a last line without its end is completed.
    std::uint64_t simple() const;
    std::uint64_t relaxed() const;

private:
    // Of one canonicalization. Empty lines count once a line follows that is not.
    struct Count {
        std::uint64_t octets = 0;
        std::uint64_t empty_lines = 0;
        std::uint64_t line = 0; // the octets of the one under way

        void end_line();
        std::uint64_t all() const;
    };

    void take(char c);

    Count simple_;
    Count relaxed_;
    bool is_after_cr_ = false;
    bool is_in_space_ = false;
};

} // namespace postern
