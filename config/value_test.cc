#include "config/value.h"

#include <doctest/doctest.h>
#include <limits>
#include <optional>

namespace postern {
namespace {

using namespace std::chrono_literals;

template <class T>
struct Case {
    std::string_view input;
    std::optional<T> want; // nullopt: want an error
};

template <class T, std::size_t Count>
void check_all(Result<T> (*read)(std::string_view), const Case<T> (&cases)[Count])
{
    for (const auto& c : cases) {
        CAPTURE(c.input);
        const auto got = read(c.input);
        CHECK(got.has_value() == c.want.has_value());
        if (got && c.want)
            CHECK(*got == *c.want);
    }
}

enum class Fruit { apple, pear };
constexpr Word<Fruit> fruits[] = {{"apple", Fruit::apple}, {"pear", Fruit::pear}};

} // namespace

TEST_CASE("read_bool takes true and false, not what merely is not empty")
{
    const Case<bool> cases[] = {
        {"true", true}, {"false", false}, {"yes", {}}, {"True", {}}, {"1", {}}, {"", {}}, {" true", {}}};
    check_all(read_bool, cases);
}

TEST_CASE("read_number")
{
    const Case<std::int64_t> cases[] = {
        {"0", 0},
        {"24", 24},
        {"-1", -1},
        {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
        {"9223372036854775808", {}},
        {"+1", {}},
        {"1.5", {}},
        {"0x10", {}},
        {"1 ", {}},
        {"", {}},
    };
    check_all(read_number, cases);
}

TEST_CASE("read_octal")
{
    const Case<std::int64_t> cases[] = {
        {"0660", 0660}, {"0", 0}, {"07777", 07777}, {"660", {}}, {"0680", {}}, {"-0660", {}}, {"000660", {}}, {"", {}}};
    check_all(read_octal, cases);
}

TEST_CASE("read_size")
{
    const Case<std::int64_t> cases[] = {
        {"4096", 4096},
        {"64K", 64 << 10},
        {"25M", 25 << 20},
        {"2G", std::int64_t{2} << 30},
        {"0", 0},
        {"8589934591G", std::int64_t{8589934591} << 30},
        {"8589934592G", {}}, // one more than there are numbers
        {"25MB", {}},
        {"25m", {}},
        {"-1M", {}},
        {"M", {}},
        {"1.5M", {}},
        {"", {}},
    };
    check_all(read_size, cases);
}

TEST_CASE("read_seconds")
{
    const Case<std::chrono::seconds> cases[] = {
        {"0s", 0s},
        {"90s", 90s},
        {"5m", 300s},
        {"2h", 7200s},
        {"35d", 35 * 86400s},
        {"36525d", 36525 * 86400s},
        {"36526d", {}},
        {"99999999999999999999d", {}},
        {"500ms", {}},
        {"5", {}},
        {"5M", {}},
        {"-5m", {}},
        {"5 m", {}},
        {"m", {}},
        {"", {}},
    };
    check_all(read_seconds, cases);
}

TEST_CASE("read_milliseconds")
{
    const Case<std::chrono::milliseconds> cases[] = {
        {"500ms", 500ms}, {"2s", 2000ms}, {"1m", 60000ms}, {"2", {}}, {"ms", {}}, {"2sm", {}}, {"", {}}};
    check_all(read_milliseconds, cases);
}

TEST_CASE("read_list")
{
    struct ListCase {
        const char* name;
        std::string_view input;
        std::vector<std::string> want;
    };
    const ListCase cases[] = {
        {"empty", "", {}},
        {"separators alone", " ,\n, ", {}},
        {"one", "a", {"a"}},
        {"commas, blanks, lines", "a,b c\td\r\ne", {"a", "b", "c", "d", "e"}},
        {"commas and blanks", " a, b ,c, ", {"a", "b", "c"}},
        {"regexp with a repeat", "/^mx[0-9]{1,3}\\./, b", {"/^mx[0-9]{1,3}\\./", "b"}},
        {"regexp with a blank", "a,/b c/", {"a", "/b c/"}},
        {"regexp with slashes inside", "/a/b,c/ d", {"/a/b,c/", "d"}},
        {"escaped slash is not the end", "/a\\/ b/,c", {"/a\\/ b/", "c"}},
        {"two regexps", "/a,b/,/c,d/", {"/a,b/", "/c,d/"}},
        {"paths", "/etc/a, /etc/b", {"/etc/a", "/etc/b"}},
        {"a slash alone", "/", {"/"}},
        {"backslash last", "/a\\", {"/a\\"}},
        {"slash inside an item", "10.0.0.0/8,fd00::/8", {"10.0.0.0/8", "fd00::/8"}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(read_list(c.input) == c.want);
    }
}

TEST_CASE("read_word")
{
    CHECK(read_word<Fruit>(fruits, "pear") == Fruit::pear);
    CHECK(read_word<Fruit>(fruits, "Pear").error().what == "\"Pear\" is not one of: apple, pear");
    CHECK_FALSE(read_word<Fruit>(fruits, ""));
}

} // namespace postern
