#include "common/spf/spf_text.h"

#include <cstdint>
#include <cstdlib>

// The template is the first line, all values are the rest.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto text = input.substr(0, input.find('\n'));
    const auto value = input.substr(text.size());
    const bool is_sound = postern::check_spf_text(text).has_value();
    const auto written = postern::write_spf_text(text, {value, value, value, value, value, value, value});
    if (is_sound && value.empty() && text.find('{') == std::string_view::npos && written != text)
        std::abort();
    if (written.size() > text.size() + text.size() / 8 * 600)
        std::abort();
    return 0;
}
