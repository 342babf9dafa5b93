// Whatever the sender is, its key is made, holds no upper case, and is the same when it is made again.
#include "policyd/greylist_key.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto sender = postern::parse_mail_address({reinterpret_cast<const char*>(data), size});
    const auto key = postern::greylist_sender(sender);
    for (const char c : key)
        if (c >= 'A' && c <= 'Z')
            std::abort();
    if (key != postern::greylist_sender(sender))
        std::abort();
    return 0;
}
