#include "config/migrate/postgrey_reader.h"
#include "config/migrate/shell_text.h"

#include <cstdint>
#include <cstdlib>

// Files of /etc/default, units, and postgrey's options in them. Names are names, and no line is before the first.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    std::vector<std::string> faults;
    postern::Variables variables;
    for (const auto& set : postern::parse_assignments(text, faults)) {
        if (set.name.empty() || set.line < 1)
            std::abort();
        variables[set.name] = set.value;
    }
    for (const auto& line : postern::parse_unit(text))
        if (line.line < 1 || line.value.find('\n') != std::string::npos)
            std::abort();
    std::vector<postern::StartWord> words;
    for (auto& word : postern::shell_words(postern::expand_variables(text, variables)))
        words.push_back({std::move(word), {"postgrey"}});
    for (const auto& option : postern::parse_postgrey_options(words).options)
        if (!option.name.starts_with("--") || option.name.size() < 3)
            std::abort();
    return 0;
}
