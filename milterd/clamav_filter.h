// clamav_filter - no viruses
//
// Every mail is spooled as it comes, header fields included, and handed to
// clamd(8) at its end; other filters do their work while it scans.
//
// A find is worth what [clamav] infected says, with three exceptions:
//   - a mail that a trusted relay brought is put in quarantine instead of
//     being rejected: the relay would send a bounce to a forged sender;
//   - PUA.* and Heuristics.* are guesses: they get a header field and pass;
//   - internal mail: filter_chain sees to it.
// An infected mail that goes on (accept, quarantine) says so in its header:
// X-Virus-Status: Infected (NAME).
//
// Failure: a mail that clamd cannot scan is worth what [clamav] failure says
// (clamd_client tells when that is). A mail for which the spool has no room
// is deferred, whatever the setting: that is our trouble, not clamd's.
// Size: beyond max_size nothing is sent to clamd, see [clamav] oversize.
// Config: [clamav], [milterd] max_spooled
// Log: clamav=..., with the reasons "clean", "infected NAME", "suspicious
// NAME", "too large", "spool full", "clamd unavailable", "clamd silent", ...
#pragma once

#include "config/config.h"
#include "milterd/body_spool.h"
#include "milterd/clamd_client.h"
#include "milterd/filter.h"

#include <memory>
#include <string>
#include <vector>

namespace postern {

// The decision alone: no I/O, so a table can test it.
FilterVerdict clamav_verdict(const ScanOutcome& outcome, Origin origin, const ClamavSettings& settings);

class ClamavFilter final : public Filter {
public:
    // Of `max_connections` a quarter may wait for a clamd that does not answer.
    static Result<std::unique_ptr<ClamavFilter>> create(ClamavSettings settings, std::size_t max_connections,
                                                        std::shared_ptr<SpoolBudget> budget);

    std::string_view name() const override { return "clamav"; }
    std::unique_ptr<FilterPass> begin(const Message& message) override;

    FunctionState state() const override;

private:
    class Pass;

    ClamavFilter(ClamavSettings settings, ClamdOptions options, std::shared_ptr<SpoolBudget> budget);

    ClamavSettings settings_;
    ClamdClient clamd_;
    std::shared_ptr<SpoolBudget> budget_;
};

// Where clamd, by its own configuration, would not read a mail that we let it scan; for the start and --check.
// A file that cannot be read (clamd may be on another host) warns of nothing.
std::vector<std::string> clamav_warnings(const ClamavSettings& settings,
                                         const std::string& clamd_conf = "/etc/clamav/clamd.conf");

} // namespace postern
