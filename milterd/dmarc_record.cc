#include "milterd/dmarc_record.h"

#include "common/text.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace postern {
namespace {

struct RecordTag {
    std::string_view name, value;
};

// RFC 9989 4.8: WSP, which is blank and tab
std::string_view trim_blanks(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t");
    if (first == text.npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// RFC 9989 4.8, dmarc-tag; nothing: it is none
std::optional<RecordTag> read_tag(std::string_view part)
{
    const auto equals = part.find('=');
    if (equals == part.npos)
        return std::nullopt;
    const RecordTag tag{trim_blanks(part.substr(0, equals)), trim_blanks(part.substr(equals + 1))};
    const bool is_printable = printable_prefix(tag.value) == tag.value.size();
    if (tag.name.empty() || !std::all_of(tag.name.begin(), tag.name.end(), is_alpha) || !is_printable)
        return std::nullopt;
    return tag;
}

// ABNF compares without regard to case (RFC 5234 2.3).
std::optional<DmarcPolicy> read_policy(std::string_view value)
{
    for (const auto policy : {DmarcPolicy::none, DmarcPolicy::quarantine, DmarcPolicy::reject})
        if (equals_ignoring_case(value, dmarc_policy_name(policy)))
            return policy;
    return std::nullopt;
}

// RFC 3986 3: a scheme, a colon, and something of the characters that a URI has. A size behind a "!",
// as older records have it, does no harm here.
bool is_uri(std::string_view text)
{
    const auto colon = text.find(':');
    if (colon == text.npos || colon == 0 || colon + 1 == text.size() || !is_alpha(text.front()))
        return false;
    const auto is_scheme_char = [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; };
    const auto is_uri_char = [](char c) {
        return is_alnum(c) || std::string_view("-._~:/?#[]@!$&'()*+,;=%").find(c) != std::string_view::npos;
    };
    return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), is_scheme_char)
        && std::all_of(text.begin(), text.end(), is_uri_char);
}

bool has_uri(std::string_view list)
{
    const auto uris = split(list, ',');
    return std::any_of(uris.begin(), uris.end(), [](std::string_view uri) { return is_uri(trim_blanks(uri)); });
}

// What of the tags decides whether the record has a policy.
struct Found {
    bool has_policy = false;    // a p= that is one
    bool has_bad_policy = false; // an sp= or np= that is none
    bool wants_reports = false;
};

void read_into(DmarcRecord& record, Found& found, const RecordTag& tag)
{
    const auto is = [&](std::string_view name) { return equals_ignoring_case(tag.name, name); };
    const auto says = [&](std::string_view value) { return equals_ignoring_case(tag.value, value); };
    if (is("p")) {
        const auto policy = read_policy(tag.value);
        found.has_policy = policy.has_value();
        record.policy = policy.value_or(DmarcPolicy::none);
    } else if (is("sp") || is("np")) {
        auto& policy = is("sp") ? record.subdomain_policy : record.nonexistent_policy;
        policy = read_policy(tag.value);
        found.has_bad_policy = found.has_bad_policy || !policy;
    } else if (is("adkim")) {
        record.is_dkim_strict = says("s");
    } else if (is("aspf")) {
        record.is_spf_strict = says("s");
    } else if (is("t")) {
        record.is_testing = says("y");
    } else if (is("psd")) {
        record.psd = says("y") ? DmarcRecord::Psd::yes : says("n") ? DmarcRecord::Psd::no : DmarcRecord::Psd::unknown;
    } else if (is("rua")) {
        found.wants_reports = has_uri(tag.value);
    }
}

// RFC 9989 4.10.1: without a valid policy it is p=none if it wants reports, and nothing otherwise
void settle(DmarcRecord& record, const Found& found)
{
    if (found.has_policy && !found.has_bad_policy)
        return;
    record.policy = DmarcPolicy::none;
    record.subdomain_policy.reset();
    record.nonexistent_policy.reset();
    if (!found.wants_reports)
        record.fault = found.has_policy ? "sp= or np= is no policy" : "p= is no policy";
}

} // namespace

std::string_view dmarc_policy_name(DmarcPolicy policy)
{
    switch (policy) {
    case DmarcPolicy::none:
        return "none";
    case DmarcPolicy::quarantine:
        return "quarantine";
    case DmarcPolicy::reject:
        return "reject";
    }
    return "none"; // unreachable: -Wswitch names a policy without a case
}

std::optional<DmarcRecord> parse_dmarc_record(std::string_view text)
{
    if (text.size() > dmarc_record_limit)
        return std::nullopt;
    const auto parts = split(text, ';');
    const auto version = read_tag(parts.front());
    // RFC 9989 4.8: the value with regard to case, and nothing in front
    if (!version || parts.front().front() == ' ' || parts.front().front() == '\t'
        || !equals_ignoring_case(version->name, "v") || version->value != "DMARC1")
        return std::nullopt;

    constexpr std::string_view known[] = {"p", "sp", "np", "adkim", "aspf", "t", "psd", "rua"};
    bool is_seen[std::size(known)] = {}; // of a tag that stands twice the first one counts
    DmarcRecord record;
    Found found;
    for (auto part = parts.begin() + 1; part != parts.end(); ++part) {
        const auto tag = read_tag(*part);
        if (!tag)
            continue;
        const auto is_it = [&](std::string_view name) { return equals_ignoring_case(tag->name, name); };
        const auto at = std::find_if(std::begin(known), std::end(known), is_it) - std::begin(known);
        if (static_cast<std::size_t>(at) < std::size(known) && !std::exchange(is_seen[at], true))
            read_into(record, found, *tag);
    }
    settle(record, found);
    return record;
}

} // namespace postern
