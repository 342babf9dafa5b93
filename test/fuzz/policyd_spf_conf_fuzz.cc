#include "config/migrate/policyd_spf_conf.h"

#include <cstdint>
#include <cstdlib>
#include <string>

// The files of both SPF policy programs.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (const auto& line : postern::parse_policyd_spf_conf(text).lines) {
        if (line.line < 1)
            std::abort();
        for (const auto& item : postern::spf_conf_list(line.value))
            if (item.empty() || item.find(',') != std::string::npos)
                std::abort();
    }
    (void)postern::parse_policyd_spf_users(text);
    (void)postern::parse_perl_spf_program(text);
    for (const auto& entry : postern::parse_perl_exemptions(text))
        if (entry.value.empty() || postern::without_mapped_address(entry.value).empty())
            std::abort();
    return 0;
}
