#include "common/text.h"
#include "config/migrate/opendkim_conf.h"

#include <cstdint>
#include <cstdlib>

// opendkim.conf, and the same octets as the words of a command line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    int last = 0;
    for (const auto& line : postern::parse_opendkim_conf(text).lines) {
        if (line.line <= last || line.name.empty() || line.value.empty() || line.value.find('#') != line.value.npos)
            std::abort();
        last = line.line;
        (void)postern::opendkim_flag(line.value);
    }
    std::vector<postern::StartWord> words;
    for (const auto word : postern::split_words(text))
        words.push_back({std::string(word), {}});
    for (const auto& option : postern::parse_opendkim_command_line(words).options)
        if (option.name.empty() || option.text.front() != '-')
            std::abort();
    return 0;
}
