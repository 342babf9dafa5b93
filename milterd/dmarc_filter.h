// dmarc_filter - does the domain in the From field stand behind the mail?
//
// RFC 9989. What vouches is our own SPF and DKIM, of this very mail: nothing
// is read from a header, and a HELO name vouches for the null sender's mail
// only (CVE-2019-20790). A mail without one author domain (no From field,
// several, one that cannot be read, authors of several domains) never passes.
//
// The questions start at the end of the header, for the author's domain and
// for all that may turn out to vouch for it, on the resolver's thread. Its
// place in the chain is behind SPF and DKIM, and before Authentication-Results.
//
// Only strangers' mail is judged: relays, logins and our own networks are not.
// Failure: no answer in time, or an exception, is temperror, never "fail".
// Config: [dmarc]. Log: dmarc="accept fail example.org p=reject ...".
#pragma once

#include "common/dns/resolver.h"
#include "milterd/dmarc_evaluation.h"
#include "milterd/filter.h"

#include <asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>

namespace postern {

struct DmarcActions {
    FilterAction reject{};     // of mail that fails where the policy is this
    FilterAction quarantine{}; // likewise
    FilterAction bad_from{};
    FilterAction temperror{};
};

struct DmarcOptions {
    DmarcActions actions{};
    std::chrono::milliseconds deadline{20'000}; // from the end of the header
    std::size_t max_signatures = 5;             // whose domains are asked about
};

class DmarcFilter final : public Filter {
public:
    // The resolver runs on `executor`, whose thread is not one of the filters'. Both outlive the passes.
    DmarcFilter(DmarcOptions options, Resolver& resolver, asio::any_io_executor executor);

    std::string_view name() const override { return "dmarc"; }
    std::unique_ptr<FilterPass> begin(const Message& message) override;

private:
    DmarcOptions options_;
    Resolver& resolver_;
    asio::any_io_executor executor_;
};

// What Authentication-Results says of it. Pure.
AuthResult dmarc_auth_result(const DmarcDiscovery& discovery, const DmarcEvaluation& evaluation);

} // namespace postern
