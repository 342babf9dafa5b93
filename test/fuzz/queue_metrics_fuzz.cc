#include "container/queue_metrics.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

// What showq(8) says, whole and in two pieces, is the same; a page of metrics and an HTTP answer may be anything.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    postern::QueueCounts whole(1000), pieces(1000);
    whole.read(text);
    pieces.read(text.substr(0, size / 2));
    pieces.read(text.substr(size / 2));
    if (whole.text() != pieces.text())
        std::abort();
    (void)postern::join_pages({{"a", std::string(text)}, {"b", std::string(text)}});
    (void)postern::http_body(text);
    return 0;
}
