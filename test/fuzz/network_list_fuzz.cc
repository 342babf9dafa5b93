#include "common/network_list.h"

#include "common/text.h"

#include <cstdlib>

// The first line is a client's name, the rest are entries. A list holds what each of its entries holds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto lines = postern::split({reinterpret_cast<const char*>(data), size}, '\n');
    const std::vector<std::string> entries(lines.begin() + 1, lines.end());
    const auto address = postern::parse_ip_address(lines.front());
    const auto client = address ? std::optional(*address) : std::nullopt;

    const auto list = postern::NetworkList::parse(entries);
    if (!list)
        return 0;
    bool want = false;
    for (const auto& entry : entries)
        want |= postern::NetworkList::parse(std::span(&entry, 1))->contains(client, lines.front());
    if (list->contains(client, lines.front()) != want)
        std::abort();
    return 0;
}
