// dkim_managed_keys - all keys that sign: those that are named, and those that are managed
//
// [[dkim.domain]] names keys outright; in the folder dkim.managed those sign
// that are active. One that is named and managed is named.
// Failure: a domain whose state cannot be read stays, with its fault, as a key
// that cannot be used does: its mail is deferred. A folder that cannot be read
// is an Error: nobody knows whose mail is to be signed.
// Config: [dkim] managed, [[dkim.domain]]
#pragma once

#include "common/result.h"
#include "config/config.h"
#include "milterd/dkim_keys.h"

namespace postern {

Result<DkimKeys> load_dkim_keys(const Config& config, const DkimKeys* in_hand = nullptr);

} // namespace postern
