#include "common/data_set.h"

#include <cstdlib>

// The first line names a data set, the rest is what its file holds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto end = text.find('\n');
    const auto set = postern::parse_data_set(text.substr(0, end));
    if (!set)
        return 0;
    const auto content = end == text.npos ? std::string() : text.substr(end + 1);
    const postern::ReadText read = [&](const std::string&) { return postern::Result<std::string>(content); };
    std::vector<postern::Error> faults;
    for (const auto& row : postern::read_data_set(*set, "setting", read, faults)) {
        if (row.where.empty() || row.key.find('\0') != row.key.npos)
            std::abort();
        if (!postern::matches_wildcard("*", row.key) || !postern::matches_wildcard(row.key, row.key))
            std::abort();
    }
    const std::string item[] = {text.substr(0, end)};
    postern::expand_list(item, "setting", read, faults);
    return 0;
}
