#include "common/log_line.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace postern {
namespace {

using std::chrono::milliseconds;
using std::chrono::sys_days;
using namespace std::chrono_literals;

const auto noon = sys_days(std::chrono::year(2026) / 3 / 1) + 12h + 34min + 56s + 7ms;

std::string line(LineFormat format, const LogFields& fields)
{
    std::string out;
    LogLines(format, "prog").append(out, {noon, LogLevel::info, "test", pack(fields)});
    return out;
}

} // namespace

TEST_CASE("a line, whole")
{
    const LogFields fields{{"client", "192.0.2.1"}, {"text", "a b"}, {"count", 3}, {"empty", ""}};
    CHECK(line(LineFormat::logfmt, fields)
          == "time=2026-03-01T12:34:56.007Z level=info program=prog event=test client=192.0.2.1 text=\"a b\" count=3 "
             "empty=\"\"\n");
    CHECK(line(LineFormat::json, fields)
          == R"({"time":"2026-03-01T12:34:56.007Z","level":"info","program":"prog","event":"test",)"
             R"("client":"192.0.2.1","text":"a b","count":3,"empty":""})"
             "\n");
}

TEST_CASE("a message for a receiver that knows time and level, after what stands there already")
{
    std::string out = "MESSAGE=";
    append_log_message(out, LineFormat::logfmt, {noon, LogLevel::info, "test", pack({{"a", "b"}})});
    CHECK(out == "MESSAGE=event=test a=b");
    out = "x";
    append_log_message(out, LineFormat::json, {noon, LogLevel::info, "test", {}});
    CHECK(out == "x{\"event\":\"test\"}");
}

TEST_CASE("without a program's name there is no such field")
{
    std::string out;
    LogLines(LineFormat::logfmt, "").append(out, {noon, LogLevel::error, "test", {}});
    CHECK(out == "time=2026-03-01T12:34:56.007Z level=error event=test\n");
}

TEST_CASE("the time is right at the edges")
{
    struct Case {
        std::chrono::system_clock::time_point time;
        std::string_view want;
    };
    const Case cases[] = {
        {sys_days(std::chrono::year(1970) / 1 / 1), "1970-01-01T00:00:00.000Z"},
        {sys_days(std::chrono::year(2024) / 2 / 29) + 23h + 59min + 59s + 999ms + 999us, "2024-02-29T23:59:59.999Z"},
        {sys_days(std::chrono::year(1969) / 12 / 31) + 23h, "1969-12-31T23:00:00.000Z"},
    };
    for (const auto& c : cases) {
        std::string out;
        LogLines(LineFormat::logfmt, "").append(out, {c.time, LogLevel::info, "x", {}});
        CHECK(out.substr(5, 24) == c.want);
    }
}

TEST_CASE("what lines begin with is theirs, whatever stood in the line before")
{
    struct Case {
        std::chrono::system_clock::time_point time;
        LogLevel level;
        std::string_view want;
    };
    const Case cases[] = {
        {noon, LogLevel::info, "time=2026-03-01T12:34:56.007Z level=info program=p event=x\n"},
        {noon + 992ms, LogLevel::info, "time=2026-03-01T12:34:56.999Z level=info program=p event=x\n"},
        {noon + 992ms, LogLevel::error, "time=2026-03-01T12:34:56.999Z level=error program=p event=x\n"},
        {noon + 993ms, LogLevel::error, "time=2026-03-01T12:34:57.000Z level=error program=p event=x\n"},
        {noon - 8ms, LogLevel::error, "time=2026-03-01T12:34:55.999Z level=error program=p event=x\n"},
    };
    LogLines lines(LineFormat::logfmt, "p");
    for (const auto& c : cases) {
        std::string out;
        lines.append(out, {c.time, c.level, "x", {}});
        CHECK(out == c.want);
    }
}

TEST_CASE("a line is much longer than its values where all is escaped")
{
    const std::string value(log_value_limit, '\x01');
    std::string want = " v=\"";
    for (std::size_t i = 0; i < value.size(); ++i)
        want += "\\u0001";
    CHECK(line(LineFormat::logfmt, {{"v", value}, {"w", "x"}}).ends_with(want + "\" w=x\n"));
}

TEST_CASE("values of any octets")
{
    struct Case {
        const char* name;
        std::string_view value;
        std::string_view want_logfmt; // after "v="
        std::string_view want_json;   // after "v":
    };
    const Case cases[] = {
        {"plain", "a.b-c@d", "a.b-c@d", "\"a.b-c@d\""},
        {"empty", "", "\"\"", "\"\""},
        {"blank", "a b", "\"a b\"", "\"a b\""},
        {"equals sign", "a=b", "\"a=b\"", "\"a=b\""},
        {"quotes", "say \"no\"", R"("say \"no\"")", R"("say \"no\"")"},
        {"a quote alone", "\"", R"("\"")", R"("\"")"},
        {"backslash", "a\\b", R"("a\\b")", R"("a\\b")"},
        {"a line feed makes no second line", "a\nlevel=error", R"("a\nlevel=error")", R"("a\nlevel=error")"},
        {"CR and tab", "\r\t", R"("\r\t")", R"("\r\t")"},
        {"NUL", {"a\0b", 3}, R"("a\u0000b")", R"("a\u0000b")"},
        {"escape and DEL", "\x1b[31m\x7f", R"("\u001b[31m\u007f")", R"("\u001b[31m\u007f")"},
        {"two octets", "\xc3\xb6", R"("\u00f6")", R"("\u00f6")"},
        {"three octets", "\xe2\x82\xac", R"("\u20ac")", R"("\u20ac")"},
        {"four octets", "\xf0\x9f\x93\xa7", R"("\ud83d\udce7")", R"("\ud83d\udce7")"},
        {"the last character", "\xf4\x8f\xbf\xbf", R"("\udbff\udfff")", R"("\udbff\udfff")"},
        {"right-to-left override", "\xe2\x80\xae", R"("\u202e")", R"("\u202e")"},
        {"Latin-1", "J\xf6rg", R"("J\ufffdrg")", R"("J\ufffdrg")"},
        {"cut in a character", "a\xe2\x82", R"("a\ufffd\ufffd")", R"("a\ufffd\ufffd")"},
        {"overlong", "\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf", R"("\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd")",
         R"("\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd")"},
        {"surrogate", "\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")", R"("\ufffd\ufffd\ufffd")"},
        {"above U+10FFFF", "\xf4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")", R"("\ufffd\ufffd\ufffd\ufffd")"},
        {"an octet that never is", "\xfc\x80\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")", R"("\ufffd\ufffd\ufffd\ufffd")"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto logfmt = line(LineFormat::logfmt, {{"v", c.value}});
        CHECK(logfmt.substr(logfmt.find(" v=") + 3) == std::string(c.want_logfmt) + "\n");
        const auto json = line(LineFormat::json, {{"v", c.value}});
        CHECK(json.substr(json.find("\"v\":") + 4) == std::string(c.want_json) + "}\n");
    }
}

TEST_CASE("an octet is written the same wherever it stands")
{
    for (int c = 0; c < 256; ++c)
        for (std::size_t at = 0; at < 17; ++at) {
            const std::string octet(1, static_cast<char>(c));
            std::string around(17, 'x');
            around.replace(at, 1, octet);

            const auto alone = line(LineFormat::json, {{"v", octet}});
            const auto value = alone.find("\"v\":\"") + 5;
            const auto escaped = alone.substr(value, alone.size() - 3 - value);
            const bool is_quoted = line(LineFormat::logfmt, {{"v", octet}}).find("v=\"") != std::string::npos;
            const auto want = std::string(at, 'x') + escaped + std::string(16 - at, 'x');
            CAPTURE(c);
            CAPTURE(at);
            CHECK(line(LineFormat::json, {{"v", around}}).find("\"v\":\"" + want + "\"}") != std::string::npos);
            CHECK(line(LineFormat::logfmt, {{"v", around}}).ends_with(is_quoted ? " v=\"" + want + "\"\n" : " v=" + want + "\n"));
        }
}

TEST_CASE("event and names cannot break a line either")
{
    std::string out;
    LogLines(LineFormat::logfmt, "p q").append(out, {noon, LogLevel::info, "a\nb", pack({{"n m=\"", "x"}})});
    CHECK(out == "time=2026-03-01T12:34:56.007Z level=info program=\"p q\" event=\"a\\nb\" n_m__=x\n");
    CHECK(line(LineFormat::json, {{"n\"", "x"}}).ends_with(R"("n\"":"x"})"
                                                           "\n"));
}

TEST_CASE("a long value is cut")
{
    for (const auto format : {LineFormat::logfmt, LineFormat::json}) {
        const auto cut = line(format, {{"v", std::string(log_value_limit + 1, 'x')}});
        CHECK(std::count(cut.begin(), cut.end(), 'x') == log_value_limit);
        CHECK(cut.find("x...\"") != std::string::npos);
        const auto whole = line(format, {{"v", std::string(log_value_limit, 'x')}});
        CHECK(whole.find("...") == std::string::npos);
    }
}

TEST_CASE("numbers and levels")
{
    CHECK(line(LineFormat::json, {{"n", -7}, {"b", true}}).find(R"("n":-7,"b":1})") != std::string::npos);
    CHECK(log_level_name(LogLevel::debug) == "debug");
    CHECK(log_level_name(LogLevel::warning) == "warning");
}

} // namespace postern
