#include "common/list_file.h"

#include "common/text.h"

#include <algorithm>

namespace postern {

void parse_list_file(std::string_view text, std::string_view path, const AddListEntry& add, std::vector<Error>& faults)
{
    const auto entry_of = [](std::string_view line) { return trim(line.substr(0, line.find('#'))); };
    parse_list_lines({text, path, entry_of}, add, faults);
}

void parse_list_lines(const ListText& list, const AddListEntry& add, std::vector<Error>& faults)
{
    auto text = list.text;
    std::size_t found = 0;
    for (int number = 1; !text.empty(); ++number) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto entry = list.entry_of(line);
        if (entry.empty())
            continue;
        const auto ok = entry.size() <= list_line_limit
            ? add(entry)
            : fail("an entry of {} octets; at most {} are read", entry.size(), list_line_limit);
        if (ok)
            continue;
        if (++found > most_list_faults) {
            faults.push_back(Error{fmt::format("{}: and more", list.path)});
            return;
        }
        faults.push_back(Error{fmt::format("{}:{}: {}", list.path, number, ok.error().what)});
    }
}

} // namespace postern
