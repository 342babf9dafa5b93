#include "milterd/dkim_field_set.h"

#include <doctest/doctest.h>
#include <fmt/ranges.h>

namespace postern {

TEST_CASE("change_field_set")
{
    constexpr std::string_view fallback[] = {"From", "To", "Cc"};
    struct Case {
        const char* name;
        std::vector<std::string> items;
        const char* want; // or the Error
        bool is_good = true;
    };
    const Case cases[] = {
        {"the default", {"*"}, "From To Cc"},
        {"others instead", {"From", "Subject"}, "From Subject"},
        {"one more", {"*", "+X-Mailer"}, "From To Cc X-Mailer"},
        {"one more, without its sign", {"*", "X-Mailer"}, "From To Cc X-Mailer"},
        {"one less", {"*", "-to"}, "From Cc"},
        {"the star anywhere", {"-Cc", "+X", "*"}, "From To X"},
        {"one more that is there", {"*", "+FROM"}, "From To Cc"},
        {"one less that is not there", {"*", "-Bcc"}, "From To Cc"},
        {"taken and given back", {"*", "-To", "+To"}, "From Cc To"},
        {"none", {"."}, ""},
        {"an empty list", {}, ""},
        {"twice", {"To", "to"}, "To"},
        {"none and another", {".", "To"}, "\".\" is no field at all, and others are named", false},
        {"a change without a default", {"+To"}, "\"+To\" changes the default, and \"*\", which is the default, is missing",
         false},
        {"a sign alone", {"*", "+"}, "\"+\" is no name of a header field", false},
        {"no name", {"a b"}, "\"a b\" is no name of a header field", false},
        {"a pattern", {"X-*"}, "\"X-*\" is no name of a header field", false},
        {"a colon", {"To:"}, "\"To:\" is no name of a header field", false},
        {"empty", {""}, "\"\" is no name of a header field", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto set = change_field_set(c.items, fallback);
        REQUIRE(set.has_value() == c.is_good);
        CHECK((set ? fmt::format("{}", fmt::join(*set, " ")) : set.error().what) == c.want);
    }
}

} // namespace postern
