// clamd_reply - what clamd(8) says of a stream or a descriptor
//
// One reply to zINSTREAM or zFILDES, without the NUL that ends it. Pure.
// "Clean" is taken from nothing but "stream: OK" and "fd[N]: OK"; whatever is
// not understood is an Error.
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>

namespace postern {

struct ClamdReply {
    enum class Kind {
        clean,
        infected,
        too_large,     // more than clamd reads: not scanned, or not to its end
        no_descriptor, // it was not passed one, or does not know the command
        error,
    } kind{};
    std::string text{}; // the virus, or clamd's own words; printable
};

Result<ClamdReply> parse_clamd_reply(std::string_view reply);

} // namespace postern
