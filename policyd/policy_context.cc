#include "policyd/policy_context.h"

#include <algorithm>
#include <utility>

namespace postern {
namespace {

constexpr std::size_t max_places = 64; // main.cf has a handful: this bounds what anybody else may send
constexpr std::string_view separators = "+, \t";
constexpr std::string_view observe = "observe";

} // namespace

PolicyContexts::PolicyContexts(Names chain, Names known, OnUnknown on_unknown)
    : chain_(std::move(chain))
    , known_(std::move(known))
    , on_unknown_(std::move(on_unknown))
{
}

PolicyContexts::Selection PolicyContexts::learn(std::string_view context)
{
    std::string_view unknown;
    const auto checks = select(context, unknown);
    if (places_.size() == max_places)
        return checks;
    if (!unknown.empty())
        on_unknown_(context, unknown);
    places_.push_back({std::string(context), checks});
    return checks;
}

PolicyContexts::Selection PolicyContexts::select(std::string_view context, std::string_view& unknown) const
{
    Selection checks = 0;
    Selection observe_bit = 0;
    bool has_name = false;
    while (!context.empty()) {
        const auto name = context.substr(0, context.find_first_of(separators));
        context.remove_prefix(std::min(name.size() + 1, context.size()));
        if (name.empty())
            continue;
        if (name == observe) {
            observe_bit = observed;
            continue;
        }
        has_name = true;
        const auto in_chain = std::find(chain_.begin(), chain_.end(), name);
        if (in_chain != chain_.end()) {
            checks |= Selection{1} << (in_chain - chain_.begin());
        } else if (unknown.empty() && std::find(known_.begin(), known_.end(), name) == known_.end()) {
            unknown = name;
        }
    }
    return (has_name && unknown.empty() ? checks : whole_chain) | observe_bit;
}

} // namespace postern
