// clamav_verdict - what a scan's outcome is worth
//
// A find is worth what [clamav] infected says, or suspicious if it is a guess
// by its name, with two exceptions:
//   - a mail that a trusted relay brought is put in quarantine instead of
//     being rejected: the relay would send a bounce to a forged sender;
//   - internal mail: filter_chain sees to it.
// A failed scan is worth what [clamav] failure says, of our own clients' mail
// own_failure. Pure.
#pragma once

#include "config/config.h"
#include "milterd/clamav_header.h"
#include "milterd/clamd_client.h"
#include "milterd/filter.h"

namespace postern {

// Is the name that of a guess?
bool is_suspicious(std::string_view virus, const ClamavSettings& settings);

// Without edits.
FilterVerdict clamav_verdict(const ScanOutcome& outcome, Origin origin, const ClamavSettings& settings);

// For X-Virus-Status.
VirusStatus virus_status(const ScanOutcome& outcome, const ClamavSettings& settings);

} // namespace postern
