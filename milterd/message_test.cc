#include "milterd/message.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("occurrence_of counts fields of one name from 1, whatever their case")
{
    Message message;
    message.header = {{"Received", " a"}, {"Subject", " b"}, {"RECEIVED", " c"}, {"received", " d"}};

    struct Case {
        const char* name;
        std::size_t at;
        std::size_t want_occurrence;
    };
    const Case cases[] = {
        {"the first of its name", 0, 1},
        {"the only one of its name", 1, 1},
        {"the second, in capitals", 2, 2},
        {"the last field", 3, 3},
        {"past the end", 4, 0},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(occurrence_of(message, c.at) == c.want_occurrence);
    }
    CHECK(occurrence_of(Message{}, 0) == 0);
}

} // namespace postern
