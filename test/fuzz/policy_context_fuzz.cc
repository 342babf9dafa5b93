// The first line is asked twice, among all the others: the answer is the same, and is told of at most once.
#include "common/text.h"
#include "policyd/policy_context.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto first = text.substr(0, text.find('\n'));
    int told = 0;
    postern::PolicyContexts contexts({"spf", "greylist"}, {"dnsbl", "spf", "greylist"},
                                     [&](std::string_view context, std::string_view) { told += context == first; });
    const auto before = contexts.checks_for(first);
    for (const auto line : postern::split(text, '\n')) {
        const auto checks = contexts.checks_for(line) & ~postern::PolicyContexts::observed;
        if (checks != postern::PolicyContexts::whole_chain && checks > 3)
            std::abort(); // a check that is not in the chain
    }
    if (contexts.checks_for(first) != before || told > 1)
        std::abort();
    return 0;
}
