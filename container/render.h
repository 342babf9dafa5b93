// render - from the environment to everything that the container runs by
//
//     const auto image = render(environment, surroundings, read_file);
//
// The same environment gives the same files, octet by octet. Pure, but for the
// files that the environment names. What the daemons themselves read from the
// environment (POSTERN_...) counts too: it is laid over what is rendered, as
// they do it.
// Failure: every fault, each naming its variables.
#pragma once

#include "common/result.h"
#include "container/image.h"
#include "container/values.h"

#include <vector>

namespace postern {

tl::expected<Image, std::vector<Error>> render(const Environment& environment, const Surroundings& surroundings,
                                               const ReadFile& read_file);

} // namespace postern
