#include "container/variable.h"

#include "config/setting.h"
#include "container/variable_table.h"

#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <set>

namespace postern {

TEST_CASE("variables: the table is sound")
{
    std::set<std::string_view> names;
    for (const auto* const row : variables()) {
        CAPTURE(row->name);
        CHECK(names.insert(row->name).second);
        CHECK_FALSE(row->meaning.empty());
        CHECK_FALSE(row->sets.empty());
        if (!row->same_as.empty()) {
            const auto* const other = find_variable(row->same_as);
            REQUIRE(other);
            CHECK(other->same_as.empty()); // one step to the name that counts
            CHECK(other->kind == row->kind);
        }
        if (!row->setting.empty()) {
            const auto dot = row->setting.find('.');
            CHECK(find_setting(row->setting.substr(0, dot), row->setting.substr(dot + 1)));
        }
    }
    CHECK(names.size() > 90);
}

TEST_CASE("README.md has the table as the program has it: postern-container variables")
{
    std::ifstream file(POSTERN_SOURCE_ROOT "/container/README.md");
    const std::string readme{std::istreambuf_iterator<char>(file), {}};
    CHECK(readme.find(variable_table()) != std::string::npos);
}

} // namespace postern
