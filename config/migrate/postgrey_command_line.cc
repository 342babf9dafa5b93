#include "config/migrate/postgrey_reader.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

enum class Takes { nothing, value, perhaps };

struct PostgreyOption {
    std::string_view name;
    Takes takes;
};

constexpr PostgreyOption known_postgrey_options[] = {
    {"help", Takes::nothing},
    {"man", Takes::nothing},
    {"version", Takes::nothing},
    {"noaction", Takes::nothing},
    {"no-action", Takes::nothing},
    {"verbose", Takes::nothing},
    {"quiet", Takes::nothing},
    {"daemonize", Takes::nothing},
    {"unix", Takes::value},
    {"inet", Takes::value},
    {"socketmode", Takes::value},
    {"user", Takes::value},
    {"group", Takes::value},
    {"dbdir", Takes::value},
    {"pidfile", Takes::value},
    {"delay", Takes::value},
    {"max-age", Takes::value},
    {"lookup-by-subnet", Takes::nothing},
    {"lookup-by-host", Takes::nothing},
    {"ipv4cidr", Takes::value},
    {"ipv6cidr", Takes::value},
    {"auto-whitelist-clients", Takes::perhaps},
    {"whitelist-clients", Takes::value},
    {"whitelist-recipients", Takes::value},
    {"syslogfacility", Takes::value},
    {"syslog-facility", Takes::value},
    {"facility", Takes::value},
    {"retry-window", Takes::value},
    {"greylist-action", Takes::value},
    {"greylist-text", Takes::value},
    {"privacy", Takes::nothing},
    {"hostname", Takes::value},
    {"exim", Takes::nothing},
    {"listen-queue-size", Takes::value},
    {"x-greylist-header", Takes::value},
};

struct PostgreyLetter {
    char letter;
    std::string_view name;
};
constexpr PostgreyLetter postgrey_letters[] = {
    {'h', "help"},      {'n', "noaction"}, {'v', "verbose"}, {'q', "quiet"},
    {'d', "daemonize"}, {'u', "unix"},     {'i', "inet"}};

// As Getopt::Long has it: without regard to case, and so short that no other option begins so. A letter is whole.
const PostgreyOption* find_postgrey_option(std::string_view wanted)
{
    if (wanted.empty())
        return nullptr;
    for (const auto& [letter, name] : postgrey_letters)
        if (wanted.size() == 1 && to_lower(wanted.front()) == letter)
            wanted = name;
    const PostgreyOption* found = nullptr;
    for (const auto& option : known_postgrey_options) {
        if (equals_ignoring_case(option.name, wanted))
            return &option;
        if (!equals_ignoring_case(option.name.substr(0, wanted.size()), wanted))
            continue;
        if (found)
            return nullptr;
        found = &option;
    }
    return found;
}

bool is_option(std::string_view word)
{
    return word.size() > 1 && word.front() == '-';
}

// "--delay=60" and "-delay" are "delay"; empty: no option.
std::string_view name_of(std::string_view word)
{
    if (!is_option(word))
        return {};
    word.remove_prefix(word.starts_with("--") ? 2 : 1);
    return word.substr(0, word.find('='));
}

} // namespace

PostgreyCommandLine parse_postgrey_options(std::span<const StartWord> words)
{
    PostgreyCommandLine line;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto& [text, at] = words[i];
        if (text == "--")
            break;
        const auto equals = text.find('=');
        const auto* const option = find_postgrey_option(name_of(text));
        if (!option) {
            line.faults.push_back({at, fmt::format("postgrey has no option {}", text)});
            continue;
        }
        MetOption met{at, text, fmt::format("--{}", option->name), ""};
        const bool has_next = i + 1 < words.size()
            && (option->takes == Takes::value ? words[i + 1].text != "--" : !is_option(words[i + 1].text));
        if (equals != std::string::npos) {
            met.value = text.substr(equals + 1);
        } else if (option->takes == Takes::value && !has_next) {
            line.faults.push_back({at, fmt::format("{} wants a value", text)});
            continue;
        } else if (option->takes != Takes::nothing && has_next) {
            met.value = words[++i].text;
            met.text += ' ' + met.value;
        }
        line.options.push_back(std::move(met));
    }
    return line;
}

} // namespace postern
