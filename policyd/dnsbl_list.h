// dnsbl_list - a DNS list as the daemon asks it
//
// From the settings and what is known of the list itself: one entry a zone and
// kind of question, however many filters and weights the operator has for it.
// Failure: none; the settings and the tables were checked before.
// Config: [dnsbl] sites, [[dnsbl.zone]]
#pragma once

#include "common/dnsbl/reply_filter.h"
#include "common/dnsbl/reply_template.h"
#include "config/config.h"
#include "policyd/dnsbl_tables.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct DnsblList {
    // What a listing is worth: of answers that match, or of any if there is no filter.
    struct Rule {
        std::optional<ReplyFilter> filter;
        int weight = 1;
        std::shared_ptr<const ReplyTemplate> reply;
    };

    DnsblZoneType type = DnsblZoneType::address;
    std::string zone;        // may hold a key: never in a text that leaves the daemon but as a question
    std::string public_name; // what to call it
    int number = 1;          // of those of its type that are called so, as two zones with keys are, in their order
    std::vector<Rule> rules{};
    std::vector<ReplyFilter> errors{};   // answers that never count, beside 127.255.255.0/24
    std::vector<std::string> test_names{}; // of a list of names: any one of them is listed
    bool self_test = true;

    int highest() const; // the most it can add to a score
    int lowest() const;  // the most it can take away: 0 or less
};

using DnsblLists = std::vector<DnsblList>;

DnsblLists make_dnsbl_lists(const DnsblSettings& settings, const DnsblTables& tables);

// What to call a zone: as its [[dnsbl.zone]] has it, else as the map, else what of it holds no key.
std::string shown_dnsbl_zone(const std::string& zone, const DnsblSettings& settings, const DnsblTables& tables);

// As in the configuration: "address".
std::string_view dnsbl_type_name(DnsblZoneType type);

} // namespace postern
