// Whatever the octets: a value that is read is written as it was, and so is a name.
#include "policyd/greylist_redis_rows.h"

#include <cstdint>
#include <cstdlib>

namespace {

void demand(bool condition)
{
    if (!condition)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto triplet = postern::read_redis_triplet(text)) {
        const auto again = postern::read_redis_triplet(postern::write_redis_row({"", *triplet}));
        demand(again && *again == *triplet);
    }
    if (const auto client = postern::read_redis_client(text)) {
        const auto again = postern::read_redis_client(postern::write_redis_row({"", *client}));
        demand(again && *again == *client);
    }
    if (const auto row = postern::read_redis_name("p:", text)) {
        const auto again = postern::read_redis_name("p:", postern::redis_name("p:", row->key, row->is_triplet));
        demand(again && again->key == row->key && again->is_triplet == row->is_triplet);
    }
    return 0;
}
