#include "container/queue_metrics.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("QueueCounts: what showq says, in any pieces")
{
    using namespace std::string_literals;
    const auto said = "protocol\0showq\0\0"s
                      "queue_name\0deferred\0queue_id\0A1\0time\0" "1000\0size\0" "5000\0sender\0\0\0"
                      "recipient\0a@b.example\0reason\0no\0\0\0"
                      "queue_name\0active\0queue_id\0A2\0time\0" "1990\0size\0" "10\0sender\0x@y.example\0\0"s;
    QueueCounts whole(2000), pieces(2000);
    whole.read(said);
    for (const char c : said)
        pieces.read({&c, 1});
    CHECK(whole.text() == pieces.text());
    for (const auto* const want : {"postfix_showq_message_size_bytes_bucket{queue=\"deferred\",le=\"1000\"} 0\n",
                                   "postfix_showq_message_size_bytes_bucket{queue=\"deferred\",le=\"10000\"} 1\n",
                                   "postfix_showq_message_size_bytes_sum{queue=\"deferred\"} 5000\n",
                                   "postfix_showq_message_age_seconds_count{queue=\"active\"} 1\n",
                                   "postfix_showq_message_age_seconds_bucket{queue=\"active\",le=\"10\"} 1\n",
                                   "postfix_showq_message_age_seconds_sum{queue=\"deferred\"} 1000\n",
                                   "postfix_showq_message_size_bytes_count{queue=\"hold\"} 0\n"}) {
        CAPTURE(want);
        CHECK(has(whole.text(), want));
    }
}

TEST_CASE("join_pages: one metric's lines stand together")
{
    const std::string a = "# HELP x X.\n# TYPE x counter\nx 1\nx{a=\"b\"} 2\n# TYPE y gauge\ny{} 3\n";
    const std::string b = "# HELP x X.\n# TYPE x counter\nx 4\n";
    CHECK(join_pages({{"p", a}, {"m", b}})
          == "# HELP x X.\n# TYPE x counter\nx{daemon=\"p\"} 1\nx{daemon=\"p\",a=\"b\"} 2\nx{daemon=\"m\"} 4\n"
             "# TYPE y gauge\ny{daemon=\"p\"} 3\n");
    CHECK(join_pages({}).empty());
}

TEST_CASE("http_body")
{
    CHECK(http_body("HTTP/1.1 200 OK\r\nA: b\r\n\r\nx 1\n").value_or("") == "x 1\n");
    CHECK_FALSE(http_body("HTTP/1.1 503 No\r\n\r\nx"));
    CHECK_FALSE(http_body("HTTP/1.1 200 OK\r\n"));
    CHECK_FALSE(http_body(""));
}

} // namespace postern
