#include "milterd/clamd_limits.h"

#include "common/text.h"

#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace postern {
namespace {

constexpr std::uint64_t file_size_cap = std::uint64_t{2} << 30; // "files greater than 2 GB" are never scanned
constexpr std::uint64_t no_limit = ~std::uint64_t{0};

// "25M", "100k", "1048576"; 0 switches the limit off
std::optional<std::uint64_t> parse_size(std::string_view text)
{
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || size > no_limit >> 30)
        return std::nullopt;
    const auto unit = to_lower(text.substr(static_cast<std::size_t>(end - text.data())));
    const int shift = unit.empty() ? 0 : unit == "k" ? 10 : unit == "m" ? 20 : unit == "g" ? 30 : -1;
    if (shift < 0)
        return std::nullopt;
    return size == 0 ? no_limit : size << shift;
}

std::string size_text(std::uint64_t octets)
{
    return octets % (1 << 20) == 0 ? fmt::format("{}M", octets >> 20) : std::to_string(octets);
}

} // namespace

ClamdLimits clamd_limits(std::string_view clamd_conf)
{
    ClamdLimits limits;
    for (const auto line : split(clamd_conf, '\n')) {
        const auto words = split_words(line.substr(0, line.find('#')));
        if (words.size() != 2)
            continue;
        const auto size = parse_size(words[1]);
        if (!size)
            continue;
        if (equals_ignoring_case(words[0], "MaxFileSize"))
            limits.max_file_size = std::min(*size, file_size_cap);
        else if (equals_ignoring_case(words[0], "MaxScanSize"))
            limits.max_scan_size = *size;
        else if (equals_ignoring_case(words[0], "StreamMaxLength"))
            limits.stream_max_length = *size;
    }
    return limits;
}

std::vector<std::string> limit_warnings(const ClamdLimits& limits, std::uint64_t max_size, bool is_stream)
{
    std::vector<std::string> warnings;
    const auto compare = [&](std::string_view name, std::uint64_t limit, std::string_view consequence) {
        if (max_size > limit)
            warnings.push_back(fmt::format("clamav.max_size = {} is above clamd's {} {}: {}", size_text(max_size), name,
                                           size_text(limit), consequence));
    };
    compare("MaxFileSize", limits.max_file_size, "larger mail would be called clean without being read");
    compare("MaxScanSize", limits.max_scan_size, "larger mail would not be read to its end");
    if (is_stream)
        compare("StreamMaxLength", limits.stream_max_length, "clamd refuses larger mail, which is treated as oversize");
    return warnings;
}

} // namespace postern
