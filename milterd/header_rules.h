// header_rules - what is wrong with a header as a whole
//
// RFC 5322 3.6: which fields a mail must have, and which it may have once
// only. Pure.
#pragma once

#include "milterd/message.h"

#include <string>
#include <vector>

namespace postern {

// "no Date field", "several From fields": the first that is wrong; empty: nothing.
std::string header_fault(const std::vector<HeaderField>& header);

} // namespace postern
