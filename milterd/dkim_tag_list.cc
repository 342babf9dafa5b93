#include "milterd/dkim_tag_list.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

// Takes white space from the front: blanks, tabs and line ends that a blank or tab follows (FWS).
Result<> skip_space(std::string_view& text)
{
    while (!text.empty() && is_space(text.front())) {
        if (text.front() == '\r' && !text.starts_with("\r\n"))
            return fail("a CR without LF");
        if (text.front() == '\n' && (text.size() < 2 || (text[1] != ' ' && text[1] != '\t')))
            return fail("a line end that does not fold");
        text.remove_prefix(1);
    }
    return {};
}

bool is_value_char(char c) // RFC 6376 3.2: VALCHAR
{
    return c > 0x20 && c < 0x7f && c != ';';
}

Result<std::string_view> take_name(std::string_view& text)
{
    const auto end = std::find_if_not(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '_'; });
    const auto name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    if (name.empty() || !is_alpha(name.front()))
        return fail("not a tag: \"{}\"", printable(text.substr(0, text.find(';')), 20));
    text.remove_prefix(name.size());
    return name;
}

// Up to the next ";" or the end, without the white space before it.
Result<std::string_view> take_value(std::string_view& text)
{
    const auto start = text;
    std::size_t length = 0;
    while (!text.empty() && text.front() != ';') {
        if (is_value_char(text.front())) {
            text.remove_prefix(1);
            length = start.size() - text.size();
            continue;
        }
        if (!is_space(text.front()))
            return fail("an octet that is not printable ASCII");
        if (const auto skipped = skip_space(text); !skipped)
            return tl::unexpected(skipped.error());
    }
    return start.substr(0, length);
}

Result<DkimTag> take_tag(std::string_view& text)
{
    const auto name = take_name(text);
    if (!name)
        return tl::unexpected(name.error());
    const auto after_name = text.size();
    if (const auto skipped = skip_space(text); !skipped)
        return tl::unexpected(skipped.error());
    const bool is_spaced = text.size() != after_name;
    if (!text.starts_with('='))
        return fail("tag {} has no \"=\"", printable(*name, 20));
    text.remove_prefix(1);
    if (const auto skipped = skip_space(text); !skipped)
        return tl::unexpected(skipped.error());
    const auto value = take_value(text);
    if (!value)
        return tl::unexpected(value.error());
    return DkimTag{*name, *value, is_spaced};
}

} // namespace

Result<DkimTagList> DkimTagList::parse(std::string_view text)
{
    DkimTagList list;
    for (;;) {
        if (const auto skipped = skip_space(text); !skipped)
            return tl::unexpected(skipped.error());
        if (text.empty() && !list.tags_.empty()) // after the last ";", which may be there
            return list;
        if (list.tags_.size() == tag_limit)
            return fail("more than {} tags", tag_limit);
        const auto tag = take_tag(text);
        if (!tag)
            return tl::unexpected(tag.error());
        // RFC 6376 3.2: it makes the whole list invalid. libopendkim would take the last one.
        if (list.find(tag->name) != nullptr)
            return fail("tag {} stands twice", printable(tag->name, 20));
        list.tags_.push_back(*tag);
        if (text.empty())
            return list;
        text.remove_prefix(1); // the ";"
    }
}

const DkimTag* DkimTagList::find(std::string_view name) const
{
    const auto found = std::find_if(tags_.begin(), tags_.end(), [&](const DkimTag& tag) { return tag.name == name; });
    return found == tags_.end() ? nullptr : &*found;
}

std::string without_folds(std::string_view text)
{
    std::string joined;
    std::copy_if(text.begin(), text.end(), std::back_inserter(joined), [](char c) { return !is_space(c); });
    return joined;
}

} // namespace postern
