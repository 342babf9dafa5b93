#include "config/explain.h"

#include "common/text.h"

namespace postern {

std::string explain_attributes(const ExplainOptions& options)
{
    Attributes attributes{{"client_address", options.client}, {"sender", options.sender == "<>" ? "" : options.sender},
                          {"recipient", options.recipient}};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty())
            attributes.emplace_back(name, value);
    };
    add("helo_name", options.helo);
    add("client_name", options.client_name);
    add("reverse_client_name", options.client_name);
    add("sasl_username", options.login);
    add("policy_context", options.context);
    return write_attributes(attributes);
}

Result<std::string> explain_offline(const std::string& config_path, const std::string& attributes,
                                    const FindProgram& find, const RunProgram& run)
{
    const auto program = find("postern-policyd");
    if (program.empty())
        return fail("postern-policyd is not installed here");
    auto answer = run({program, "--config", config_path, "--explain", attributes});
    if (!answer)
        return tl::unexpected(answer.error());
    if (answer->status != 0)
        return fail("{}", trim(answer->text).empty() ? fmt::format("{} ended with status {} and said nothing", program,
                                                                   answer->status)
                                                     : std::string(trim(answer->text)));
    return std::move(answer->text);
}

} // namespace postern
