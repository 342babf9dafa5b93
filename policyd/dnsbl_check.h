// dnsbl_check - refuse clients that DNS lists speak against
//
// The client's address, and where lists of names are configured its HELO name,
// its own verified name and the domain of the sender, each have a score; their
// sum decides (see dnsbl_score). The answer goes out as soon as the rest cannot
// change it. What the lists said stands in the message for later checks: a
// score, which may lack what came too late to matter, and whether the client
// is known to be good; not while the lists are only observed.
// Not judged: clients that are trusted (see trusted_clients) and those whose
// address is not known.
// Failure: a list that does not answer in time does not count.
// Config: [dnsbl]
// Log: dnsbl="reject score=3 zen.spamhaus.org=127.0.0.4 310us"
// See: RFC 5782; postscreen(8)
#pragma once

#include "policyd/check.h"
#include "policyd/dnsbl.h"
#include "policyd/dnsbl_score.h"
#include "policyd/trusted_clients.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace postern {

class DnsblCheck final : public Check {
public:
    DnsblCheck(std::shared_ptr<Dnsbl> dnsbl, DnsblMarks marks, std::shared_ptr<const TrustedClients> trusted);

    std::string_view name() const override { return "dnsbl"; }
    VerdictSoon ask(const PolicyRequest& request, PolicyMessage& message, Deadline deadline) override;
    void look_ahead(const PolicyRequest& request, Ahead what) override;
    FunctionState state() const override; // ready while one list is

private:
    // Of one request: its address and its names; null where nothing is asked.
    using Inquiries = std::array<std::shared_ptr<DnsblInquiry>, 4>;

    Inquiries inquire(const PolicyRequest& request);
    void add_notes(const Inquiries& inquiries, const PolicyRequest& request) const; // what the DNS was asked
    bool is_known(const Inquiries& inquiries) const;
    DnsblMarks::Outcome note_score(const Inquiries& inquiries, PolicyMessage& message) const;
    Verdict conclude(Verdict verdict, const Inquiries& inquiries, const PolicyRequest& request) const;
    asio::awaitable<Verdict> decide(Inquiries inquiries, const PolicyRequest& request, PolicyMessage& message,
                                    Deadline deadline);
    asio::awaitable<void> wait(const Inquiries& inquiries, Deadline deadline) const;
    asio::awaitable<Verdict> refuse(DnsblMarks::Outcome outcome, const Inquiries& inquiries,
                                    const PolicyRequest& request, Deadline deadline);
    asio::awaitable<std::string> ask_for_reason(DnsblInquiry& inquiry, const DnsblListing& listing, Deadline deadline);

    std::shared_ptr<Dnsbl> dnsbl_;
    DnsblMarks marks_;
    std::shared_ptr<const TrustedClients> trusted_;
};

} // namespace postern
