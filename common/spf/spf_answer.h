// spf_answer - the words of SPF: what is asked, and what may be answered
//
// RFC 7208 2.6 for the results, 4.1 for the arguments. Plain data, so that
// parsers and writers need nothing of the evaluator.
#pragma once

#include "common/ip_address.h"

#include <memory>
#include <string>
#include <string_view>

namespace postern {

enum class SpfResult { none, neutral, pass, fail, softfail, temperror, permerror }; // RFC 7208 2.6

std::string_view spf_result_name(SpfResult result); // "none", ..., as in Received-SPF

struct SpfQuery {
    IpAddress ip;           // <ip>
    std::string local_part; // of <sender>; empty: "postmaster" (RFC 7208 4.3)
    std::string domain;     // of <sender>, or the HELO name for the HELO identity (RFC 7208 2.3, 2.4); A-labels
    std::string helo;       // for the macro h
    std::string receiver;   // for the macro r: our own name
};

struct SpfLimits {
    int void_lookups = 2; // RFC 7208 4.6.4 lets this be set; the ten of the same section are not
};

struct SpfAnswer {
    SpfResult result = SpfResult::none;
    std::string mechanism;   // the directive that matched, as the record wrote it: "ip4:192.0.2.0/24";
                             // "default" if none did; empty with none, temperror and permerror
    std::string explanation; // with fail: from exp=, printable, or empty (RFC 7208 6.2)
    std::string problem;     // with temperror and permerror: the domain at fault and the reason, printable
    std::string record_domain; // the domain whose record decided or is at fault: not `domain` after redirect=
    int lookups = 0;         // terms that asked the DNS, of ten
    int void_lookups = 0;    // terms whose questions found nothing (see check_host)
    bool names_client = false; // with pass: by ip4, ip6, a or mx, which name hosts, and not by what all the world may
                               // match: all, exists, ptr, a wide network, a name that depends on the client
    bool sends_no_mail = false; // with fail: the record is "-all" alone, whoever the client is

    // The parts of a header field that hang on this answer alone (see received_spf): made once,
    // where many messages share it; empty: not made.
    std::string field_head{};
    std::string field_tail{};
};

// An answer is made once and read often: by each message of a client and a domain, and by each
// check that asks what SPF said.
using SharedSpfAnswer = std::shared_ptr<const SpfAnswer>;

} // namespace postern
