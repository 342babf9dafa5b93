#include "policyd/dnsbl_answer.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

DnsblList list_of(const std::string& site, Texts errors = {}, Texts more_sites = {})
{
    DnsblSettings settings;
    settings.reply = "$rbl_code no";
    for (auto& text : more_sites)
        settings.sites.push_back(text);
    DnsblZone zone;
    zone.site = site;
    zone.errors = std::move(errors);
    zone.self_test = true;
    settings.zones.push_back(zone);
    return make_dnsbl_lists(settings, {}).at(0);
}

DnsReply found(std::vector<std::string> records)
{
    return {DnsStatus::found, std::move(records), std::chrono::seconds(300)};
}

} // namespace

TEST_CASE("read_dnsbl_answer: what counts and what does not")
{
    using Kind = DnsblAnswer::Kind;
    struct Case {
        const char* name;
        DnsblList list;
        DnsReply reply;
        Kind want;
        int want_weight = 0;
        const char* want_code = nullptr;
    };
    const auto plain = list_of("bl.example.org*2");
    const Case cases[] = {
        {"not listed", plain, {DnsStatus::nxdomain, {}, std::chrono::seconds(60)}, Kind::unlisted},
        {"no record", plain, {DnsStatus::nodata, {}, std::chrono::seconds(60)}, Kind::unlisted},
        {"no answer", plain, {DnsStatus::tempfail, {}, {}}, Kind::failure},
        {"listed", plain, found({"127.0.0.2"}), Kind::listed, 2, "127.0.0.2"},
        {"any answer without a filter", plain, found({"127.9.9.9"}), Kind::listed, 2, "127.9.9.9"},
        {"twice counts once", plain, found({"127.0.0.2", "127.0.0.3"}), Kind::listed, 2, "127.0.0.2"},

        {"wrong name of the list", plain, found({"127.255.255.252"}), Kind::error, 0, "127.255.255.252"},
        {"public resolver", plain, found({"127.255.255.254"}), Kind::error, 0, "127.255.255.254"},
        {"too many questions", plain, found({"127.255.255.255"}), Kind::error, 0, "127.255.255.255"},
        {"all of that network", plain, found({"127.255.255.1"}), Kind::error, 0, "127.255.255.1"},
        {"whatever the filter", list_of("bl.example.org=127.[0..255].[0..255].[0..255]"), found({"127.255.255.254"}),
         Kind::error, 0, "127.255.255.254"},
        {"not of a list", plain, found({"203.0.113.7"}), Kind::error, 0, "203.0.113.7"},
        {"not an address", plain, found({"what"}), Kind::error},
        {"an error beside a listing", plain, found({"127.0.0.2", "127.255.255.255"}), Kind::error, 0,
         "127.255.255.255"},
        {"dnswl.org's own", list_of("list.dnswl.org=127.0.[0..255].[0..255]*-2"), found({"127.0.0.255"}), Kind::error,
         0, "127.0.0.255"},
        {"SURBL's own", list_of("multi.surbl.org=127.0.0.[1..255]"), found({"127.0.0.1"}), Kind::error, 0, "127.0.0.1"},
        {"DBL asked for an address", list_of("dbl.spamhaus.org=127.0.1.[2..255]"), found({"127.0.1.255"}), Kind::error,
         0, "127.0.1.255"},
        {"with a key before it", list_of("k.dbl.dq.spamhaus.net=127.0.1.[2..255]"), found({"127.0.1.255"}), Kind::error,
         0, "127.0.1.255"},
        {"the operator's own", list_of("bl.example.org", {"127.0.0.[1;99]"}), found({"127.0.0.99"}), Kind::error, 0,
         "127.0.0.99"},

        {"a known list's filter", list_of("zen.spamhaus.org"), found({"127.0.0.4"}), Kind::listed, 1, "127.0.0.4"},
        {"which is not met", list_of("zen.spamhaus.org"), found({"127.0.0.1"}), Kind::unlisted},
        {"unless the operator has one", list_of("zen.spamhaus.org=127.0.0.1"), found({"127.0.0.1"}), Kind::listed, 1,
         "127.0.0.1"},
        {"filter not met", list_of("bl.example.org=127.0.0.3"), found({"127.0.0.2"}), Kind::unlisted},
        {"one of several answers", list_of("bl.example.org=127.0.0.3"), found({"127.0.0.2", "127.0.0.3"}), Kind::listed,
         1, "127.0.0.3"},
        {"allowed", list_of("list.dnswl.org*-3"), found({"127.0.5.1"}), Kind::listed, -3, "127.0.5.1"},

        {"two filters, one met",
         list_of("bl.example.org=127.0.0.3*5", {}, {"bl.example.org=127.0.0.2*2"}), found({"127.0.0.2"}), Kind::listed,
         2, "127.0.0.2"},
        {"two filters, both met", list_of("bl.example.org=127.0.0.3*5", {}, {"bl.example.org=127.0.0.2*2"}),
         found({"127.0.0.2", "127.0.0.3"}), Kind::listed, 7, "127.0.0.3"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = read_dnsbl_answer(c.list, c.reply);
        CHECK(got.kind == c.want);
        CHECK(got.weight == c.want_weight);
        if (c.want_code)
            CHECK(got.code.text() == c.want_code);
    }
}

} // namespace postern
