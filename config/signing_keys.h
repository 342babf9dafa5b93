// signing_keys - does this host sign mail at all?
//
// By [[dkim.domain]], by OpenDKIM's tables, or by the keys in the folder
// dkim.managed, which is looked into: whoever may not do so sees none there.
#pragma once

#include "config/config.h"

namespace postern {

bool has_signing_keys(const DkimSettings& dkim);

} // namespace postern
