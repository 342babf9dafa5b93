#include "common/mail_address.h"

#include <cstdlib>

// A domain has one form: what comes out of the parser goes through it unchanged.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)postern::parse_mail_address(text).text();
    if (const auto labels = postern::to_a_labels(text))
        if (const auto again = postern::to_a_labels(*labels); !again || (!labels->ends_with('.') && *again != *labels))
            std::abort();
    return 0;
}
