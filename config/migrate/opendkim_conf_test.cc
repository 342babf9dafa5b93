#include "config/migrate/opendkim_conf.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

std::vector<StartWord> words_of(const std::vector<std::string>& texts)
{
    std::vector<StartWord> words;
    for (const auto& text : texts)
        words.push_back({text, {"opendkim", "/unit", 7}});
    return words;
}

} // namespace

TEST_CASE("opendkim.conf: names, values, comments and lines")
{
    struct Case {
        const char* name;
        std::string_view text;
        std::string want; // "line:name=value " of each, "line! " of faults
    };
    const Case cases[] = {
        {"nothing", "", ""},
        {"a comment", "# Mode sv\n\n  \t\n", ""},
        {"blanks before and behind", "  Mode \t sv  \n", "1:Mode=sv "},
        {"CR LF, and no end of the last line", "Mode sv\r\nUMask 007", "1:Mode=sv 2:UMask=007 "},
        {"a comment behind", "\nSyslog YES # c\n", "2:Syslog=YES "},
        {"a # inside ends it, too", "Selector a#b\n", "1:Selector=a "},
        {"the rest of the line is the value", "SignHeaders From, To\n", "1:SignHeaders=From, To "},
        {"nothing goes on", "Domain a,\\\n b\n", "1:Domain=a,\\ 2! "},
        {"no value", "Mode\nUMask #\nSyslog no", "3:Syslog=no 1! 2! "},
        {"a NUL", std::string_view("Mode s\0v\nUMask 2", 16), "2:UMask=2 1! "},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto conf = parse_opendkim_conf(c.text);
        std::string got;
        for (const auto& line : conf.lines)
            got += fmt::format("{}:{}={} ", line.line, line.name, line.value);
        for (const auto& fault : conf.faults)
            got += fmt::format("{}! ", fault.line);
        CHECK(got == c.want);
    }
}

TEST_CASE("opendkim.conf: yes and no by their first letter")
{
    for (const auto* const yes : {"T", "true", "Yes", "y", "1"})
        CHECK(opendkim_flag(yes) == true);
    for (const auto* const no : {"False", "f", "no", "N", "0"})
        CHECK(opendkim_flag(no) == false);
    for (const auto* const neither : {"", "on", "off", "maybe", "2"})
        CHECK(opendkim_flag(neither) == std::nullopt);
}

TEST_CASE("opendkim's command line, as getopt reads it")
{
    struct Case {
        std::vector<std::string> words;
        std::string want; // "text|name|value;"
        std::string want_file;
        std::size_t want_faults;
    };
    const Case cases[] = {
        {{}, "", "", 0},
        {{"-x", "/etc/a.conf", "-lf"}, "-x /etc/a.conf|-x|/etc/a.conf;-l|Syslog|yes;-f|-f|;", "/etc/a.conf", 0},
        {{"-x/etc/b.conf", "-D"}, "-x /etc/b.conf|-x|/etc/b.conf;-D|SubDomains|yes;", "/etc/b.conf", 0},
        {{"-p", "inet:8891@localhost", "-fdexample.org"},
         "-p inet:8891@localhost|Socket|inet:8891@localhost;-f|-f|;-d example.org|Domain|example.org;", "", 0},
        {{"-s", "mail", "word", "-k"}, "-s mail|Selector|mail;", "", 2},
        {{"-Zf", "-W"}, "-W|LogWhy|yes;", "", 1},
        {{"--", "-f"}, "", "", 0},
    };
    for (const auto& c : cases) {
        CAPTURE(c.words);
        const auto line = parse_opendkim_command_line(words_of(c.words));
        std::string got;
        for (const auto& option : line.options)
            got += fmt::format("{}|{}|{};", option.text, option.name, option.value);
        CHECK(got == c.want);
        CHECK(line.file == c.want_file);
        CHECK(line.faults.size() == c.want_faults);
    }
}

} // namespace postern
