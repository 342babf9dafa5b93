#include "config/migrate/postgrey_reader.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

std::vector<StartWord> words_of(const std::vector<std::string>& texts)
{
    std::vector<StartWord> words;
    for (const auto& text : texts)
        words.push_back({text, {"postgrey", "/etc/default/postgrey", 1}});
    return words;
}

} // namespace

TEST_CASE("postgrey's options, in every way in which it takes them")
{
    struct Case {
        const char* name;
        std::vector<std::string> words;
        std::vector<std::string> want; // "--name=value"
        std::size_t want_faults;
    };
    const Case cases[] = {
        {"none", {}, {}, 0},
        {"with = and without", {"--delay=60", "--max-age", "10"}, {"--delay=60", "--max-age=10"}, 0},
        {"letters", {"-u", "/run/p", "-v", "-d"}, {"--unix=/run/p", "--verbose=", "--daemonize="}, 0},
        {"abbreviated, in any case",
         {"--greylist-t=x", "--DELAY=5", "-inet=1"},
         {"--greylist-text=x", "--delay=5", "--inet=1"},
         0},
        {"ambiguous", {"--whitelist=x"}, {}, 1},
        {"a whole name that another begins with", {"--user=a"}, {"--user=a"}, 0},
        {"a number that may be left out",
         {"--auto-whitelist-clients", "--privacy", "--auto-whitelist-clients=9"},
         {"--auto-whitelist-clients=", "--privacy=", "--auto-whitelist-clients=9"},
         0},
        {"a value that begins with a dash", {"--greylist-text", "--x"}, {"--greylist-text=--x"}, 0},
        {"no value", {"--delay"}, {}, 1},
        {"unknown, and no option at all", {"--bogus", "what", "--exim"}, {"--exim="}, 2},
        {"the end of the options", {"--exim", "--", "--delay=1"}, {"--exim="}, 0},
        {"a lone dash", {"-", "--"}, {}, 1},
        {"nothing in quotes, and no name", {"", "--=x", "-=", "=", "--exim"}, {"--exim="}, 4},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto line = parse_postgrey_options(words_of(c.words));
        std::vector<std::string> got;
        for (const auto& option : line.options)
            got.push_back(option.name + "=" + option.value);
        CHECK(got == c.want);
        CHECK(line.faults.size() == c.want_faults);
    }
}

} // namespace postern
