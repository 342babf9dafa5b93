#include "common/dnsbl/site.h"

#include "common/text.h"

#include <cstdint>
#include <cstdlib>

// What is read is within its bounds, and what is not read is not shown: an Error holds nothing of the zone but, in a
// filter, digits and signs.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto site = postern::parse_dnsbl_site(text);
    if (!site)
        return 0;
    if (site->zone.empty() || site->zone.size() > 253 || std::abs(site->weight) > postern::dnsbl_weight_limit)
        std::abort();
    if (site->zone != postern::to_lower(site->zone) || !site->key.starts_with(site->zone))
        std::abort();
    const auto again = postern::parse_dnsbl_site(site->key);
    if (!again || again->filter != site->filter || again->zone != site->zone)
        std::abort();
    return 0;
}
