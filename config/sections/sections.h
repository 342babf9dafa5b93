// sections - the settings, a file a section
//
// A new setting is one row in the file of its section, in the order of the
// manual. A new section is one file, and its row in settings_table.cc.
#pragma once

#include "config/setting.h"

#include <span>

namespace postern {

std::span<const Setting> log_settings();
std::span<const Setting> dns_settings();
std::span<const Setting> trust_settings();
std::span<const Setting> policyd_settings();
std::span<const Setting> dnsbl_settings();
std::span<const Setting> spf_settings();
std::span<const Setting> greylist_settings();
std::span<const Setting> redis_settings();
std::span<const Setting> recipient_settings();
std::span<const Setting> ldap_settings();
std::span<const Setting> milterd_settings();
std::span<const Setting> auth_results_settings();
std::span<const Setting> header_settings();
std::span<const Setting> iprev_settings();
std::span<const Setting> dkim_verify_settings();
std::span<const Setting> dmarc_settings();
std::span<const Setting> dkim_settings();
std::span<const Setting> clamav_settings();

} // namespace postern
