// client_list - clients by name, address or pattern, as postgrey lists them
//
//     example.org              the host of that name and every host below it
//     192.0.2.1 192.0.2.0/24   an address, a network
//     192.0.2                  192.0.2.0/24
//     192.0                    192.0.0.0/16: what postgrey's manual says; postgrey 1.37 makes a /24 of it
//     2001:db8::1 2001:db8::/32
//     /^mx[0-9]+\.example\./   a regular expression for the name (regex.h)
//
// Names are Postfix's client_name, which is verified, or "unknown". Bits
// behind a network's prefix do not count. Looking up costs a few hash
// look-ups and one binary search, however long the list is; each regular
// expression costs a match.
// Failure: the Error says what is wrong with an entry.
#pragma once

#include "common/ip_address.h"
#include "common/regex.h"
#include "common/result.h"
#include "common/text_set.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace postern {

using ClientEntry = std::variant<std::string, IpNetwork, Regex>; // a domain is in lower case, A-labels

Result<ClientEntry> parse_client_entry(std::string_view text);

class ClientList {
public:
    ClientList() = default; // nobody
    explicit ClientList(std::vector<ClientEntry> entries);

    bool has_address(const IpAddress& client) const;
    bool has_name(std::string_view client_name) const; // by the domains alone
    bool matches(std::string_view client_name) const;  // by the regular expressions alone
    bool has_patterns() const { return !patterns_.empty(); }

    std::size_t size() const { return domains_.size() + networks_.size() + patterns_.size(); }

private:
    TextSet domains_;
    std::vector<IpNetwork> networks_; // sorted, none inside another
    std::vector<Regex> patterns_;
};

} // namespace postern
