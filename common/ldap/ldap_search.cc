#include "common/ldap/ldap_search.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t longest_reason = 300; // a server's words are of any length

// RFC 4511 appendix A.1; what is not here hangs on the search
enum ResultCode {
    success = 0,
    operations_error = 1, // Active Directory: nobody is logged in
    protocol_error = 2,
    auth_method_not_supported = 7,
    stronger_auth_required = 8,
    referral = 10,
    confidentiality_required = 13,
    no_such_object = 32,
    invalid_dn_syntax = 34,
    inappropriate_authentication = 48,
    invalid_credentials = 49,
    insufficient_access_rights = 50,
    busy = 51,
    unavailable = 52,
    unwilling_to_perform = 53,
};

bool would_fail_anybody(int code)
{
    constexpr int codes[] = {operations_error, protocol_error, auth_method_not_supported, stronger_auth_required,
                             referral, confidentiality_required, no_such_object, invalid_dn_syntax,
                             inappropriate_authentication, invalid_credentials, insufficient_access_rights, busy,
                             unavailable, unwilling_to_perform};
    return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

// Active Directory answers every search from the root of a domain with references to these
// partitions. Nobody gets mail there.
bool holds_no_mailboxes(std::string_view reference)
{
    const auto authority = reference.find("://");
    const auto slash = authority == std::string_view::npos ? authority : reference.find('/', authority + 3);
    if (slash == std::string_view::npos)
        return false;
    const auto dn = to_lower(reference.substr(slash + 1));
    return dn.starts_with("dc=forestdnszones,") || dn.starts_with("dc=domaindnszones,")
        || dn.starts_with("cn=configuration,");
}

SearchOutcome failed(std::string reason, bool is_server_fault)
{
    return {SearchStatus::failed, printable(reason, longest_reason), is_server_fault};
}

} // namespace

SearchOutcome judge_search(const LdapSearch& search, const LdapReply& reply)
{
    if (reply.has_entry) // whatever limit was met after it
        return {SearchStatus::found};
    if (search.is_base_dynamic && (reply.code == no_such_object || reply.code == invalid_dn_syntax))
        return {SearchStatus::none};
    if (reply.code == no_such_object)
        return failed(concat({"the base ", search.base, " is not there"}), true);
    if (reply.code != success)
        return failed(concat({reply.code_text, reply.diagnostic.empty() ? "" : ": ", reply.diagnostic}),
                      would_fail_anybody(reply.code));
    const auto elsewhere = std::find_if_not(reply.references.begin(), reply.references.end(), holds_no_mailboxes);
    if (elsewhere != reply.references.end() && !search.ignore_referrals)
        return failed(concat({"referred to ", *elsewhere}), false);
    return {SearchStatus::none};
}

} // namespace postern
