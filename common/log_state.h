// log_state - a line for a function of the daemon whose state has changed
//
// Log: event= the function's name, state=down|warming|reloading with error=, or state=ready
#pragma once

#include "common/facts.h"
#include "common/log.h"

namespace postern {

inline void log_state(Log& log, const FunctionState& state)
{
    if (state.kind == FunctionState::Kind::ready)
        log.info(state.name, {{"state", state_name(state.kind)}});
    else
        log.error(state.name, {{"state", state_name(state.kind)}, {"error", state.reason}});
}

} // namespace postern
