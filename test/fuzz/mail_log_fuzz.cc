#include "config/compare/comparison.h"
#include "config/compare/mail_log.h"

#include "common/text.h"

#include <cstdlib>

// A whole log, as `postern compare` reads it. What it says of it is one printable line each.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    postern::MailLogParser parser(postern::LogTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 28}});
    postern::Comparison comparison;
    for (const auto line : postern::split(text, '\n')) {
        const auto parsed = parser.parse(line);
        if (!parsed)
            continue;
        if (const auto record = postern::read_log_fields(parsed->text))
            comparison.take_record(parsed->time, *record);
        comparison.take_old(parsed->time, postern::parse_old_line(parsed->program, parsed->text));
    }
    comparison.finish();
    for (const auto& [kind, difference] : comparison.differences())
        if (postern::printable_prefix(difference.example) != difference.example.size()
            || postern::printable_prefix(difference.explain) != difference.explain.size())
            std::abort();
    return 0;
}
