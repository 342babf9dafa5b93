#include "common/dnsbl/public_name.h"

#include "common/text.h"

#include <cstdint>
#include <cstdlib>

// A zone, and behind the first line end a text of its list. The public name holds no key but in what is registered,
// and no occurrence of the zone is left in the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto zone = postern::to_lower(input.substr(0, input.find('\n')));
    const auto text = input.substr(std::min(zone.size() + 1, input.size()));

    const auto name = postern::public_name(zone);
    const auto labels = postern::split(name, '.');
    for (std::size_t i = 0; i + 2 < labels.size(); ++i)
        if (postern::looks_like_key(labels[i]))
            std::abort();
    if (postern::public_name(name) != name)
        std::abort();
    const auto shown = postern::without_key(text, zone, name);
    for (const auto label : postern::split(zone, '.'))
        if (postern::looks_like_key(label) && name.find(label) == std::string::npos
            && postern::to_lower(shown).find(label) != std::string::npos)
            std::abort();
    return 0;
}
