#include "milterd/dkim_record_text.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t string_limit = 255; // RFC 1035 3.3
constexpr std::size_t line_limit = 72;    // of a string in a zone file: what is copied out of a terminal stays whole
constexpr std::size_t tag_limit = 255;

// Has no meaning for a tag list, a zone file, a shell or a form.
bool is_plain(char c)
{
    return c > ' ' && c <= '~' && std::string_view(";\"\\=()'").find(c) == std::string_view::npos;
}

// RFC 6376 2.11: what is not plain as =XX
std::string quoted_note(std::string_view text)
{
    std::string quoted;
    for (const char c : text) {
        if (is_plain(c))
            quoted += c;
        else
            quoted += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
    return quoted;
}

std::vector<std::string_view> pieces(std::string_view text, std::size_t limit)
{
    std::vector<std::string_view> all;
    for (; !text.empty(); text.remove_prefix(std::min(limit, text.size())))
        all.push_back(text.substr(0, limit));
    return all;
}

// The record for the parentheses of a zone file: the short tags, then the key in lines.
std::vector<std::string_view> zone_strings(std::string_view text)
{
    const auto key = std::min(text.find("p="), text.size());
    auto strings = pieces(text.substr(0, key), string_limit);
    for (const auto piece : pieces(text.substr(key), line_limit))
        strings.push_back(piece);
    return strings;
}

} // namespace

std::vector<std::string> DkimRecordTags::list() const
{
    std::vector<std::string> tags;
    if (!hashes.empty())
        tags.push_back("h=" + hashes);
    if (is_for_mail_only)
        tags.emplace_back("s=email");
    if (is_testing || is_exact)
        tags.emplace_back(is_testing && is_exact ? "t=y:s" : is_testing ? "t=y" : "t=s");
    if (!note.empty())
        tags.push_back("n=" + quoted_note(note));
    return tags;
}

Result<> check_dkim_tag(std::string_view tag)
{
    const auto value = tag.size() < 2 ? std::string_view() : tag.substr(2);
    const auto fits = [](char c) { return is_plain(c) || c == '='; };
    if (tag.size() < 3 || tag[1] != '=' || std::string_view("hstn").find(tag[0]) == std::string_view::npos
        || tag.size() > tag_limit || !std::all_of(value.begin(), value.end(), fits))
        return fail("\"{}\" is no tag of a key record: h=, s=, t= or n= and a value", printable(tag, 40));
    return {};
}

std::string with_dkim_tags(std::string plain, const std::vector<std::string>& tags)
{
    std::string between;
    for (const auto& tag : tags)
        between += tag + "; ";
    return plain.insert(std::min(plain.find("p="), plain.size()), between);
}

std::string dkim_record_line(const DkimRecord& record)
{
    return fmt::format("{}. TXT {}\n", record.name(), record.text);
}

std::string dkim_record_zone_text(const DkimRecord& record, const DkimZoneStyle& style)
{
    auto text = style.has_domain ? record.name() + "." : record.selector + "._domainkey";
    text += style.ttl ? fmt::format("\t{}\tIN\tTXT\t( ", *style.ttl) : "\tIN\tTXT\t( ";
    std::string_view separator;
    for (const auto string : zone_strings(record.text)) {
        text.append(separator).append(1, '"').append(string).append(1, '"');
        separator = "\n\t  ";
    }
    return text + fmt::format(" )  ; ----- DKIM key {} for {}\n", record.selector, record.domain);
}

std::string dkim_record_form(const DkimRecord& record)
{
    auto text = fmt::format("Name:  {}._domainkey   (in the zone {})\nType:  TXT\n", record.selector, record.domain);
    for (const auto string : dkim_record_strings(record.text))
        text += fmt::format("Value: \"{}\"\n", string);
    return text;
}

std::vector<std::string_view> dkim_record_strings(std::string_view text)
{
    return pieces(text, string_limit);
}

} // namespace postern
