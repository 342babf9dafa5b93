#include "config/compare/log_fields.h"

#include "common/log_line.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("what log_line writes is read back")
{
    const std::string values[] = {"plain", "", "two words", "quote \" and \\", "line\nfeed\ttab\r", "a=b",
                                  "\xc3\xa4 \xf0\x9f\x98\x80 \xe2\x82\xac", "<s@y>"};
    for (const auto& value : values)
        for (const auto format : {LineFormat::logfmt, LineFormat::json}) {
            CAPTURE(value);
            std::string line;
            LogLines(format, "postern-policyd").append(line,
                            {{}, LogLevel::info, "decision", pack({{"a", value}, {"n", 12}, {"z", value}})});
            const auto fields = read_log_fields(line);
            REQUIRE(fields);
            CHECK(fields->value("event") == "decision");
            CHECK(fields->value("a") == value);
            CHECK(fields->value("n") == "12");
            CHECK(fields->value("z") == value);
            CHECK(fields->has("z"));
            CHECK_FALSE(fields->has("y"));
            CHECK(fields->value("y").empty());
        }
}

TEST_CASE("what is no record, or half of one, is none")
{
    for (const auto* line : {"", "word", "a=b word", "a=\"b", "a=\"b\"c=d", "=b", "a=\"\\x\"", "a=\"\\u12\"", "a=\"\\ud800\\u0041\"",
                             "{", "{}", R"({"a")", R"({"a":"b")", R"({"a":"b",)", R"({"a":"b"}x)", R"({"a";"b"})"})
        CHECK_MESSAGE(!read_log_fields(line), line);
}

} // namespace postern
