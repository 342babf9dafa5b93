#include "common/text.h"
#include "config/health/health.h"
#include "container/relayhost_maps.h"
#include "container/render.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

// Any environment, a variable a line; the text is also the table of recipients and the aliases. No value may begin a
// line of its own in main.cf.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    postern::Environment environment;
    for (const auto line : postern::split(text, '\n'))
        if (const auto equals = line.find('='); equals != std::string_view::npos)
            environment.emplace(line.substr(0, equals), line.substr(equals + 1));
    postern::Surroundings surroundings;
    surroundings.gateways = {"172.17.0.1"};
    surroundings.tables = {"recipient_access.hash"};
    surroundings.recipient_access = text;
    surroundings.local_aliases = text;
    const auto image = postern::render(environment, surroundings,
                                       [](const std::string& path) -> postern::Result<std::string> { return path; });
    if (image)
        for (const auto& file : image->files)
            if (file.path.ends_with("/main.cf"))
                for (const auto line : postern::split(file.text, '\n'))
                    if (!line.empty() && line[0] != '#' && line.find(" =") == std::string_view::npos)
                        std::abort();
    (void)postern::parse_relayhost_password(text, "host");
    (void)postern::parse_relayhost_sender(text);
    (void)postern::parse_health_plan(text);
    return 0;
}
