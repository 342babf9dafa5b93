#include "policyd/key_filter.h"

#include <doctest/doctest.h>
#include <string>

namespace postern {

TEST_CASE("KeyFilter: what was added is always found, of the rest one in a hundred or fewer seems to be there")
{
    constexpr int keys = 50'000;
    KeyFilter filter(keys);
    for (int i = 0; i < keys; ++i)
        filter.add("192.0.2.0/sender" + std::to_string(i) + "@example.org/rcpt@example.net");
    int missed = 0, mistaken = 0;
    for (int i = 0; i < keys; ++i) {
        missed += !filter.may_hold("192.0.2.0/sender" + std::to_string(i) + "@example.org/rcpt@example.net");
        mistaken += filter.may_hold("192.0.2.0/other" + std::to_string(i) + "@example.org/rcpt@example.net");
    }
    CHECK(missed == 0);
    CHECK(mistaken < keys / 75);
    CHECK(filter.size() == keys);
    CHECK(filter.octets() < keys * 2);
}

TEST_CASE("KeyFilter: an empty one holds nothing, a full one everything and still no fault")
{
    KeyFilter filter(0);
    CHECK_FALSE(filter.may_hold("a"));
    for (int i = 0; i < 10'000; ++i)
        filter.add(std::to_string(i));
    CHECK(filter.may_hold("a"));
}

} // namespace postern
