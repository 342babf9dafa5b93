// regex - a regular expression of the operator's, compiled once (PCRE2)
//
// Perl's syntax without regard to case, as in postgrey's lists; octets, not
// UTF-8. Compiled to machine code where PCRE2 can do that.
// The subject is a stranger's: a match that takes too many steps is given up
// and counts as none, so that no name and no address can hold the daemon up.
// Failure: the Error says what is wrong and where, counted from 1.
// See: pcre2pattern(3), pcre2_set_match_limit(3)
#pragma once

#include "common/result.h"

#include <memory>
#include <string_view>

namespace postern {

class Regex {
public:
    static constexpr std::size_t pattern_limit = 1000; // octets

    static Result<Regex> compile(std::string_view pattern);

    // Anywhere in the subject. Not by two threads at a time.
    bool matches(std::string_view subject) const;

    Regex(Regex&&) noexcept;
    Regex& operator=(Regex&&) noexcept;
    ~Regex();

private:
    struct Parts;
    explicit Regex(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

} // namespace postern
