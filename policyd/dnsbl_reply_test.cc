#include "policyd/dnsbl_reply.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using Outcome = DnsblMarks::Outcome;

PolicyRequest request()
{
    PolicyRequest request;
    request.client_address = "192.0.2.1";
    request.client_name = "mail.example.net";
    request.reverse_client_name = "r.example.net";
    request.helo_name = "helo.example.net";
    request.sender = "a@example.com";
    request.recipient = "u@example.org";
    return request;
}

constexpr auto usual = "$rbl_code 5.7.1 Service unavailable; $rbl_class [$rbl_what] blocked using "
                       "$rbl_domain${rbl_reason?; $rbl_reason}";

Verdict verdict(Outcome outcome, DnsblAction action, const std::string& reply, std::string_view reason = {},
                DnsblZoneType type = DnsblZoneType::address)
{
    DnsblSettings settings;
    settings.action = action;
    settings.reject_code = 550;
    settings.reply = reply;
    DnsblZone zone;
    zone.site = "aip7yig6sahg6ehsohn5shco3z.zen.dq.spamhaus.net";
    zone.type = type;
    settings.zones = {zone};
    const auto lists = make_dnsbl_lists(settings, {});
    return dnsbl_verdict({outcome, lists.at(0), lists.at(0).rules.at(0), reason}, settings, request());
}

} // namespace

TEST_CASE("dnsbl_verdict: what each outcome is worth, and what a template's own code changes")
{
    struct Case {
        const char* name;
        Outcome outcome;
        DnsblAction action;
        std::string reply;
        Action want;
        int want_code;
        std::string want_status, want_text;
    };
    const Case cases[] = {
        {"reject", Outcome::action, DnsblAction::reject, usual, Action::reject, 550, "7.1",
         "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"},
        {"defer", Outcome::action, DnsblAction::defer, usual, Action::defer_if_permit, 0, "7.1",
         "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"},
        {"warn", Outcome::action, DnsblAction::warn, usual, Action::warn, 550, "7.1",
         "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"},
        {"below the threshold", Outcome::defer, DnsblAction::reject, usual, Action::defer_if_permit, 0, "7.1",
         "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"},
        {"below the threshold of a warning", Outcome::defer, DnsblAction::warn, usual, Action::defer_if_permit, 0,
         "7.1", "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"},
        {"own code", Outcome::action, DnsblAction::reject, "554 no", Action::reject, 554, "", "no"},
        {"own status", Outcome::action, DnsblAction::reject, "$rbl_code 5.7.25 no", Action::reject, 550, "7.25", "no"},
        {"no status", Outcome::action, DnsblAction::reject, "$rbl_code 5.7 no", Action::reject, 550, "", "5.7 no"},
        {"defers by its code", Outcome::action, DnsblAction::reject, "451 4.7.1 later", Action::defer_if_permit, 451,
         "7.1", "later"},
        {"cannot refuse by its code", Outcome::defer, DnsblAction::reject, "554 5.7.1 no", Action::defer_if_permit, 0,
         "7.1", "no"},
        {"code alone", Outcome::action, DnsblAction::reject, "$rbl_code", Action::reject, 550, "",
         "Service unavailable"},
        {"all names", Outcome::action, DnsblAction::reject,
         "$rbl_code $client|$client_name|$reverse_client_name|$helo_name|$sender|$sender_name|$sender_domain|"
         "$recipient|$recipient_name|$recipient_domain|${rbl_reason:-}",
         Action::reject, 550, "",
         "mail.example.net[192.0.2.1]|mail.example.net|r.example.net|helo.example.net|a@example.com|a|example.com|"
         "u@example.org|u|example.org|-"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = verdict(c.outcome, c.action, c.reply);
        CHECK(got.action == c.want);
        CHECK(got.code == c.want_code);
        CHECK(got.status == c.want_status);
        CHECK(got.text == c.want_text);
    }
}

TEST_CASE("dnsbl_verdict: the reason, and what is listed")
{
    struct Case {
        DnsblZoneType type;
        std::string want;
    };
    const Case cases[] = {
        {DnsblZoneType::address, "Client host [192.0.2.1]"},
        {DnsblZoneType::client_name, "Client host [mail.example.net]"},
        {DnsblZoneType::helo, "Helo command [helo.example.net]"},
        {DnsblZoneType::sender_domain, "Sender address [a@example.com]"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.want);
        CHECK(verdict(Outcome::action, DnsblAction::reject, usual, "https://example.net/why", c.type).text
              == "Service unavailable; " + c.want + " blocked using zen.spamhaus.org; https://example.net/why");
    }
}

} // namespace postern
