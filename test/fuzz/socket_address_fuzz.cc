#include "common/socket_address.h"

#include <cstdlib>

// What was understood can be written, and is understood the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto address = postern::parse_socket_address(text)) {
        const auto again = postern::parse_socket_address(address->text());
        if (!again || again->text() != address->text())
            std::abort();
    }
    (void)postern::parse_ip_endpoint(text, 53);
    return 0;
}
