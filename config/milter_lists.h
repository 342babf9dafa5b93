// milter_lists - our place in smtpd_milters and non_smtpd_milters, of main.cf and of services in master.cf
//
// Pure. A service of master.cf with a list of its own has it edited where an
// old program stands in it, or where an instance of postern-milterd is for its
// mail: one with role submission for the services by which users bring mail,
// one with role inbound for those by which strangers do. All other lists of
// master.cf stay, the empty one of a re-injection above all.
#pragma once

#include "config/postconf.h"
#include "config/postfix_entries.h"
#include "config/settings.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

// `value` with `ours`: in the place of what goes; else before DMARC, which reads our results; else last.
std::vector<std::string> edit_milter_list(PostfixEntries& entries, std::string_view value, const std::string& ours);

// Lines for `postconf -P`: "submission/inet/smtpd_milters=...".
std::vector<std::string> service_milter_lists(PostfixEntries& entries, const PostfixConfig& postfix,
                                              const Config& config, const std::vector<InstanceConfig>& instances);

} // namespace postern
