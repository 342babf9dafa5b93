#include "milterd/clamav_header.h"

#include "common/text.h"
#include "milterd/dkim_signature.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::string_view scanned_field = "X-Virus-Scanned", status_field = "X-Virus-Status";
constexpr int most_signatures = 20; // that are looked at

void remove_all(const Message& message, std::string_view name, std::vector<HeaderEdit>& edits)
{
    std::size_t occurrence = 0;
    for (const auto& field : message.header)
        if (equals_ignoring_case(field.name, name))
            edits.push_back({HeaderEdit::Kind::remove, std::string(name), "", ++occurrence});
}

void insert(std::string_view name, std::string value, std::vector<HeaderEdit>& edits)
{
    edits.push_back({HeaderEdit::Kind::insert, std::string(name), std::move(value), 0});
}

std::ptrdiff_t count(const Message& message, std::string_view name)
{
    return std::count_if(message.header.begin(), message.header.end(),
                         [&](const HeaderField& field) { return equals_ignoring_case(field.name, name); });
}

// RFC 6376 5.4.2: of a field that h= names n times the n lowest are signed, and that there are no more, if there are not.
bool breaks(const DkimSignature& signature, const Message& message, const HeaderEdit& edit)
{
    const auto name = to_lower(edit.name);
    const auto signed_times = std::count(signature.signed_fields.begin(), signature.signed_fields.end(), name);
    const auto there = count(message, name);
    return edit.kind == HeaderEdit::Kind::insert
        ? signed_times > there
        : static_cast<std::ptrdiff_t>(edit.occurrence) > there - signed_times;
}

} // namespace

std::vector<HeaderEdit> virus_header_edits(const Message& message, const VirusStatus& status, VirusHeader header,
                                           std::string_view hostname)
{
    std::vector<HeaderEdit> edits;
    const bool is_replaced = header == VirusHeader::replace, is_found_only = header == VirusHeader::found;
    if (is_replaced)
        remove_all(message, scanned_field, edits);
    if (is_replaced || is_found_only)
        remove_all(message, status_field, edits);
    if (header == VirusHeader::none || status.text.empty() || (is_found_only && status.is_clean))
        return edits;
    insert(status_field, status.text, edits);
    if (!is_found_only)
        insert(scanned_field, fmt::format("postern-milterd at {}", printable(hostname)), edits);
    return edits;
}

bool breaks_signature(const Message& message, const std::vector<HeaderEdit>& edits)
{
    int looked_at = 0;
    for (const auto& field : message.header) {
        if (edits.empty() || looked_at >= most_signatures || !equals_ignoring_case(field.name, "DKIM-Signature"))
            continue;
        ++looked_at;
        const auto signature = parse_dkim_signature(field.value);
        for (const auto& edit : edits)
            if (breaks(signature, message, edit))
                return true;
    }
    return false;
}

} // namespace postern
