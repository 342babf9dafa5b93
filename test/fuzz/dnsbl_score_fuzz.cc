#include "policyd/dnsbl_answer.h"
#include "policyd/dnsbl_reply.h"
#include "policyd/dnsbl_score.h"

#include <cstdint>
#include <cstdlib>

namespace {

struct Bytes {
    const std::uint8_t* data;
    std::size_t size;

    int next()
    {
        if (size == 0)
            return 0;
        --size;
        return *data++;
    }
};

postern::DnsReply reply_of(Bytes& bytes)
{
    postern::DnsReply reply;
    reply.status = static_cast<postern::DnsStatus>(bytes.next() % 4);
    for (int i = bytes.next() % 4; reply.status == postern::DnsStatus::found && i > 0; --i) {
        const int first = bytes.next() % 8 == 0 ? 203 : 127;
        reply.records.push_back(std::to_string(first) + "." + std::to_string(bytes.next()) + "."
                                + std::to_string(bytes.next()) + "." + std::to_string(bytes.next()));
    }
    return reply;
}

} // namespace

// Lists with any weights say anything, one after the other: the score stays within the range that was foreseen, and
// what is certain at one time is so at the end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Bytes bytes{data, size};
    postern::DnsblSettings settings;
    settings.threshold = 1 + bytes.next() % 8;
    settings.defer_threshold = bytes.next() % settings.threshold;
    settings.allow_threshold = -(bytes.next() % 4);
    settings.reject_code = 550;
    const postern::DnsblMarks marks(settings, {bytes.next() % 8 - 2});

    settings.reply = "$rbl_code $rbl_what $rbl_domain";
    const std::size_t count = 1 + static_cast<std::size_t>(bytes.next()) % 5;
    for (std::size_t i = 0; i < count; ++i)
        for (int rules = 1 + bytes.next() % 3; rules > 0; --rules)
            settings.sites.push_back("l" + std::to_string(i) + ".example" + (bytes.next() % 2 ? "=127.0.0.[2..99]" : "")
                                     + "*" + std::to_string(bytes.next() % 16 - 8));
    const auto lists = postern::make_dnsbl_lists(settings, {});

    postern::DnsblRange range;
    for (const auto& list : lists) {
        range.lowest += list.lowest();
        range.highest += list.highest();
    }
    int score = 0;
    std::optional<postern::DnsblMarks::Outcome> settled;
    for (const auto& list : lists) {
        if (marks.is_certain(range) && !settled)
            settled = marks.outcome(score);
        const auto answer = postern::read_dnsbl_answer(list, reply_of(bytes));
        if (answer.weight < list.lowest() || answer.weight > list.highest())
            std::abort();
        if (answer.kind != postern::DnsblAnswer::Kind::listed && answer.weight != 0)
            std::abort();
        score += answer.weight;
        range.lowest += answer.weight - list.lowest();
        range.highest += answer.weight - list.highest();
        if (score < range.lowest || score > range.highest)
            std::abort();
        if (settled && !marks.is_certain(range))
            std::abort();
    }
    if (range.lowest != score || range.highest != score || !marks.is_certain(range))
        std::abort();
    if (settled && *settled != marks.outcome(score))
        std::abort();
    return 0;
}
