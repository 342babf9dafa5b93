// result - a value, or the reason there is none
//
// Every function that can fail for a reason outside the program (a file, a
// socket, a syntax error) returns Result<T>. An answer that the caller must
// act on, such as "SPF temperror" or "name does not exist", is a value of T,
// not an Error.
//
// Only what tl::expected shares with std::expected is used: test with
// `if (!x)`, read with `*x` and `x.error()`, build with `fail()` or
// `tl::unexpected`. GCC 13 then makes this one alias.
#pragma once

#include <fmt/format.h>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace postern {

struct Error {
    std::string what; // one clause, lower case, no full stop: it is put in a log line
};

template <class T = void>
using Result = tl::expected<T, Error>;

template <class... Args>
tl::unexpected<Error> fail(fmt::format_string<Args...> format, Args&&... args)
{
    return tl::unexpected<Error>(Error{fmt::format(format, std::forward<Args>(args)...)});
}

} // namespace postern
