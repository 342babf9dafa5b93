#include "common/spf/record.h"

#include <cstdint>
#include <cstdlib>

// A record that is taken refers to nothing outside its text, and its networks have lengths that fit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text = "v=spf1 " + std::string(reinterpret_cast<const char*>(data), size);
    const auto record = postern::parse_spf_record(text);
    if (!record)
        return 0;
    const auto inside = [&](std::string_view part) {
        return part.empty() || (part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size());
    };
    for (const auto& directive : record->directives)
        if (!inside(directive.text) || directive.text.empty() || directive.network.prefix < 0
            || directive.network.prefix > 128 || directive.ip4_prefix > 32 || directive.ip6_prefix > 128)
            std::abort();
    if (!inside(record->exp) || (!record->exp.empty() && !postern::parse_domain_spec(record->exp)))
        std::abort();
    return 0;
}
