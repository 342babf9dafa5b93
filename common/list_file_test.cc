#include "common/list_file.h"

#include <doctest/doctest.h>
#include <string>

namespace postern {
namespace {

struct Read {
    std::vector<std::string> entries;
    std::vector<Error> faults;
};

Read read(std::string_view text)
{
    Read read;
    parse_list_file(
        text, "list",
        [&](std::string_view entry) -> Result<> {
            if (entry.starts_with("bad"))
                return fail("\"{}\" is bad", entry);
            read.entries.emplace_back(entry);
            return {};
        },
        read.faults);
    return read;
}

using Entries = std::vector<std::string>;

} // namespace

TEST_CASE("parse_list_file")
{
    struct Case {
        const char* name;
        std::string_view text;
        Entries want;
    };
    const Case cases[] = {
        {"nothing", "", {}},
        {"one", "a\n", {"a"}},
        {"no last line feed", "a\nb", {"a", "b"}},
        {"blank lines do not end it", "a\n\n \t\nb\n", {"a", "b"}},
        {"comments", "# one\na # two\n#\nb#three", {"a", "b"}},
        {"CR LF", "a\r\nb\r\n", {"a", "b"}},
        {"white space around", " \ta\t \n", {"a"}},
        {"white space inside is the entry's", "a b\n", {"a b"}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = read(c.text);
        CHECK(got.entries == c.want);
        CHECK(got.faults.empty());
    }
}

TEST_CASE("parse_list_file says every fault with its line, up to a number")
{
    const auto some = read("a\nbad one # why\n\nb\nbad two\n");
    CHECK(some.entries == Entries{"a", "b"});
    REQUIRE(some.faults.size() == 2);
    CHECK(some.faults[0].what == "list:2: \"bad one\" is bad");
    CHECK(some.faults[1].what == "list:5: \"bad two\" is bad");

    std::string many;
    for (int i = 0; i < 1000; ++i)
        many += "bad\n";
    const auto all = read(many);
    CHECK(all.faults.size() == most_list_faults + 1);
    CHECK(all.faults.back().what == "list: and more");

    CHECK(read(std::string(2001, 'x')).faults.at(0).what == "list:1: an entry of 2001 octets; at most 2000 are read");
}

} // namespace postern
