// dnsbl - the DNS lists of a configuration and all that is known of them
//
// The lists, which of them can be believed, what they have said, and their
// self-tests, which begin with start(). Made anew at a reload, unless nothing
// of it has changed.
// Config: [dnsbl]
// Log: event=dnsbl_list, see dnsbl_health
#pragma once

#include "common/facts.h"
#include "common/log.h"
#include "policyd/dnsbl_list.h"
#include "policyd/dnsbl_scores.h"
#include "policyd/dnsbl_self_test.h"
#include "policyd/dnsbl_tables.h"

#include <asio/io_context.hpp>
#include <memory>
#include <optional>

namespace postern {

class Dnsbl {
public:
    struct Source {
        DnsblSettings settings;
        DnsblTables tables;
        std::shared_ptr<Resolver> resolver;

        bool operator==(const Source&) const = default;
    };

    // `log` outlives this. `before`: whose knowledge of lists is taken over; may be null.
    Dnsbl(asio::io_context& io, Source source, Log& log, const Dnsbl* before);

    // Begins the self-tests.
    void start();

    const Source& source() const { return source_; }
    const DnsblSettings& settings() const { return source_.settings; }
    const DnsblLists& lists() const { return lists_; }
    Resolver& resolver() { return *source_.resolver; }
    DnsblScores& scores() { return scores_; }
    const DnsblHealth& health() const { return health_; }

    void add_facts(Facts& facts) const;

private:
    asio::io_context& io_;
    Source source_;
    DnsblLists lists_;
    DnsblHealth health_;
    DnsblScores scores_;
    std::optional<DnsblSelfTest> self_test_;
};

} // namespace postern
