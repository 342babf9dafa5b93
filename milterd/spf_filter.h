// spf_filter - whether the client may send for the sender's domain
//
// Evaluates SPF itself and never reads a header for it: anybody can write
// one, and a HELO pass was once taken for one of the sender (CVE-2019-20790).
// The identity is MAIL FROM, or HELO where the sender is null (RFC 7208 2.4),
// and the result says which. Only strangers are asked about.
//
// The questions start at the end of the header, on the resolver's thread; the
// verdict waits for the answer. It is always accept: what a result is worth,
// others decide.
// Failure: no answer in time, or an exception, is temperror.
// Config: [spf] enable, void_lookups, deadline, receiver.
// Log: spf="accept pass ...".
#pragma once

#include "common/spf/check_host.h"
#include "milterd/filter.h"

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <string>

namespace postern {

// check_host of common/spf, with a resolver and limits of its own.
using CheckHost = std::function<asio::awaitable<SpfAnswer>(SpfQuery query, Deadline deadline)>;

struct SpfFilterOptions {
    std::chrono::milliseconds deadline{}; // from the end of the header
    std::string receiver; // our own name
};

// The domain that SPF speaks of: the sender's, or the HELO name where the sender is null (RFC 7208 2.4).
// In A-labels and lower case.
std::string spf_domain(const Message& message);

// What Authentication-Results says of an answer. Pure.
AuthResult spf_auth_result(const SpfAnswer& answer, const Message& message);

class SpfFilter final : public Filter {
public:
    // `check_host` runs on `io`, whose thread is not one of the filters'. Both outlive the passes.
    SpfFilter(asio::io_context& io, CheckHost check_host, SpfFilterOptions options);

    std::string_view name() const override { return "spf"; }
    std::unique_ptr<FilterPass> begin(const Message& message) override;

private:
    asio::io_context& io_;
    CheckHost check_host_;
    SpfFilterOptions options_;
};

} // namespace postern
