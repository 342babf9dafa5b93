#include "config/postfix_undo.h"

#include "common/text.h"
#include "config/postconf.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace postern {
namespace {

struct Entry {
    std::string key; // empty: a comment or a blank line
    std::string text;
};

std::string_view take_line(std::string_view& text)
{
    const auto end = text.find('\n');
    const auto line = text.substr(0, end == text.npos ? text.size() : end + 1);
    text.remove_prefix(line.size());
    return line;
}

std::string entry_key(PostfixFile file, std::string_view line)
{
    if (file == PostfixFile::main_cf)
        return std::string(trim(line.substr(0, line.find('='))));
    std::string key; // the first two words
    for (int word = 0; word < 2; ++word) {
        line = trim(line);
        const auto end = std::min(line.find_first_of(" \t"), line.size());
        key.append(word ? "/" : "").append(line.substr(0, end));
        line.remove_prefix(end);
    }
    return key;
}

// Remarks between a line and what continues it belong to the entry.
std::vector<Entry> entries_of(PostfixFile file, std::string_view text)
{
    std::vector<Entry> entries;
    std::size_t last = 0; // the entry that may be continued, and one more; 0: none
    while (!text.empty()) {
        const auto line = take_line(text);
        if (is_remark(line)) {
            entries.push_back({{}, std::string(line)});
        } else if (is_space(line.front()) && last > 0) {
            for (auto remark = last; remark < entries.size(); ++remark)
                entries[last - 1].text += entries[remark].text;
            entries.resize(last);
            entries.back().text += line;
        } else {
            entries.push_back({entry_key(file, line), std::string(line)});
            last = entries.size();
        }
    }
    return entries;
}

// All that stands under a name: Postfix takes the last, postconf(1) keeps the others.
using TextsByName = std::map<std::string, std::string>;
TextsByName texts_of(const std::vector<Entry>& entries)
{
    TextsByName texts;
    for (const auto& entry : entries)
        if (!entry.key.empty())
            texts[entry.key] += entry.text;
    return texts;
}

std::string text_of(const TextsByName& texts, const std::string& key)
{
    const auto found = texts.find(key);
    return found == texts.end() ? "" : found->second;
}

std::set<std::string> changed_keys(const TextsByName& before, const TextsByName& after)
{
    std::set<std::string> keys;
    for (const auto* const texts : {&before, &after})
        for (const auto& [key, text] : *texts)
            if (text_of(before, key) != text_of(after, key))
                keys.insert(key);
    return keys;
}

} // namespace

Result<std::string> undo(PostfixFile file, std::string_view now, std::string_view before, std::string_view after)
{
    if (now == after)
        return std::string(before);
    const auto entries = entries_of(file, now);
    const auto texts_now = texts_of(entries);
    const auto texts_before = texts_of(entries_of(file, before));
    const auto texts_after = texts_of(entries_of(file, after));

    const auto to_undo = changed_keys(texts_before, texts_after);
    std::string altered;
    for (const auto& key : to_undo)
        if (const auto text = text_of(texts_now, key);
            text != text_of(texts_after, key) && text != text_of(texts_before, key))
            altered.append(altered.empty() ? "" : ", ").append(key);
    if (!altered.empty())
        return fail("altered since Postern wrote it: {}", altered);

    std::string text;
    std::set<std::string> undone;
    for (const auto& entry : entries) {
        if (!to_undo.contains(entry.key))
            text += entry.text;
        else if (undone.insert(entry.key).second) // in the place of the first of that name
            text += text_of(texts_before, entry.key);
    }
    for (const auto& key : to_undo)
        if (!undone.contains(key))
            text.append(text.empty() || text.back() == '\n' ? "" : "\n").append(text_of(texts_before, key));
    return text;
}

} // namespace postern
