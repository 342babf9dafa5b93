// life - the commands of postern-container: start, drain, update, watch, metrics, whitelist
#pragma once

#include "container/prepare.h"

#include <chrono>
#include <string>
#include <string_view>

namespace postern {

// /etc/entrypoint.d, then everything rendered and written, then s6-svscan in this process's place. Returns only if
// that fails.
int start(const Environment& environment, const Say& say);

// Takes nothing new, and waits until what has begun is done, or for `limit`.
int drain(std::chrono::seconds limit, const Say& say);

// One table of the user's, or all that is made of his other files; then Postfix and the daemons read it again.
int update(std::string_view command, const Environment& environment, const Say& say);

// For ever: when a certificate, a key or a secret has changed, in place or by another file, they are read again.
int watch(const Environment& environment, const Say& say);

// For ever: answers GET /metrics on port 9154.
int serve_metrics(const Say& say);

// For ever: fetches postgrey's list of clients once a day. `once`: now, and then ends.
int fetch_whitelist(bool once, const Say& say);

} // namespace postern
