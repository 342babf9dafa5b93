#include "common/process_facts.h"

#include "common/metrics.h"

#include <doctest/doctest.h>
#include <regex>

namespace postern {

TEST_CASE("ProcessFacts")
{
    Facts facts;
    ProcessFacts("postern-test", "1.2").add(facts, 7);
    const auto status = write_status(facts);
    CAPTURE(status);
    CHECK(std::regex_search(status, std::regex("^build program=postern-test version=1.2\nuptime seconds=0\n"
                                               "process start_time_seconds=[0-9]+ cpu_seconds=[0-9.e-]+ "
                                               "resident_memory_bytes=[1-9][0-9]+ max_fds=[1-9][0-9]*\n"
                                               "log_lines lost=7\n$")));
    CHECK(write_metrics(facts).find("\npostern_build_info{program=\"postern-test\",version=\"1.2\"} 1\n")
          != std::string::npos);
}

} // namespace postern
