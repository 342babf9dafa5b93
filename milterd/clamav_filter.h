// clamav_filter - no viruses
//
// Every mail is spooled as it comes, header fields included, and handed to
// clamd(8) at its end; other filters do their work while it scans. Then
// clamav_verdict says what the outcome is worth, clamav_header what the mail
// is to say of it.
//
// Whose mail is exempt (clamav_exemptions) is not spooled, only rid of forged
// fields. Internal mail does not wait for a clamd that is not there: it cannot
// be refused, and one process of Postfix's brings all of it.
//
// Failure: a mail that clamd cannot scan is worth what [clamav] failure says
// (clamd_client tells when that is). A mail for which the spool has no room
// is deferred, whatever the setting: that is our trouble, not clamd's.
// Size: beyond max_size nothing is sent to clamd, see [clamav] oversize.
// Config: [clamav], [milterd] max_spooled, max_spooled_messages
// Log: clamav=..., with the reasons "clean", "infected NAME", "suspicious
// NAME", "too large", "spool full", "clamd unavailable", "clamd silent", ...,
// "exempt client" ...; ", breaks a signature" behind it where the header's
// edits do. event=recipient by log_recipients. event=clamd clamd=... state=...
// was=... when one changes.
#pragma once

#include "common/log.h"
#include "config/config.h"
#include "milterd/body_spool.h"
#include "milterd/clamav_exemptions.h"
#include "milterd/clamav_header.h"
#include "milterd/clamd_client.h"
#include "milterd/filter.h"

#include <memory>
#include <string>
#include <vector>

namespace postern {

// What the filter stands on; all of it may be left out.
struct ClamavParts {
    std::size_t max_connections = 1000; // of these a quarter may wait for a clamd that does not answer
    std::shared_ptr<SpoolBudget> budget{};
    std::shared_ptr<ClamdServers> servers{};
    ClamdLookUp look_up{};
    Log* log = nullptr; // for what becomes of the clamds
};

class ClamavFilter final : public Filter {
public:
    static Result<std::unique_ptr<ClamavFilter>> create(ClamavSettings settings, ClamavParts parts);

    std::string_view name() const override { return "clamav"; }
    std::unique_ptr<FilterPass> begin(const Message& message) override;

    FunctionState state() const override;
    void add_facts(Facts& facts) const override;

private:
    class Pass;
    class ExemptPass;

    ClamavFilter(ClamavSettings settings, std::unique_ptr<ClamavExemptions> exempt, ClamdOptions options,
                 std::shared_ptr<SpoolBudget> budget);

    void finish(FilterVerdict& verdict, const Message& message, const VirusStatus& status) const;

    ClamavSettings settings_;
    std::unique_ptr<ClamavExemptions> exempt_;
    ClamdClient clamd_;
    std::shared_ptr<SpoolBudget> budget_;
};

// Where clamd, by its own configuration, would not read a mail that we let it scan; for the start and --check.
// A file that cannot be read (clamd may be on another host) warns of nothing.
std::vector<std::string> clamav_warnings(const ClamavSettings& settings,
                                         const std::string& clamd_conf = "/etc/clamav/clamd.conf");

} // namespace postern
