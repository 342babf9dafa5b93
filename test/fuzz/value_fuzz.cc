#include "config/value.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

// What must hold of any list: no item is empty or holds a line end outside of a /regexp/, and
// reading an item again gives that item alone.
static void check_list(std::string_view text)
{
    for (const auto& item : postern::read_list(text)) {
        if (item.empty())
            std::abort();
        const auto again = postern::read_list(item);
        if (again.size() != 1 || again[0] != item)
            std::abort();
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)postern::read_bool(text);
    (void)postern::read_number(text);
    if (const auto mode = postern::read_octal(text); mode && (*mode < 0 || *mode > 07777))
        std::abort();
    if (const auto octets = postern::read_size(text); octets && *octets < 0)
        std::abort();
    const auto seconds = postern::read_seconds(text);
    const auto milliseconds = postern::read_milliseconds(text);
    if (seconds && (!milliseconds || *milliseconds != *seconds || seconds->count() < 0))
        std::abort();
    check_list(text);
    return 0;
}
