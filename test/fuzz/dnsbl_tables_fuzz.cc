// Both files of [dnsbl], of the same text. What is taken is a template that can be parsed, or a name without a key; a
// fault shows nothing of what it is about.
#include "common/dnsbl/public_name.h"
#include "common/dnsbl/reply_template.h"
#include "policyd/dnsbl_tables.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (const bool is_map : {true, false}) {
        postern::DnsblSettings settings;
        (is_map ? settings.reply_map : settings.reply_templates) = "/f";
        const auto tables = postern::read_dnsbl_tables(
            settings, [&](const std::string&) -> postern::Result<std::string> { return text; });
        if (!tables) {
            if (tables.error().what.find("/f:") == std::string::npos)
                std::abort(); // a fault has its line
            continue;
        }
        for (const auto& [key, value] : tables->templates)
            if (!postern::ReplyTemplate::parse(value))
                std::abort();
        for (const auto& [zone, name] : tables->public_names)
            if (postern::holds_key(name))
                std::abort();
    }
    return 0;
}
