// A line that is read as a row is written as one that is read as the same row, and a key that is shown is read as it was.
#include "policyd/greylist_text.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace postern;
    if (const auto key = read_shown_key({reinterpret_cast<const char*>(data), size}))
        if (const auto shown_again = read_shown_key(shown_key(*key)); !shown_again || *shown_again != *key)
            std::abort();
    const auto row = read_greylist_line({reinterpret_cast<const char*>(data), size});
    if (!row || !*row)
        return 0;
    const auto text = write_greylist_line(**row);
    const auto again = read_greylist_line(text);
    if (!again || !*again || (*again)->key != (*row)->key || (*again)->row != (*row)->row)
        std::abort();
    (void)key_parts((*row)->key);
    return 0;
}
