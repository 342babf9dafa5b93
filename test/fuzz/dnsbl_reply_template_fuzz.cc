#include "common/dnsbl/reply_template.h"

#include <cstdint>
#include <cstdlib>

// Whatever a template says, what comes of it is bounded.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = postern::ReplyTemplate::parse(text);
    (void)postern::check_reply_template(text);
    if (!parsed)
        return 0;
    const auto values = [](std::string_view name) { return name == "rbl_reason" ? std::string_view() : name; };
    if (parsed->expand(values, 100).size() > 100)
        std::abort();
    (void)parsed->uses("sender");
    return 0;
}
