// dnsbl_health - which lists can be believed
//
// A list is untested until its first self-test is done, then ready or down,
// each with a reason; one that is not to be tested is ready. Only a list that
// is ready is asked. An answer that is an error is counted and told once,
// until a self-test has passed; a list that fails to answer many times in a
// row asks for a test now. The same for the whole daemon's life: a reload
// takes over what is known of a list.
// Log: through `on_change`: event=dnsbl_list list=zen.spamhaus.org type=address state=down reason="...", and
// number=2 where another one of this type has the name already
#pragma once

#include "common/facts.h"
#include "policyd/dnsbl_answer.h"
#include "policyd/dnsbl_list.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace postern {

class DnsblHealth {
public:
    enum class State { untested, ready, down };

    // What became of a self-test.
    struct Finding {
        State state = State::untested; // untested: it could not be done, and nothing changes
        std::string reason{};          // of down
        bool is_ipv6_down = false;     // lists all of IPv6
    };

    struct Entry {
        State state = State::untested;
        std::string reason{};      // of down
        std::string error{};       // what its answers say is wrong
        bool is_ipv6_down = false;
        int failures_in_a_row = 0;
        std::uint64_t asked = 0;
        std::uint64_t listed = 0;
        std::uint64_t errors = 0;
        std::uint64_t failures = 0; // no answer
    };

    using OnChange = std::function<void(const DnsblList& list, const Entry& entry)>;

    // `lists` stays as it is. `before`: what is known already, of lists that may be others.
    DnsblHealth(const DnsblLists& lists, OnChange on_change, const DnsblHealth* before = nullptr);

    bool is_usable(std::size_t list, bool for_ipv6) const;
    void note(std::size_t list, const DnsblAnswer& answer);
    void set(std::size_t list, const Finding& finding);

    // Called when a list should be tested now.
    std::function<void(std::size_t list)> on_suspicion{};

    const DnsblLists& lists() const { return lists_; }
    const Entry& entry(std::size_t list) const { return entries_[list]; }

    void add_facts(Facts& facts) const; // a line a list

private:
    const DnsblLists& lists_;
    OnChange on_change_;
    std::vector<Entry> entries_;
};

std::string_view dnsbl_state_name(const DnsblHealth::Entry& entry); // "untested", "ready", "refused", "down"

} // namespace postern
