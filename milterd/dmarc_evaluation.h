// dmarc_evaluation - does anything vouch for the author's domain?
//
// RFC 9989 4.4, 5.3.5, 5.3.6. Pure: brings together what was discovered of
// the domain and what SPF and DKIM have found.
//
// A result that the DNS holds back is temperror if it could have made a pass,
// never fail: nothing may be refused for what is not known.
#pragma once

#include "milterd/dmarc_policy.h"
#include "milterd/filter.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postern {

enum class DmarcResult { none, pass, fail, temperror, permerror }; // RFC 9989 9.2

std::string_view dmarc_result_name(DmarcResult result); // "none", ..., as in Authentication-Results

struct DmarcEvaluation {
    DmarcResult result = DmarcResult::none;
    std::string reason{};                 // one clause; with pass, who vouches
    std::optional<DmarcPolicy> policy{};  // to be applied if it fails, t= considered; nothing: there is none
};

DmarcEvaluation evaluate_dmarc(const DmarcDiscovery& discovery, std::span<const Identifier> identifiers);

} // namespace postern
