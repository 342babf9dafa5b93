// dkim_verify_filter - the DKIM signatures of a mail that is not ours
//
// RFC 6376 6, RFC 8301, RFC 8463. Each signature gets an outcome of its own in
// Authentication-Results; a mail without any gets dkim=none. Keys are asked
// for at the end of the header, all at once, while the body arrives. What a
// signature is worth before its hashes are known, dkim_judge says.
//
// Beyond the rules of the RFCs: a mail with several From fields never passes
// (RFC 6376 8.15); the first octets of a body that l= ends are named in the
// reason of a pass, and too few of them do not pass; of more signatures than
// max_signatures, those further down are counted but not looked at.
//
// A mail of which one signature passes is accepted. For any other one outcome
// counts: the first that may yet become a pass (temperror), else the first.
// What is done then is the operator's to say, and to strangers' mail only.
// Failure: a key that does not come by the deadline is temperror, never "no
// key".
// Config: dkim.verify, [dkim_verify]
#pragma once

#include "common/clock.h"
#include "common/dns/resolver.h"
#include "common/result.h"
#include "milterd/dkim_judge.h"
#include "milterd/filter.h"

#include <asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace postern {

struct DkimVerifyOptions {
    std::size_t max_signatures = 8;
    int minimum_key_bits = 1024;
    std::chrono::seconds clock_drift{300};
    int minimum_signed_body = 0;               // per cent
    std::vector<std::string> must_be_signed{}; // names of fields, in lower case
    DkimActions actions{};
    std::chrono::seconds lookup_limit{60}; // how long the resolver may try, if the mail takes as long to arrive
};

class DkimVerifyFilter final : public Filter {
public:
    // The resolver runs on `executor`, whose thread must not be one of those that call the filter.
    // All three must outlive the filter and its passes.
    static Result<std::unique_ptr<DkimVerifyFilter>> create(const DkimVerifyOptions& options, Resolver& resolver,
                                                            asio::any_io_executor executor, const Clock& clock);
    ~DkimVerifyFilter() override;

    std::string_view name() const override { return "dkim_verify"; }
    std::unique_ptr<FilterPass> begin(const Message& message) override;

private:
    friend class DkimVerifyPass;
    struct Shared; // with the passes, which a reload may let outlive the filter
    explicit DkimVerifyFilter(std::shared_ptr<const Shared> shared);

    std::shared_ptr<const Shared> shared_;
};

} // namespace postern
