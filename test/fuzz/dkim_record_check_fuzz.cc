#include "milterd/dkim_record_check.h"

#include <cstdint>
#include <cstdlib>

// What anybody may publish against a key of ours.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace postern;
    const HeldDkimKey held{DkimKeyType::ed25519, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="};
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto sight = compare_dkim_record({DnsStatus::found, {text}, {}}, held);
    if (sight.finding == RecordFinding::match && text.find("11q") == std::string::npos && text.find('1') == std::string::npos)
        std::abort();
    for (const char c : sight.why)
        if (c < ' ' || c > '~')
            std::abort();
    return 0;
}
