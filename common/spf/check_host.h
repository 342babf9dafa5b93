// check_host - what SPF says of an SMTP client
//
// The function of RFC 7208 section 4, with its names. It evaluates; what a
// "fail" is worth is for the caller to decide.
// Failure: a DNS that does not answer is the result temperror; the deadline
// passing is temperror too (RFC 7208 4.6.4, last paragraph).
#pragma once

#include "common/dns/resolver.h"
#include "common/ip_address.h"

#include <asio/awaitable.hpp>
#include <string>
#include <string_view>

namespace postern {

enum class SpfResult { none, neutral, pass, fail, softfail, temperror, permerror }; // RFC 7208 2.6

std::string_view spf_result_name(SpfResult result); // "none", ..., as in Received-SPF

struct SpfQuery {
    IpAddress ip;            // <ip>
    std::string local_part;  // of <sender>; empty: "postmaster" (RFC 7208 4.3)
    std::string domain;      // of <sender>, or the HELO name for the HELO identity (RFC 7208 2.3, 2.4)
    std::string helo;        // for the macro h
    std::string receiver;    // for the macro r: our own name
};

struct SpfLimits {
    int void_lookups = 2; // RFC 7208 4.6.4 lets this be set; the ten of the same section are not
};

struct SpfAnswer {
    SpfResult result = SpfResult::none;
    std::string mechanism;   // the directive that matched, as the record wrote it: "ip4:192.0.2.0/24"; "default" if none did
    std::string explanation; // with fail: from exp=, printable, or empty (RFC 7208 6.2)
    std::string problem;     // with temperror and permerror: the reason and the domain at fault
    std::string record_domain; // the domain whose record decided: differs from `domain` after redirect=
    int lookups = 0;         // terms that asked the DNS, of ten
    int void_lookups = 0;
};

// `resolver` must outlive the call; `query` is copied into it.
asio::awaitable<SpfAnswer> check_host(Resolver& resolver, SpfQuery query, SpfLimits limits, Deadline deadline);

} // namespace postern
