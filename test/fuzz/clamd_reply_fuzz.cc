#include "milterd/clamd_reply.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

// Only one form is clean; whatever is said of a virus prints.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto reply = postern::parse_clamd_reply(text);
    if (!reply)
        return 0;
    using Kind = postern::ClamdReply::Kind;
    const auto prints = [](char c) { return c >= 0x20 && c < 0x7f; };
    if (!std::all_of(reply->text.begin(), reply->text.end(), prints) || reply->text.size() > 200)
        std::abort();
    if (reply->kind == Kind::clean && text != "stream: OK" && !(text.starts_with("fd[") && text.ends_with("]: OK")))
        std::abort();
    if (reply->kind == Kind::infected && (reply->text.empty() || !text.ends_with(" FOUND")))
        std::abort();
    return 0;
}
