#include "common/text.h"
#include "config/setting.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <set>

namespace postern {
namespace {

using Words = std::vector<std::string_view>;

std::string compatibility()
{
    std::ifstream file(POSTERN_SOURCE_ROOT "/config/COMPATIBILITY.md");
    return {std::istreambuf_iterator<char>(file), {}};
}

// What stands between `backticks`.
Words code_of(std::string_view text)
{
    Words words;
    const auto parts = split(text, '`');
    for (std::size_t i = 1; i < parts.size(); i += 2)
        words.push_back(parts[i]);
    return words;
}

bool is_part_of_name(char c)
{
    return is_alnum(c) || c == '_' || c == '-';
}

// The names in the first column: "--ipv4cidr=N" is "--ipv4cidr", and "TestOnly = 0" is "TestOnly".
std::set<std::string_view> names_with_a_row(std::string_view document)
{
    std::set<std::string_view> names;
    for (const auto line : split(document, '\n'))
        if (line.starts_with("| `"))
            for (const auto code : code_of(line.substr(0, line.find(" | "))))
                names.insert(code.substr(0, static_cast<std::size_t>(
                                                std::find_if_not(code.begin(), code.end(), is_part_of_name) - code.begin())));
    return names;
}

} // namespace

TEST_CASE("COMPATIBILITY.md has a row for each option of the programs that are replaced")
{
    struct Case {
        const char* program;
        Words options;
    };
    const Case cases[] = {
        {"postgrey 1.37",
         {"--unix", "-u", "--inet", "-i", "--socketmode", "--user", "--group", "--dbdir", "--delay", "--max-age",
          "--retry-window", "--greylist-action", "--greylist-text", "--lookup-by-subnet", "--lookup-by-host", "--ipv4cidr",
          "--ipv6cidr", "--auto-whitelist-clients", "--whitelist-clients", "--whitelist-recipients", "--x-greylist-header",
          "--hostname", "--syslog-facility", "--facility", "--syslogfacility", "--privacy", "--daemonize", "-d", "--pidfile",
          "--verbose", "-v", "--quiet", "-q", "--listen-queue-size", "--help", "--man", "--version", "--exim", "--noaction",
          "-n", "postgreyreport", "policy-test"}},
        {"policyd-spf.conf of spf-engine 3.0.4",
         {"debugLevel", "TestOnly", "defaultSeedOnly", "HELO_reject", "HELO_pass_restriction", "Mail_From_reject",
          "Mail_From_pass_restriction", "No_Mail", "Reject_Not_Pass_Domains", "PermError_reject", "TempError_Defer",
          "Prospective", "skip_addresses", "Whitelist", "HELO_Whitelist", "Domain_Whitelist", "Domain_Whitelist_PTR",
          "SPF_Enhanced_Status_Codes", "Header_Type", "Hide_Receiver", "Authserv_Id", "Lookup_Time", "Whitelist_Lookup_Time",
          "Void_Limit", "Mock", "QueueID", "Reason_Message", "Per_User", "Socket", "PidFile", "UserID", "UMask",
          "InternalHosts", "MacroList"}},
        {"DNS lists of postscreen(8) and smtpd(8)",
         {"postscreen_dnsbl_sites", "postscreen_dnsbl_threshold", "postscreen_dnsbl_allowlist_threshold",
          "postscreen_dnsbl_whitelist_threshold", "postscreen_dnsbl_action", "postscreen_dnsbl_reply_map",
          "postscreen_dnsbl_timeout", "postscreen_dnsbl_min_ttl", "postscreen_dnsbl_max_ttl", "postscreen_dnsbl_ttl",
          "dnsblog_service_name", "postscreen_denylist_action", "postscreen_access_list", "rbl_reply_maps",
          "default_rbl_reply", "maps_rbl_reject_code", "reject_rbl_client", "reject_rhsbl_helo", "reject_rhsbl_client",
          "reject_rhsbl_reverse_client", "reject_rhsbl_sender", "reject_rhsbl_recipient", "permit_dnswl_client",
          "permit_rhswl_client"}},
        {"ldap_table(5)",
         {"server_host", "server_port", "timeout", "search_base", "query_filter", "result_attribute", "result_format",
          "result_filter", "domain", "scope", "bind", "bind_dn", "bind_pw", "version", "start_tls", "tls_ca_cert_file",
          "tls_ca_cert_dir", "tls_require_cert", "tls_cert", "tls_key", "tls_cipher_suite", "tls_random_file",
          "chase_referrals", "dereference", "size_limit", "expansion_limit", "recursion_limit", "special_result_attribute",
          "terminal_result_attribute", "leaf_result_attribute", "debuglevel", "cache", "cache_expiry", "cache_size",
          "sasl_mechs", "sasl_realm", "sasl_authz_id", "sasl_minssf"}},
    };
    const auto document = compatibility();
    const auto names = names_with_a_row(document);
    for (const auto& c : cases) {
        CAPTURE(c.program);
        for (const auto option : c.options)
            CHECK_MESSAGE(names.contains(option), option);
    }
}

TEST_CASE("what COMPATIBILITY.md calls a setting is one")
{
    const auto document = compatibility();
    int settings = 0;
    for (const auto code : code_of(document)) {
        const auto name = code.substr(0, code.find_first_of(" =")); // `greylist.delay = "5m"`
        const auto dot = name.rfind('.');
        if (dot == std::string_view::npos || !find_section(name.substr(0, dot)))
            continue;
        CHECK_MESSAGE((find_setting(name.substr(0, dot), name.substr(dot + 1)) || find_section(name)), name);
        ++settings;
    }
    CHECK(settings > 50);
}

} // namespace postern
