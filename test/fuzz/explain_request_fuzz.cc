// A question of the operator's, and what is written of it: each of its lines begins with a name of ours.
#include "policyd/explanation.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto request = postern::parse_explain_request({reinterpret_cast<const char*>(data), size});
    if (!request)
        return 0;
    if (!request->client || request->recipient.empty() || request->protocol_state != "RCPT")
        std::abort();
    const auto text = postern::write_explanation(*request, {});
    for (const unsigned char c : text)
        if (c != '\n' && (c < 0x20 || c == 0x7f))
            std::abort();
    return 0;
}
