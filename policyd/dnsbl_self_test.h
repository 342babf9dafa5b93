// dnsbl_self_test - is a list alive, and does it know one from another?
//
// RFC 5782 5: a list of addresses has 127.0.0.2 and not 127.0.0.1, one of
// names has TEST and not INVALID. A list that has both lists everything (its
// domain is parked, its owner wants to be rid of it), one that has neither is
// dead, one that answers an error refuses us. For IPv6 only what must not be
// listed (::FFFF:7F00:1) is looked at, since many have no test entry there.
// Each list is tested at start and then at every interval, at once if it does
// not answer questions any more, and sooner after a failure. No request waits
// for a test.
// See: RFC 5782 5
#pragma once

#include "common/dns/resolver.h"
#include "policyd/dnsbl_health.h"

#include <asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace postern {

// What is asked, and what was said.
struct DnsblTestNames {
    std::vector<std::string> listed; // one of them is
    std::string unlisted;
    std::string unlisted_ipv6; // empty: not asked
};
DnsblTestNames dnsbl_test_names(const DnsblList& list);

struct DnsblTestReplies {
    std::vector<DnsReply> listed;
    DnsReply unlisted;
    DnsReply unlisted_ipv6;
};
DnsblHealth::Finding judge_dnsbl_test(const DnsblList& list, const DnsblTestReplies& replies);

class DnsblSelfTest {
public:
    struct Options {
        std::chrono::milliseconds interval = std::chrono::hours(1);
        std::chrono::milliseconds first_retry = std::chrono::seconds(2); // after a test that was not passed
        std::chrono::milliseconds last_retry = std::chrono::minutes(1);  // each retry waits twice as long as the last
        std::chrono::milliseconds deadline = std::chrono::seconds(15);
        int failures = 2; // tests in a row without any answer, after which a list counts as dead
    };

    // `resolver` and `health` outlive this.
    DnsblSelfTest(asio::io_context& io, Resolver& resolver, DnsblHealth& health, Options options);
    ~DnsblSelfTest(); // ends all tests

private:
    struct State;
    std::shared_ptr<State> state_; // the tests hold it weakly
};

} // namespace postern
