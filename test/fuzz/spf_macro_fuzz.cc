#include "common/spf/macro.h"

#include "common/spf/domain.h"

#include <cstdint>
#include <cstdlib>

// The first line is the local part, the rest a macro string. What is expanded has a bounded length; a name of more
// than 253 octets is one label.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto end = std::min(input.find('\n'), input.size());
    const auto text = input.substr(std::min(end + 1, input.size()));

    postern::MacroValues values;
    values.ip = *postern::parse_ip_address(end % 2 ? "192.0.2.1" : "2001:db8::1");
    values.local_part = input.substr(0, end);
    values.sender_domain = "example.org";
    values.domain = "sub.example.org";
    values.validated_name = "unknown";
    values.helo = values.local_part;

    if (const auto parsed = postern::parse_macro_string(text, postern::MacroPlace::explanation))
        if (postern::expand(*parsed, values).size() > 4096)
            std::abort();
    if (const auto parsed = postern::parse_domain_spec(text)) {
        const auto name = postern::expand_domain_spec(*parsed, values);
        if (name.size() > 253 && name.substr(name.size() - 254).find('.') != std::string::npos)
            std::abort();
        (void)postern::is_askable(name);
    }
    return 0;
}
