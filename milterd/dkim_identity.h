// dkim_identity - i= of a signature of ours: on whose behalf it signs
//
// RFC 6376 3.5: "user@example.org" or "@example.org", whose domain is d= or
// one below it. Pure.
// Failure: an Error says why it is none, or none for this domain.
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>

namespace postern {

// As it is written into i=: A-labels in lower case, the local part in quoted-printable.
// `signing_domain` in A-labels and lower case.
Result<std::string> write_identity(std::string_view text, std::string_view signing_domain);

} // namespace postern
