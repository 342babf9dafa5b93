// iprev_filter - has the client's address a name that has that address?
//
// RFC 8601 3, for who reads Authentication-Results: pass with the name, fail,
// permerror (there is no name), temperror. It refuses nothing.
//
// Postfix's own verified name is taken if there is one: it has asked the same
// questions. Only for a client "unknown" to Postfix the DNS is asked, to tell
// the three others apart: of at most ten names (as RFC 7208 4.6.4 has it),
// from the end of the header on, on the resolver's thread.
// Failure: no answer in time, or an exception, is temperror.
// Config: [iprev]. Log: iprev="accept pass mx.example.org ...".
#pragma once

#include "common/dns/resolver.h"
#include "common/ip_address.h"
#include "milterd/filter.h"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <chrono>
#include <string>

namespace postern {

struct IprevAnswer {
    enum class Result { pass, fail, temperror, permerror } result = Result::temperror;
    std::string name{}; // with pass: the first that has the address, as the PTR record has it
};

// The resolver must outlive it.
asio::awaitable<IprevAnswer> ask_iprev(Resolver& resolver, IpAddress client, Deadline deadline);

class IprevFilter final : public Filter {
public:
    // The resolver runs on `executor`, whose thread is not one of the filters'. Both outlive the passes.
    IprevFilter(std::chrono::milliseconds deadline, Resolver& resolver, asio::any_io_executor executor);

    std::string_view name() const override { return "iprev"; }
    std::unique_ptr<FilterPass> begin(const Message& message) override;

private:
    std::chrono::milliseconds deadline_; // from the end of the header
    Resolver& resolver_;
    asio::any_io_executor executor_;
};

} // namespace postern
