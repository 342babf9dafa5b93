// metrics - facts in the text format that Prometheus reads
//
// A metric's name is postern_, the line's, the fact's own, and _total for a
// counter; the line's subject is a label of it. Only the line "process" goes
// without postern_: these names are the same for all programs. HELP and TYPE stand once, over
// all samples of a metric. A metric with labels of its own (by verdict, by
// state) has a sample for each of their values from the start on, so that a
// rate over the first change is right.
// Of two lines that tell one metric of one subject, or give it different help
// texts, the first counts: one series twice would cost the whole scrape.
// See: the Prometheus text-based format, version 0.0.4
#pragma once

#include "common/facts.h"

#include <string>
#include <string_view>

namespace postern {

constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

std::string write_metrics(const Facts& facts);

// As a label's value is written between its quotes: backslash, quote and line feed escaped;
// what is not printable ASCII becomes '?', for the format wants UTF-8.
std::string escape_label(std::string_view value);

} // namespace postern
