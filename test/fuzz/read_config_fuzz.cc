#include "config/read_config.h"

#include <cstdint>
#include <cstdlib>

// The first line is "VARIABLE=value", the environment; the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto line = text.substr(0, text.find('\n'));
    postern::ConfigSource source{"f", text.substr(std::min(text.size(), line.size() + 1))};
    source.read_file = [&](const std::string& path) -> postern::Result<std::string> {
        return path.empty() ? postern::Result<std::string>(postern::fail("no name")) : path;
    };
    if (const auto equals = line.find('='); equals != std::string::npos)
        source.environment.emplace(line.substr(0, equals), line.substr(equals + 1));

    const auto loaded = postern::read_config(source);
    if (!loaded) {
        if (loaded.error().empty())
            std::abort(); // a refusal has a reason
        return 0;
    }
    for (const auto& instance : loaded->instances) // what is fine as a whole is fine for each instance
        if (!postern::read_config(source, instance))
            std::abort();
    return 0;
}
