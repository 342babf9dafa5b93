#include "common/module.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("load_module: what is there, and what is not")
{
    for (const char* file : {"postern_http.so", "postern_ldap.so"}) {
        CAPTURE(file);
        const auto module = load_module(file);
        REQUIRE(module);
        CHECK((*module != nullptr));
        CHECK((*load_module(file) == *module));
    }
    const auto missing = load_module("postern_nothing.so");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().what.find("postern_nothing.so") != std::string::npos);
    CHECK_FALSE(load_module("libc.so.6").has_value()); // is no module of ours
}

} // namespace postern
