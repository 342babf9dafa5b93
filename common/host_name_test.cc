#include "common/host_name.h"

#include "common/text.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("host_name: a name, in lower case")
{
    const auto name = host_name();
    CHECK(name != "");
    CHECK(name == to_lower(name));
    CHECK(name.find('\0') == std::string::npos);
}

} // namespace postern
