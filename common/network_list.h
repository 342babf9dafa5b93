// network_list - who is not a stranger
//
// A list of clients as [trust] has it:
//
//     192.0.2.1  192.0.2.0/24  2001:db8::/32  [2001:db8::]/32    addresses and networks
//     mail.example.org                                           a host, by its verified name
//     .example.org                                               every host below that domain
//     !192.0.2.7  !.guests.example.org                           not these
//     file:/etc/postern/hosts  /etc/postern/hosts                a file of entries, one a line
//
// Of the networks that hold a client the smallest decides, of the names that
// fit its name the longest. It is on the list if either says so and neither
// says no: an exclusion by address is not undone by a name.
// Names are compared as A-labels in lower case. A name is only as good as its
// verification: give contains() Postfix's client_name, never reverse_client_name.
// Failure: the Error shows the entry that cannot be understood; of a file, every one with its line.
#pragma once

#include "common/data_set.h"
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

    static Result<NetworkList> parse(std::span<const std::string> entries); // without files

    // `setting` is for the faults.
    static NetworkList load(std::span<const std::string> items, std::string_view setting, const ReadText& read,
                            std::vector<Error>& faults);

    bool empty() const { return networks_.empty() && names_.empty(); }

    // `client_name` as Postfix gives it: "unknown" and "" are no names and never match.
    bool contains(const std::optional<IpAddress>& client, std::string_view client_name = {}) const;

private:
    struct Network {
        IpNetwork network;
        bool is_excluded = false;
        std::size_t outer = none; // the next larger one that it lies in
        static constexpr std::size_t none = static_cast<std::size_t>(-1);
    };
    struct Name {
        std::string name; // a host, or a domain with its leading dot
        bool is_excluded = false;
    };

    Result<> add(std::string_view entry);
    void arrange();
    std::optional<bool> ask_networks(const IpAddress& client) const; // nothing: no entry fits
    std::optional<bool> ask_names(std::string_view client_name) const;

    std::vector<Network> networks_; // sorted by where they begin, the larger first
    std::vector<Name> names_;       // sorted
};

} // namespace postern
