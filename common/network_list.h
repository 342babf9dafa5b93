// network_list - who is not a stranger
//
// A list of clients as [trust] has it:
//
//     192.0.2.1  192.0.2.0/24  2001:db8::/32  [2001:db8::]/32    addresses and networks
//     mail.example.org                                           a host, by its verified name
//     .example.org                                               every host below that domain
//
// Names are compared as A-labels in lower case. A name is only as good as its
// verification: give contains() Postfix's client_name, never reverse_client_name.
// Failure: the Error shows the entry that cannot be understood.
#pragma once

#include "common/ip_address.h"
#include "common/result.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class NetworkList {
public:
    NetworkList() = default; // nobody

    static Result<NetworkList> parse(std::span<const std::string> entries);

    bool empty() const { return networks_.empty() && names_.empty(); }

    // `client_name` as Postfix gives it: "unknown" and "" are no names and never match.
    bool contains(const std::optional<IpAddress>& client, std::string_view client_name = {}) const;

private:
    bool contains_address(const IpAddress& client) const;
    bool contains_name(std::string_view client_name) const;

    std::vector<IpNetwork> networks_; // sorted, none inside another
    std::vector<std::string> names_;  // sorted; hosts, and domains with their leading dot
};

} // namespace postern
