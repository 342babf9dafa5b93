#include "milterd/clamd_limits.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("clamd_limits")
{
    struct Case {
        const char* name;
        const char* text;
        std::uint64_t want_file, want_scan, want_stream;
    };
    constexpr std::uint64_t M = 1 << 20;
    const Case cases[] = {
        {"defaults", "", 100 * M, 400 * M, 100 * M},
        {"Debian's", "# comment\nLocalSocket /x\nMaxScanSize 100M\nMaxFileSize 25M\nStreamMaxLength 25M\n", 25 * M,
         100 * M, 25 * M},
        {"units and case", "maxfilesize 512k\nMAXSCANSIZE 3145728\n  StreamMaxLength\t1G # note\r\n", M / 2, 3 * M,
         1024 * M},
        {"0 is no limit, but for files", "MaxFileSize 0\nMaxScanSize 0\nStreamMaxLength 0", 2048 * M, ~std::uint64_t{0},
         ~std::uint64_t{0}},
        {"commented out", "#MaxFileSize 1M\n# MaxScanSize 1M", 100 * M, 400 * M, 100 * M},
        {"unreadable", "MaxFileSize\nMaxScanSize x\nStreamMaxLength 1T\nMaxFileSize 99999999999999999999", 100 * M,
         400 * M, 100 * M},
        {"like a name we know", "PCREMaxFileSize 1M\nOnAccessMaxFileSize 5M\n", 100 * M, 400 * M, 100 * M},
        {"last one counts", "MaxFileSize 1M\nMaxFileSize 2M\n", 2 * M, 400 * M, 100 * M},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = clamd_limits(c.text);
        CHECK(got.max_file_size == c.want_file);
        CHECK(got.max_scan_size == c.want_scan);
        CHECK(got.stream_max_length == c.want_stream);
    }
}

TEST_CASE("limit_warnings")
{
    constexpr std::uint64_t M = 1 << 20;
    const ClamdLimits limits{25 * M, 30 * M, 20 * M};
    CHECK(limit_warnings(limits, 20 * M, true).empty());
    CHECK(limit_warnings(limits, 25 * M, false).empty());
    CHECK(limit_warnings(limits, 25 * M, true)
          == std::vector<std::string>{"clamav.max_size = 25M is above clamd's StreamMaxLength 20M: clamd refuses "
                                      "larger mail, which is treated as oversize"});
    CHECK(limit_warnings(limits, 25 * M + 1, false)
          == std::vector<std::string>{"clamav.max_size = 26214401 is above clamd's MaxFileSize 25M: larger "
                                      "mail would be called clean without being read"});
    CHECK(limit_warnings(limits, 31 * M, true).size() == 3);
}

} // namespace postern
