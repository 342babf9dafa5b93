// suggestion - the name that was probably meant
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace postern {

// The candidate nearest to `name`, if it is a slip of a key or two away: letters
// left out, added, mistaken or swapped. Letters of either case are the same.
std::optional<std::string_view> suggestion(std::string_view name, const std::vector<std::string_view>& candidates);

} // namespace postern
