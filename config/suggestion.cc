#include "config/suggestion.h"

#include "common/text.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace postern {
namespace {

constexpr std::size_t longest_name = 64; // nobody mistypes more; bounds the work

// How many slips make `b` of `a`: Damerau and Levenshtein's distance, with adjacent swaps.
std::size_t slips(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before, previous, current(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        current[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before = std::move(previous);
        previous = std::move(current);
        current.assign(b.size() + 1, i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = a[i - 1] == b[j - 1];
            current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                current[j] = std::min(current[j], before[j - 2] + 1);
        }
    }
    return current[b.size()];
}

} // namespace

std::optional<std::string_view> suggestion(std::string_view name, const std::vector<std::string_view>& candidates)
{
    if (name.size() > longest_name)
        return std::nullopt;
    const auto typed = to_lower(name);
    std::optional<std::string_view> best;
    std::size_t best_slips = name.size() <= 4 ? 2 : 3; // one less is the most that counts as near
    for (const auto candidate : candidates)
        if (const auto distance = slips(typed, to_lower(candidate)); distance < best_slips) {
            best = candidate;
            best_slips = distance;
        }
    return best;
}

} // namespace postern
