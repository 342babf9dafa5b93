#include "policyd/dnsbl_health.h"

#include <fmt/format.h>

namespace postern {
namespace {

constexpr int suspicious_failures = 5; // in a row: perhaps it is gone

std::string meaning_of(const IpAddress& code)
{
    const auto text = code.text();
    const std::string_view meaning = text == "127.255.255.252" ? " (the name of the list is not right)"
        : text == "127.255.255.254"                            ? " (it refuses public resolvers)"
        : text == "127.255.255.255"                            ? " (it was asked too often)"
                                                               : "";
    return fmt::format("answers {}{}, which is no listing", text, meaning);
}

} // namespace

DnsblHealth::DnsblHealth(const DnsblLists& lists, OnChange on_change, const DnsblHealth* before)
    : lists_(lists)
    , on_change_(std::move(on_change))
    , entries_(lists.size())
{
    for (std::size_t i = 0; i < lists.size(); ++i) {
        if (before)
            for (std::size_t j = 0; j < before->lists_.size(); ++j)
                if (before->lists_[j].zone == lists[i].zone && before->lists_[j].type == lists[i].type)
                    entries_[i] = before->entries_[j];
        if (!lists[i].self_test) {
            entries_[i].state = State::ready;
            entries_[i].reason.clear();
            entries_[i].is_ipv6_down = false;
        }
    }
}

bool DnsblHealth::is_usable(std::size_t list, bool for_ipv6) const
{
    const auto& entry = entries_[list];
    return entry.state == State::ready && !(for_ipv6 && entry.is_ipv6_down);
}

void DnsblHealth::note(std::size_t list, const DnsblAnswer& answer)
{
    auto& entry = entries_[list];
    ++entry.asked;
    if (answer.kind != DnsblAnswer::Kind::failure)
        entry.failures_in_a_row = 0;
    switch (answer.kind) {
    case DnsblAnswer::Kind::unlisted:
        break;
    case DnsblAnswer::Kind::listed:
        ++entry.listed;
        break;
    case DnsblAnswer::Kind::error:
        ++entry.errors;
        if (entry.error.empty()) {
            entry.error = meaning_of(answer.code);
            on_change_(lists_[list], entry);
        }
        break;
    case DnsblAnswer::Kind::failure:
        ++entry.failures;
        if (++entry.failures_in_a_row == suspicious_failures && lists_[list].self_test && on_suspicion)
            on_suspicion(list);
        break;
    }
}

void DnsblHealth::set(std::size_t list, const Finding& finding)
{
    auto& entry = entries_[list];
    if (finding.state == State::untested)
        return;
    const bool is_new = entry.state != finding.state || entry.reason != finding.reason
        || entry.is_ipv6_down != finding.is_ipv6_down || (finding.state == State::ready && !entry.error.empty());
    entry.state = finding.state;
    entry.reason = finding.reason;
    entry.is_ipv6_down = finding.is_ipv6_down;
    entry.failures_in_a_row = 0;
    if (finding.state == State::ready)
        entry.error.clear();
    if (is_new)
        on_change_(lists_[list], entry);
}

// One that shares its name has its number beside it: two series of the same labels would be one.
void DnsblHealth::add_facts(Facts& facts) const
{
    const auto line = [&](const DnsblList& list) -> FactLine& {
        const Label name{"list", list.public_name}, type{"type", std::string(dnsbl_type_name(list.type))};
        return list.number == 1 ? facts.line("dnsbl_list", {name, type})
                                : facts.line("dnsbl_list", {name, type, {"number", std::to_string(list.number)}});
    };
    for (std::size_t i = 0; i < lists_.size(); ++i) {
        const auto& entry = entries_[i];
        line(lists_[i])
            .word("state", dnsbl_state_name(entry), {"untested", "ready", "refused", "down"},
                  "The state of a list is 1, the others are 0; only one that is ready is asked.")
            .counter("asked", entry.asked, "Questions that a list answered, or should have.")
            .counter("listed", entry.listed, "Answers that count.")
            .counter("errors", entry.errors, "Answers that say that something is wrong with the question.")
            .counter("failures", entry.failures, "Questions without an answer.")
            .text("reason", entry.state == State::down ? entry.reason : entry.error)
            .text("ipv6", entry.is_ipv6_down ? "down" : "");
    }
}

std::string_view dnsbl_state_name(const DnsblHealth::Entry& entry)
{
    switch (entry.state) {
    case DnsblHealth::State::untested:
        return "untested";
    case DnsblHealth::State::ready:
        return entry.error.empty() ? "ready" : "refused";
    case DnsblHealth::State::down:
        return "down";
    }
    return ""; // unreachable: -Wswitch names a state without a case
}

} // namespace postern
