// However the octets arrive, the same requests come out, and none longer than the limit.
// Input: an octet for the size of a read, then what the connection carries.
#include "policyd/request_buffer.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr std::size_t limit = 4096;

std::vector<std::string> requests_of(std::string_view octets, std::size_t step)
{
    postern::RequestBuffer buffer(limit);
    std::vector<std::string> requests;
    while (!octets.empty()) {
        const auto space = buffer.space();
        if (space.empty()) { // the session would end here
            requests.emplace_back("too long");
            break;
        }
        const auto count = std::min({step, space.size(), octets.size()});
        std::copy_n(octets.begin(), count, space.begin());
        octets.remove_prefix(count);
        buffer.filled(count);
        while (const auto request = buffer.request()) {
            const auto size = request->starts_with('\n') ? 1 : request->find("\n\n") + 2;
            if (request->size() > limit || size > request->size()) // none is there
                std::abort();
            requests.emplace_back(request->substr(0, size - 1));
            buffer.pop(size);
        }
    }
    return requests;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (requests_of(octets, data[0] + 1U) != requests_of(octets, 1))
        std::abort();
    return 0;
}
