// queue_metrics - Postfix's queues and both daemons as one page for Prometheus
//
// The names of the queues' metrics are those of postfix_exporter, so that
// dashboards go on: postfix_showq_message_size_bytes and
// postfix_showq_message_age_seconds, histograms by queue, and postfix_up. What
// it counted from log lines is not there; the daemons count what they decide.
// Pure, but for where the page is asked for.
// See: showq(8), the Prometheus text-based format, version 0.0.4
#pragma once

#include "common/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// Counts of a histogram, each with those of the smaller ones in it.
struct Histogram {
    std::vector<std::uint64_t> buckets;
    std::uint64_t count = 0;
    double sum = 0;
};

class QueueCounts {
public:
    explicit QueueCounts(std::int64_t now); // seconds since 1970

    // What showq(8) says, piece by piece: names and values, each with a zero octet behind it; an empty name ends a record.
    void read(std::string_view octets);

    std::string text() const;

private:
    void take(std::string token);
    void end_record();

    std::int64_t now_;
    std::string token_, name_;
    bool wants_value_ = false;
    std::map<std::string, std::string> record_;
    std::map<std::string, Histogram> sizes_, ages_; // by queue
};

// The pages of several programs as one: the lines of one metric together, each with daemon="NAME" in its labels.
struct DaemonPage {
    std::string name, text;
};
std::string join_pages(const std::vector<DaemonPage>& pages);

// The body of an HTTP answer with status 200.
Result<std::string> http_body(std::string_view answer);

// The whole page, asked for at this moment.
std::string metrics_page();

} // namespace postern
