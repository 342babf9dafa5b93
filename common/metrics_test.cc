#include "common/metrics.h"

#include <doctest/doctest.h>

namespace postern {

using namespace std::chrono_literals;

TEST_CASE("write_metrics")
{
    struct Case {
        const char* name;
        void (*add)(Facts&);
        std::string want;
    };
    const Case cases[] = {
        {"nothing", [](Facts&) {}, ""},
        {"a counter named as its line", [](Facts& f) { f.line("requests").counter("", 7, "Requests."); },
         "# HELP postern_requests_total Requests.\n# TYPE postern_requests_total counter\npostern_requests_total 7\n"},
        {"a gauge", [](Facts& f) { f.line("dns_cache").gauge("entries", 2.5, "Entries."); },
         "# HELP postern_dns_cache_entries Entries.\n# TYPE postern_dns_cache_entries gauge\n"
         "postern_dns_cache_entries 2.5\n"},
        {"large numbers stay whole", [](Facts& f) { f.line("n").counter("", 9'007'199'254'740'991, "N."); },
         "# HELP postern_n_total N.\n# TYPE postern_n_total counter\npostern_n_total 9007199254740991\n"},
        {"by a label, zeros too",
         [](Facts& f) { f.line("answers").counters("", "action", {{"dunno", 0}, {"reject", 2}}, "A."); },
         "# HELP postern_answers_total A.\n# TYPE postern_answers_total counter\n"
         "postern_answers_total{action=\"dunno\"} 0\npostern_answers_total{action=\"reject\"} 2\n"},
        {"HELP and TYPE once, whatever the order",
         [](Facts& f) {
             f.line("check", {{"check", "spf"}}).counter("asked", 1, "Asked.").counter("held", 2, "Held.");
             f.line("check", {{"check", "greylist"}}).counter("asked", 3, "Other.").counter("held", 4, "Held.");
         },
         "# HELP postern_check_asked_total Asked.\n# TYPE postern_check_asked_total counter\n"
         "postern_check_asked_total{check=\"spf\"} 1\npostern_check_asked_total{check=\"greylist\"} 3\n"
         "# HELP postern_check_held_total Held.\n# TYPE postern_check_held_total counter\n"
         "postern_check_held_total{check=\"spf\"} 2\npostern_check_held_total{check=\"greylist\"} 4\n"},
        {"several labels", [](Facts& f) { f.line("list", {{"list", "zen"}, {"type", "helo"}}).gauge("", 1, "L."); },
         "# HELP postern_list L.\n# TYPE postern_list gauge\npostern_list{list=\"zen\",type=\"helo\"} 1\n"},
        {"one series once",
         [](Facts& f) {
             f.line("list", {{"list", "zen"}}).gauge("", 1, "L.");
             f.line("list", {{"list", "zen"}}).gauge("", 2, "L.");
         },
         "# HELP postern_list L.\n# TYPE postern_list gauge\npostern_list{list=\"zen\"} 1\n"},
        {"a word",
         [](Facts& f) { f.line("function", {{"function", "ldap"}}).word("state", "down", {"ready", "down"}, "State."); },
         "# HELP postern_function_state State.\n# TYPE postern_function_state gauge\n"
         "postern_function_state{function=\"ldap\",state=\"ready\"} 0\n"
         "postern_function_state{function=\"ldap\",state=\"down\"} 1\n"},
        {"info", [](Facts& f) { f.line("build").info({{"version", "1.0"}}, "Build."); },
         "# HELP postern_build_info Build.\n# TYPE postern_build_info gauge\npostern_build_info{version=\"1.0\"} 1\n"},
        {"what every program has is named as theirs", [](Facts& f) { f.line("process").counter("cpu_seconds", 0.5, "CPU."); },
         "# HELP process_cpu_seconds_total CPU.\n# TYPE process_cpu_seconds_total counter\n"
         "process_cpu_seconds_total 0.5\n"},
        {"texts are for people", [](Facts& f) { f.line("x").text("trouble", "much"); }, ""},
        {"a label's value is escaped",
         [](Facts& f) { f.line("x", {{"zone", "a\"b\\c\nd\x80\x01"}}).gauge("", 1, "Help \\ with\nmore."); },
         "# HELP postern_x Help \\\\ with\\nmore.\n# TYPE postern_x gauge\n"
         "postern_x{zone=\"a\\\"b\\\\c\\nd??\"} 1\n"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Facts facts;
        c.add(facts);
        CHECK(write_metrics(facts) == c.want);
    }
}

TEST_CASE("write_metrics: a histogram counts up, and ends with all")
{
    LatencyHistogram times;
    times.add(1us);
    times.add(3us);
    times.add(500ms);
    times.add(1h);
    Facts facts;
    facts.line("check", {{"check", "spf"}}).latency(times, "Time.");
    const auto text = write_metrics(facts);
    CAPTURE(text);
    for (const auto* line : {"# TYPE postern_check_duration_seconds histogram\n",
                             "\npostern_check_duration_seconds_bucket{check=\"spf\",le=\"1e-06\"} 1\n",
                             "\npostern_check_duration_seconds_bucket{check=\"spf\",le=\"2e-06\"} 1\n",
                             "\npostern_check_duration_seconds_bucket{check=\"spf\",le=\"4e-06\"} 2\n",
                             "\npostern_check_duration_seconds_bucket{check=\"spf\",le=\"0.524288\"} 3\n",
                             "\npostern_check_duration_seconds_bucket{check=\"spf\",le=\"67.108864\"} 3\n",
                             "\npostern_check_duration_seconds_bucket{check=\"spf\",le=\"+Inf\"} 4\n",
                             "\npostern_check_duration_seconds_sum{check=\"spf\"} 3600.500004\n",
                             "\npostern_check_duration_seconds_count{check=\"spf\"} 4\n"})
        CHECK(text.find(line) != std::string::npos);
}

} // namespace postern
