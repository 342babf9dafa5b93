// explain - asks the policy daemon what it would answer, and why
//
// The running daemon over its control socket, or the daemon's program alone
// (`postern-policyd --explain`), which reads the configuration and asks for
// itself. This knows neither checks nor verdicts: who sends what to whom goes
// there as attributes of Postfix's policy protocol, and text comes back.
// Failure: the Error is the daemon's, or says why it cannot be asked.
#pragma once

#include "common/attribute_list.h"
#include "common/result.h"
#include "config/check.h"

#include <string>
#include <string_view>

namespace postern {

// As the operator names them: --client, --helo, ...
struct ExplainOptions {
    std::string client{}, client_name{}, helo{}, sender{}, recipient{}, login{}, context{};
};

// In one line, for both ways.
std::string explain_attributes(const ExplainOptions& options);

// By the daemon's own program.
Result<std::string> explain_offline(const std::string& config_path, const std::string& attributes,
                                    const FindProgram& find, const RunProgram& run);

} // namespace postern
