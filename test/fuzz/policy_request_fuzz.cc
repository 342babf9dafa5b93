#include "policyd/policy_request.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto request = postern::parse_policy_request(text);
    if (request && request->sender.find('\n') != std::string::npos)
        std::abort(); // a value never reaches into the next line
    return 0;
}
