#include "common/ldap/ldap_template.h"
#include "common/ldap/ldap_url.h"
#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr std::string_view presets[] = {"none", "active_directory"};
constexpr std::string_view scopes[] = {"sub", "one", "base"};

Result<> check_server(std::string_view text)
{
    const auto url = parse_ldap_url(text);
    return url ? Result<>{} : tl::unexpected(url.error());
}

Result<> check_address(std::string_view text)
{
    const auto address = parse_mail_address(text);
    if (address.local_part.empty() || !check_domain(address.domain))
        return fail("\"{}\" is not an address", text);
    return {};
}

Result<> check_base(std::string_view text)
{
    const auto base = LdapTemplate::parse_base(text);
    return base ? Result<>{} : tl::unexpected(base.error());
}

Result<> check_filter(std::string_view text)
{
    const auto filter = LdapTemplate::parse_filter(text);
    return filter ? Result<>{} : tl::unexpected(filter.error());
}

constexpr Setting ldap_rows[] = {
    {.section = "ldap", .name = "name",
     .target = [](Config& c) -> Target { return &c.ldap.back().name; },
     .fallback = "",
     .text = "What the log calls the directory.",
     .check = check_account, .example = "staff", .required = true, .key = true},
    {.section = "ldap", .name = "domains",
     .target = [](Config& c) -> Target { return &c.ldap.back().domains; },
     .fallback = "",
     .text = "The domains whose recipients it knows; empty: all, but then only recipients of strangers' mail are judged.",
     .check = check_domain, .example = "example.org"},
    {.section = "ldap", .name = "table",
     .target = [](Config& c) -> Target { return &c.ldap.back().table; },
     .fallback = "",
     .text = "A file of Postfix's ldap_table(5), read as it is: with it, the settings below must not stand here, but for "
             "connect_timeout, canary and ignore_referrals.",
     .check = check_path},
    {.section = "ldap", .name = "servers",
     .target = [](Config& c) -> Target { return &c.ldap.back().servers; },
     .fallback = "",
     .text = "The servers, as ldap://HOST:PORT, ldaps://HOST:PORT or ldapi://%2FPATH. The first that works is asked.",
     .check = check_server, .example = "ldaps://dc1.example.org ldaps://dc2.example.org"},
    {.section = "ldap", .name = "base",
     .target = [](Config& c) -> Target { return &c.ldap.back().base; },
     .fallback = "",
     .text = "Where the search begins. It may hold the placeholders of the filter.",
     .check = check_base, .example = "dc=example,dc=org"},
    {.section = "ldap", .name = "filter",
     .target = [](Config& c) -> Target { return &c.ldap.back().filter; },
     .fallback = "",
     .text = "An address exists if this finds an entry (RFC 4515). %s is the address in lower case, %u its local part, "
             "%d its domain, %1 to %9 the labels of the domain from the right.",
     .check = check_filter, .example = "(mail=%s)"},
    {.section = "ldap", .name = "preset",
     .target = [](Config& c) -> Target { return &c.ldap.back().preset; },
     .fallback = "none",
     .text = "A filter that is known by name, instead of the above: active_directory finds the proxyAddresses of persons "
             "and groups.",
     .words = presets},
    {.section = "ldap", .name = "scope",
     .target = [](Config& c) -> Target { return &c.ldap.back().scope; },
     .fallback = "sub",
     .text = "What is searched: all below the base, one level, or the base alone.",
     .words = scopes},
    {.section = "ldap", .name = "bind_dn",
     .target = [](Config& c) -> Target { return &c.ldap.back().bind_dn; },
     .fallback = "",
     .text = "Who logs in; empty: nobody, the search is anonymous.",
     .example = "cn=postern,dc=example,dc=org"},
    {.section = "ldap", .name = "bind_password",
     .target = [](Config& c) -> Target { return &c.ldap.back().bind_password; },
     .fallback = "",
     .text = "The password. Better in a file of its own: POSTERN_LDAP_1_BIND_PASSWORD_FILE. An empty one is never sent: "
             "servers take it for an anonymous login.",
     .secret = true},
    {.section = "ldap", .name = "start_tls",
     .target = [](Config& c) -> Target { return &c.ldap.back().start_tls; },
     .fallback = "false",
     .text = "Encrypt a connection to ldap:// before anything is said. A server that cannot is not asked."},
    {.section = "ldap", .name = "verify",
     .target = [](Config& c) -> Target { return &c.ldap.back().verify; },
     .fallback = "true",
     .text = "Verify the server's certificate, and that it is for the host in servers."},
    {.section = "ldap", .name = "ca",
     .target = [](Config& c) -> Target { return &c.ldap.back().ca; },
     .fallback = "",
     .text = "The file of the authorities that may vouch for it (PEM); empty: those of the system.",
     .check = check_path, .example = "/etc/postern/ca.pem"},
    {.section = "ldap", .name = "ca_folder",
     .target = [](Config& c) -> Target { return &c.ldap.back().ca_folder; },
     .fallback = "",
     .text = "A folder of such files.",
     .check = check_path, .example = "/etc/postern/ca"},
    {.section = "ldap", .name = "certificate",
     .target = [](Config& c) -> Target { return &c.ldap.back().certificate; },
     .fallback = "",
     .text = "A certificate of our own, if the servers ask for one (PEM).",
     .check = check_path, .example = "/etc/postern/client.pem"},
    {.section = "ldap", .name = "key",
     .target = [](Config& c) -> Target { return &c.ldap.back().key; },
     .fallback = "",
     .text = "Its private key (PEM).",
     .check = check_path, .example = "/etc/postern/client.key"},
    {.section = "ldap", .name = "connect_timeout",
     .target = [](Config& c) -> Target { return &c.ldap.back().connect_timeout; },
     .fallback = "2s",
     .text = "How long a server may take to accept a connection. A dead one is waited for once, and then tried in the "
             "background.",
     .low = "100ms", .high = "60s"},
    {.section = "ldap", .name = "timeout",
     .target = [](Config& c) -> Target { return &c.ldap.back().timeout; },
     .fallback = "5s",
     .text = "How long it may take for an answer.",
     .low = "100ms", .high = "60s"},
    {.section = "ldap", .name = "canary",
     .target = [](Config& c) -> Target { return &c.ldap.back().canary; },
     .fallback = "",
     .text = "An address that is in the directory for certain. Where a server does not find it, nothing that it says of "
             "others is believed.",
     .check = check_address, .example = "postmaster@example.org"},
    {.section = "ldap", .name = "ignore_referrals",
     .target = [](Config& c) -> Target { return &c.ldap.back().ignore_referrals; },
     .fallback = "false",
     .text = "A server that finds nothing may say that others know more. Their word is not asked for, and so the answer "
             "is: the directory cannot say. true: it is that the address does not exist. What Active Directory says of its "
             "own partitions (ForestDnsZones, DomainDnsZones, Configuration) is always ignored."},
};

} // namespace

std::span<const Setting> ldap_settings()
{
    return ldap_rows;
}

} // namespace postern
