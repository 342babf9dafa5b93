#include "common/network_list.h"

#include "common/text.h"

#include <cstdlib>

// The first line is a client's name, the rest are entries. A list without exclusions holds what each of its entries
// holds; one more exclusion never makes it hold more.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto lines = postern::split({reinterpret_cast<const char*>(data), size}, '\n');
    std::vector<std::string> entries(lines.begin() + 1, lines.end());
    const auto address = postern::parse_ip_address(lines.front());
    const auto client = address ? std::optional(*address) : std::nullopt;

    const auto list = postern::NetworkList::parse(entries);
    if (!list)
        return 0;
    bool want = false, has_exclusion = false;
    for (const auto& entry : entries) {
        has_exclusion |= entry.starts_with('!');
        want |= postern::NetworkList::parse(std::span(&entry, 1))->contains(client, lines.front());
    }
    const bool holds = list->contains(client, lines.front());
    if (has_exclusion ? holds && !want : holds != want)
        std::abort();
    if (client) {
        entries.push_back("!" + client->text());
        if (postern::NetworkList::parse(entries)->contains(client, lines.front()))
            std::abort();
    }
    return 0;
}
