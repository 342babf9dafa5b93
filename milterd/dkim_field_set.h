// dkim_field_set - sets of header fields, as changes of a default
//
//     From, Subject         these, instead of the default
//     *, +X-Mailer, -Cc     the default with X-Mailer and without Cc
//     .                     none
//
// As OpenDKIM has them for SignHeaders, OmitHeaders, OversignHeaders and
// SenderHeaders. Names are compared without regard to case. Pure.
// Failure: an Error names the item that means nothing.
#pragma once

#include "common/result.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

Result<std::vector<std::string>> change_field_set(std::span<const std::string> items,
                                                  std::span<const std::string_view> fallback);

} // namespace postern
