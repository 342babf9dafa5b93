#include "policyd/request_buffer.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>

namespace postern {
namespace {

// Puts `octets` in, in reads of `step`, and takes out every request that is whole.
std::vector<std::string> requests_of(RequestBuffer& buffer, std::string_view octets, std::size_t step)
{
    std::vector<std::string> requests;
    while (!octets.empty()) {
        const auto space = buffer.space();
        if (space.empty())
            break;
        const auto count = std::min({step, space.size(), octets.size()});
        std::copy_n(octets.begin(), count, space.begin());
        octets.remove_prefix(count);
        buffer.filled(count);
        while (const auto request = buffer.request()) {
            const auto size = request->starts_with('\n') ? 1 : request->find("\n\n") + 2;
            requests.emplace_back(request->substr(0, size - 1));
            buffer.pop(size);
        }
    }
    return requests;
}

} // namespace

TEST_CASE("RequestBuffer: requests end at an empty line, however they arrive")
{
    struct Case {
        const char* name;
        std::string octets;
        std::vector<std::string> want;
        bool want_empty; // afterwards
    };
    const Case cases[] = {
        {"nothing", "", {}, true},
        {"one", "a=b\n\n", {"a=b\n"}, true},
        {"one of two lines", "a=b\nc=d\n\n", {"a=b\nc=d\n"}, true},
        {"two at once", "a=b\n\nc=d\n\n", {"a=b\n", "c=d\n"}, true},
        {"one and a half", "a=b\n\nc=d\n", {"a=b\n"}, false},
        {"half", "a=b", {}, false},
        {"a line and no more", "a=b\n", {}, false},
        {"an empty one", "\n", {""}, true},
        {"an empty one behind another", "a=b\n\n\n", {"a=b\n", ""}, true},
        {"CR LF is not an end", "a=b\r\n\r\n", {}, false},
        {"a NUL is an octet", std::string("a\0b\n\n", 5), {std::string("a\0b\n", 4)}, true},
    };
    for (const auto& c : cases) {
        for (const std::size_t step : {std::size_t(1), std::size_t(2), std::size_t(3), std::size_t(100)}) {
            CAPTURE(c.name);
            CAPTURE(step);
            RequestBuffer buffer(64);
            CHECK(requests_of(buffer, c.octets, step) == c.want);
            CHECK(buffer.empty() == c.want_empty);
        }
    }
}

TEST_CASE("RequestBuffer: an endless request stops at the limit")
{
    RequestBuffer buffer(16 * 1024);
    CHECK(requests_of(buffer, std::string(100'000, 'x'), 1000).empty());
    CHECK(buffer.space().empty());
}

TEST_CASE("RequestBuffer: a request may be as long as the limit")
{
    RequestBuffer buffer(16 * 1024);
    const auto request = std::string(16 * 1024 - 2, 'x') + "\n\n";
    CHECK(requests_of(buffer, request, 1000).size() == 1);
    CHECK(requests_of(buffer, request, 100'000).size() == 1);
}

TEST_CASE("RequestBuffer: a large request does not keep its memory")
{
    RequestBuffer buffer(16 * 1024);
    requests_of(buffer, std::string(10'000, 'x') + "\n\n", 1000);
    CHECK(buffer.space().size() == RequestBuffer::usual_size);
}

TEST_CASE("RequestBuffer: a thousand requests, one after the other")
{
    RequestBuffer buffer(16 * 1024);
    std::string octets;
    for (int i = 0; i < 1000; ++i)
        octets += "number=" + std::to_string(i) + "\n\n";
    const auto requests = requests_of(buffer, octets, 700);
    REQUIRE(requests.size() == 1000);
    CHECK(requests[999] == "number=999\n");
    CHECK(buffer.empty());
}

} // namespace postern
