// words - the words of each enum that a setting can be
//
// One table an enum: read_word reads by it, the documentation lists it.
#pragma once

#include "config/config.h"
#include "config/value.h"

namespace postern {

template <class E>
constexpr std::span<const Word<E>> words_of = {};

constexpr Word<LogFormat> log_format_words[] = {{"logfmt", LogFormat::logfmt}, {"json", LogFormat::json}};
template <>
inline constexpr std::span<const Word<LogFormat>> words_of<LogFormat> = log_format_words;

constexpr Word<LogTarget> log_target_words[] = {{"stderr", LogTarget::stderr_stream},
                                                {"journald", LogTarget::journald},
                                                {"syslog", LogTarget::syslog},
                                                {"file", LogTarget::file}};
template <>
inline constexpr std::span<const Word<LogTarget>> words_of<LogTarget> = log_target_words;

constexpr Word<DnsblAction> dnsbl_action_words[] = {{"warn", DnsblAction::warn},
                                                    {"reject", DnsblAction::reject},
                                                    {"defer", DnsblAction::defer}};
template <>
inline constexpr std::span<const Word<DnsblAction>> words_of<DnsblAction> = dnsbl_action_words;

constexpr Word<DnsblZoneType> dnsbl_zone_type_words[] = {{"address", DnsblZoneType::address},
                                                         {"helo", DnsblZoneType::helo},
                                                         {"client_name", DnsblZoneType::client_name},
                                                         {"sender_domain", DnsblZoneType::sender_domain}};
template <>
inline constexpr std::span<const Word<DnsblZoneType>> words_of<DnsblZoneType> = dnsbl_zone_type_words;

constexpr Word<SpfRejectOn> spf_reject_on_words[] = {
    {"unchecked", SpfRejectOn::unchecked}, {"never", SpfRejectOn::never},       {"no_mail", SpfRejectOn::no_mail},
    {"fail", SpfRejectOn::fail},           {"softfail", SpfRejectOn::softfail}, {"not_pass", SpfRejectOn::not_pass}};
template <>
inline constexpr std::span<const Word<SpfRejectOn>> words_of<SpfRejectOn> = spf_reject_on_words;

constexpr Word<UnknownRecipient> unknown_recipient_words[] = {{"reject", UnknownRecipient::reject},
                                                              {"defer", UnknownRecipient::defer}};
template <>
inline constexpr std::span<const Word<UnknownRecipient>> words_of<UnknownRecipient> = unknown_recipient_words;

constexpr Word<UnavailableDirectory> unavailable_directory_words[] = {{"defer", UnavailableDirectory::defer},
                                                                      {"reject", UnavailableDirectory::reject},
                                                                      {"pass", UnavailableDirectory::pass}};
template <>
inline constexpr std::span<const Word<UnavailableDirectory>> words_of<UnavailableDirectory> =
    unavailable_directory_words;

constexpr Word<SpfHeloRejectOn> spf_helo_reject_on_words[] = {{"unchecked", SpfHeloRejectOn::unchecked},
                                                              {"never", SpfHeloRejectOn::never},
                                                              {"null_sender", SpfHeloRejectOn::null_sender},
                                                              {"no_mail", SpfHeloRejectOn::no_mail},
                                                              {"fail", SpfHeloRejectOn::fail},
                                                              {"softfail", SpfHeloRejectOn::softfail},
                                                              {"not_pass", SpfHeloRejectOn::not_pass}};
template <>
inline constexpr std::span<const Word<SpfHeloRejectOn>> words_of<SpfHeloRejectOn> = spf_helo_reject_on_words;

constexpr Word<SpfHeader> spf_header_words[] = {{"none", SpfHeader::none},
                                                {"received_spf", SpfHeader::received_spf},
                                                {"authentication_results", SpfHeader::authentication_results}};
template <>
inline constexpr std::span<const Word<SpfHeader>> words_of<SpfHeader> = spf_header_words;

constexpr Word<MailAction> mail_action_words[] = {{"accept", MailAction::accept},
                                                  {"quarantine", MailAction::quarantine},
                                                  {"defer", MailAction::defer},
                                                  {"discard", MailAction::discard},
                                                  {"reject", MailAction::reject}};
template <>
inline constexpr std::span<const Word<MailAction>> words_of<MailAction> = mail_action_words;

constexpr Word<DkimProblemAction> dkim_problem_action_words[] = {{"default", DkimProblemAction::by_default},
                                                                 {"accept", DkimProblemAction::accept},
                                                                 {"quarantine", DkimProblemAction::quarantine},
                                                                 {"defer", DkimProblemAction::defer},
                                                                 {"discard", DkimProblemAction::discard},
                                                                 {"reject", DkimProblemAction::reject}};
template <>
inline constexpr std::span<const Word<DkimProblemAction>> words_of<DkimProblemAction> = dkim_problem_action_words;

constexpr Word<RemoveAuthResults> remove_auth_results_words[] = {{"ours", RemoveAuthResults::ours},
                                                                 {"all", RemoveAuthResults::all},
                                                                 {"none", RemoveAuthResults::none}};
template <>
inline constexpr std::span<const Word<RemoveAuthResults>> words_of<RemoveAuthResults> = remove_auth_results_words;

constexpr Word<InfectedAction> infected_action_words[] = {{"reject", InfectedAction::reject},
                                                          {"quarantine", InfectedAction::quarantine},
                                                          {"defer", InfectedAction::defer},
                                                          {"discard", InfectedAction::discard},
                                                          {"accept", InfectedAction::accept}};
template <>
inline constexpr std::span<const Word<InfectedAction>> words_of<InfectedAction> = infected_action_words;

constexpr Word<ScanFailureAction> scan_failure_action_words[] = {{"defer", ScanFailureAction::defer},
                                                                 {"accept", ScanFailureAction::accept},
                                                                 {"reject", ScanFailureAction::reject},
                                                                 {"quarantine", ScanFailureAction::quarantine}};
template <>
inline constexpr std::span<const Word<ScanFailureAction>> words_of<ScanFailureAction> = scan_failure_action_words;

constexpr Word<OwnScanFailureAction> own_scan_failure_action_words[] = {
    {"same", OwnScanFailureAction::same},
    {"defer", OwnScanFailureAction::defer},
    {"accept", OwnScanFailureAction::accept},
    {"reject", OwnScanFailureAction::reject},
    {"quarantine", OwnScanFailureAction::quarantine}};
template <>
inline constexpr std::span<const Word<OwnScanFailureAction>> words_of<OwnScanFailureAction> =
    own_scan_failure_action_words;

constexpr Word<OversizeAction> oversize_action_words[] = {{"accept", OversizeAction::accept},
                                                          {"defer", OversizeAction::defer},
                                                          {"reject", OversizeAction::reject},
                                                          {"quarantine", OversizeAction::quarantine}};
template <>
inline constexpr std::span<const Word<OversizeAction>> words_of<OversizeAction> = oversize_action_words;

constexpr Word<VirusHeader> virus_header_words[] = {{"none", VirusHeader::none},
                                                    {"found", VirusHeader::found},
                                                    {"add", VirusHeader::add},
                                                    {"replace", VirusHeader::replace}};
template <>
inline constexpr std::span<const Word<VirusHeader>> words_of<VirusHeader> = virus_header_words;

constexpr Word<RecipientLines> recipient_lines_words[] = {{"never", RecipientLines::never},
                                                          {"found", RecipientLines::found},
                                                          {"always", RecipientLines::always}};
template <>
inline constexpr std::span<const Word<RecipientLines>> words_of<RecipientLines> = recipient_lines_words;

} // namespace postern
