#include "config/policy_places.h"
#include "config/postconf.h"
#include "config/postfix_dnsbl.h"

#include <cstdint>
#include <cstdlib>

// What postconf(1) prints, and the lists in it. Splitting what was joined gives the same items.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto postfix = postern::read_postconf({text, text, text});
    for (const auto& [name, value] : postfix.parameters) {
        const auto items = postern::split_postfix_list(value);
        if (postern::split_postfix_list(postern::join_postfix_list(items)) != items)
            std::abort();
        for (const auto& item : items)
            (void)postern::parse_policy_service(item);
    }
    for (const auto& entry : postern::entries_with_context(postfix, [](const std::string&) { return true; }))
        if (postern::parse_policy_service(entry).context.empty())
            std::abort();
    (void)postern::postfix_dnsbl_warnings(postfix, postern::Config(), text);
    return 0;
}
