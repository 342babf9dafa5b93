#include "common/dns/server_health.h"

#include <fmt/format.h>
#include <utility>

namespace postern {

ServerHealth::ServerHealth(Options options)
    : options_(std::move(options))
{
}

void ServerHealth::answered()
{
    if (in_a_row_.exchange(0) >= most_in_a_row && options_.on_change)
        options_.on_change(state_for(0));
}

void ServerHealth::unanswered()
{
    ++all_;
    last_ = options_.now();
    const auto in_a_row = ++in_a_row_;
    if (in_a_row == most_in_a_row && options_.on_change)
        options_.on_change(state_for(in_a_row));
}

FunctionState ServerHealth::state_for(std::uint64_t in_a_row) const
{
    if (in_a_row < most_in_a_row)
        return {"dns"};
    return {"dns", FunctionState::Kind::down, fmt::format("no name server has answered the last {} questions", in_a_row),
            "temperror, no score"};
}

FunctionState ServerHealth::state() const
{
    const bool is_recent = options_.now() - last_.load() < remembered;
    return state_for(is_recent ? in_a_row_.load() : 0);
}

void ServerHealth::add_facts(Facts& facts) const
{
    facts.function(state());
    facts.line("dns_servers").counter("unanswered", all_.load(), "Questions that no name server has answered.");
}

} // namespace postern
