// checkers - is this text what a setting means by it?
//
// Named in the rows of the table. Each looks at one text, or one item of a
// list, and is pure: whether a path exists and a socket answers is for the
// daemons' own --check.
#pragma once

#include "common/result.h"

#include <string_view>

namespace postern {

Result<> check_network(std::string_view text); // as NetworkList takes it, or a file of such entries
Result<> check_data_set(std::string_view text); // data_set.h
Result<> check_socket(std::string_view text);  // unix:PATH, inet:HOST:PORT
Result<> check_dns_server(std::string_view text);
Result<> check_path(std::string_view text); // absolute
Result<> check_socket_path(std::string_view text);
Result<> check_domain(std::string_view text);
Result<> check_domain_entry(std::string_view text); // as DomainList takes it
Result<> check_selector(std::string_view text);
Result<> check_canonicalization(std::string_view text); // header/body, each simple or relaxed
Result<> check_field_name(std::string_view text); // of a header field, RFC 5322 2.2
Result<> check_field_change(std::string_view text); // a name, "*", ".", "+name", "-name"
Result<> check_macro_rule(std::string_view text);   // "{name}", "{name}|value|value"
Result<> check_account(std::string_view text);    // of a user or a group

Result<> check_client_entry(std::string_view text);  // client_list.h
Result<> check_address_entry(std::string_view text); // address_list.h
Result<> check_exempt_client(std::string_view text); // as check_network, or "local"
Result<> check_login_entry(std::string_view text);   // a name, or /regexp/
Result<> check_signature_name(std::string_view text); // the beginning of a name of clamd's
Result<> check_address_list_item(std::string_view text); // likewise, or a file of such entries
Result<> check_domain_list_item(std::string_view text);  // as DomainList takes it, or a file of such entries
Result<> check_defer_action(std::string_view text);  // defer_if_permit, defer, defer_if_reject, 4NN

// Texts that go out to a peer: printable, of bounded length, and with those %letters only.
Result<> check_template(std::string_view text, std::string_view letters);
template <char... Letters>
Result<> check_template(std::string_view text)
{
    constexpr char letters[] = {Letters..., '\0'};
    return check_template(text, std::string_view(letters));
}

Result<> check_defer_template(std::string_view text);  // with %s %r, and no status of another class than 4
Result<> check_spf_template(std::string_view text); // with the names of spf_text
Result<> check_header_template(std::string_view text); // "Name: text" with %t %v %d %h

} // namespace postern
