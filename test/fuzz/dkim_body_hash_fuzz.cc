// Bodies, hashed by us in two sizes of chunks and by libopendkim.
#include "milterd/dkim_body_hash.h"
#include "test/dkim/opendkim_body_hash.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace postern {
namespace {

std::vector<std::string> hash(std::span<const DkimBodyPart> parts, std::string_view body, std::size_t chunk)
{
    DkimBodyHashing hashing(parts);
    for (; !body.empty(); body.remove_prefix(std::min(chunk, body.size())))
        hashing.body(body.substr(0, chunk));
    const auto made = hashing.finish();
    if (!made || made->size() != parts.size())
        std::abort();
    std::vector<std::string> hashes;
    for (std::size_t at = 0; at < parts.size(); ++at) {
        if ((*made)[at].hash.empty() != (parts[at].length.value_or(0) > (*made)[at].body_size))
            std::abort();
        hashes.push_back((*made)[at].hash);
    }
    return hashes;
}

// Which Postfix lets nobody send, and libopendkim gets wrong
bool has_lone_cr_or_lf(std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i)
        if ((text[i] == '\r' && i + 1 < text.size() && text[i + 1] != '\n')
            || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')))
            return true;
    return false;
}

} // namespace
} // namespace postern

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace postern;
    if (size < 2)
        return 0;
    const std::size_t chunk = data[0] % 100 + 1;
    const std::uint64_t length = data[1];
    const std::string body(reinterpret_cast<const char*>(data) + 2, size - 2);
    constexpr auto simple = DkimCanonicalization::simple;
    constexpr auto relaxed = DkimCanonicalization::relaxed;
    const DkimBodyPart parts[] = {{simple}, {relaxed}, {simple, length}, {relaxed, length}};
    const auto whole = hash(parts, body, 65535);
    if (whole != hash(parts, body, chunk))
        std::abort();
    if (!has_lone_cr_or_lf(body) && whole != opendkim_body_hashes(parts, body, chunk))
        std::abort();
    return 0;
}
