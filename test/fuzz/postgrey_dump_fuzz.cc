// Whatever a dump holds, its rows are sound: a key, and times that do not run backwards.
#include "common/text.h"
#include "policyd/postgrey_dump.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace postern;
    PostgreyDump dump({});
    for (const auto line : split({reinterpret_cast<const char*>(data), size}, '\n')) {
        const auto row = dump.add(line);
        if (!row || !*row)
            continue;
        const auto* const triplet = std::get_if<TripletRow>(&(*row)->row);
        if ((*row)->key.empty() || (triplet && triplet->last < triplet->first))
            std::abort();
        (void)postgrey_texts((*row)->key);
    }
    return 0;
}
