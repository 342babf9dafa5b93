// postfix_spf - does what SPF writes survive the milter?
//
// postern-milterd removes every Authentication-Results field that bears its
// name, since anybody can write one, and puts its own there. Where Postfix asks
// it, a field of postern-policyd under that name would be made and lost.
// Pure.
#pragma once

#include "config/config.h"
#include "config/postconf.h"

#include <string>
#include <string_view>

namespace postern {

// What is at fault; empty: nothing. `host` is the host's name, which stands for an empty authserv_id.
std::string postfix_spf_fault(const PostfixConfig& postfix, const Config& config, std::string_view host);

} // namespace postern
