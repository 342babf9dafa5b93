#include "common/dns/ares_reply.h"

#include "test/fake/dns_packet.h"

#include <ares.h>
#include <doctest/doctest.h>
#include <string>
#include <vector>

namespace postern {
namespace {

using namespace std::string_literals;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

constexpr int a = 1, ptr = 12, mx = 15, txt = 16, aaaa = 28;

std::string mx_data(unsigned preference, std::string_view host)
{
    return wire_16(preference) + wire_name(host);
}

DnsPacket reply(RrType type)
{
    return {"example.org", type};
}

struct Case {
    std::string name;
    DnsPacket packet;
    RrType type;
    DnsStatus want_status;
    Texts want_records{};
    seconds want_ttl{0};
    int ares_status = ARES_SUCCESS;
};

void check(const std::vector<Case>& cases)
{
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto octets = c.packet.octets();
        const auto got = read_ares_reply(c.ares_status, octets, c.type);
        CHECK(got.status == c.want_status);
        CHECK(got.records == c.want_records);
        CHECK(got.ttl == c.want_ttl);
    }
}

} // namespace

TEST_CASE("read_ares_reply: records")
{
    check({
        {"A",
         reply(RrType::a).answer("example.org", a, 300, "\xc0\x00\x02\x01"s),
         RrType::a,
         DnsStatus::found,
         {"192.0.2.1"},
         seconds(300)},
        {"the shortest TTL of all",
         reply(RrType::a)
             .answer("example.org", a, 300, "\xc0\x00\x02\x01"s)
             .answer("example.org", a, 60, "\xc0\x00\x02\x02"s),
         RrType::a,
         DnsStatus::found,
         {"192.0.2.1", "192.0.2.2"},
         seconds(60)},
        {"AAAA",
         reply(RrType::aaaa).answer("example.org", aaaa, 1, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s),
         RrType::aaaa,
         DnsStatus::found,
         {"2001:db8::1"},
         seconds(1)},
        {"the owner's case does not matter",
         reply(RrType::a).answer("EXAMPLE.org", a, 300, "\xc0\x00\x02\x01"s),
         RrType::a,
         DnsStatus::found,
         {"192.0.2.1"},
         seconds(300)},
        {"RFC 5321 5.1: MX, the lowest preference first, equal ones as they came",
         reply(RrType::mx)
             .answer("example.org", mx, 300, mx_data(20, "c.example"))
             .answer("example.org", mx, 300, mx_data(10, "b.example"))
             .answer("example.org", mx, 300, mx_data(10, "a.example"))
             .answer("example.org", mx, 300, mx_data(256, "d.example")),
         RrType::mx,
         DnsStatus::found,
         {"b.example", "a.example", "c.example", "d.example"},
         seconds(300)},
        {"RFC 7505 3: the null MX is an empty name",
         reply(RrType::mx).answer("example.org", mx, 300, mx_data(0, "")),
         RrType::mx,
         DnsStatus::found,
         {""},
         seconds(300)},
        {"RFC 7208 3.3: TXT strings joined, records apart",
         reply(RrType::txt)
             .answer("example.org", txt, 300, wire_string("v=spf1 ") + wire_string("-all"))
             .answer("example.org", txt, 300, wire_string("another")),
         RrType::txt,
         DnsStatus::found,
         {"v=spf1 -all", "another"},
         seconds(300)},
        {"TXT holds any octet, and nothing too",
         reply(RrType::txt)
             .answer("example.org", txt, 300, wire_string("a\0\xff\n"s))
             .answer("example.org", txt, 300, "\0"s),
         RrType::txt,
         DnsStatus::found,
         {"a\0\xff\n"s, ""},
         seconds(300)},
        {"PTR",
         reply(RrType::ptr).answer("example.org", ptr, 300, wire_name("Mail.example.com")),
         RrType::ptr,
         DnsStatus::found,
         {"Mail.example.com"},
         seconds(300)},
        {"the name servers of a zone",
         reply(RrType::ns)
             .answer("example.org", DnsPacket::ns, 300, wire_name("ns1.example.org"))
             .answer("example.org", DnsPacket::ns, 60, wire_name("ns.example.net")),
         RrType::ns,
         DnsStatus::found,
         {"ns1.example.org", "ns.example.net"},
         seconds(60)},
        {"RFC 1034 3.6.2: an alias that is asked for is not followed",
         reply(RrType::cname)
             .answer("example.org", DnsPacket::cname, 300, wire_name("other.example"))
             .answer("other.example", DnsPacket::cname, 60, wire_name("third.example")),
         RrType::cname,
         DnsStatus::found,
         {"other.example"},
         seconds(300)},
        {"PTR to the root",
         reply(RrType::ptr).answer("example.org", ptr, 300, "\0"s),
         RrType::ptr,
         DnsStatus::found,
         {""},
         seconds(300)},
        {"a dot, a backslash, a blank, NUL and eight bits within a label are escaped",
         reply(RrType::ptr)
             .answer("example.org", ptr, 300,
                     "\x0a"
                     "a.b\\c \0\xe9_-\x03org\0"s),
         RrType::ptr,
         DnsStatus::found,
         {R"(a\046b\092c\032\000\233_-.org)"},
         seconds(300)},
        {"a compressed name",
         reply(RrType::mx).answer("example.org", mx, 300, "\0\x0a\x04mail\xc0\x0c"s),
         RrType::mx,
         DnsStatus::found,
         {"mail.example.org"},
         seconds(300)},
        {"records of other types, owners and classes are not ours",
         reply(RrType::a)
             .answer("example.org", txt, 1, wire_string("no"))
             .answer("other.example", a, 2, "\xc0\x00\x02\x09"s)
             .answer("example.org", a, 300, "\xc0\x00\x02\x01"s),
         RrType::a,
         DnsStatus::found,
         {"192.0.2.1"},
         seconds(300)},
        {"RFC 2181 8: a TTL with the highest bit is zero",
         reply(RrType::a).answer("example.org", a, 0x80000001, "\xc0\x00\x02\x01"s),
         RrType::a,
         DnsStatus::found,
         {"192.0.2.1"},
         seconds(0)},
    });
}

TEST_CASE("read_ares_reply: aliases")
{
    const auto alias = [](std::string_view from, std::string_view to, std::uint32_t ttl, DnsPacket packet) {
        return packet.answer(from, DnsPacket::cname, ttl, wire_name(to));
    };
    auto chain = reply(RrType::a);
    for (int i = 0; i < 20; ++i)
        chain = alias(i == 0 ? "example.org" : std::to_string(i), std::to_string(i + 1), 300, chain);

    check({
        {"followed, their TTL counts",
         alias("example.org", "www.example", 30, reply(RrType::a)).answer("www.example", a, 300, "\xc0\x00\x02\x01"s),
         RrType::a,
         DnsStatus::found,
         {"192.0.2.1"},
         seconds(30)},
        {"in any order",
         alias("example.org", "one.example", 300,
               alias("one.example", "two.example", 200,
                     reply(RrType::a).answer("two.example", a, 400, "\xc0\x00\x02\x01"s))),
         RrType::a,
         DnsStatus::found,
         {"192.0.2.1"},
         seconds(200)},
        {"a target without the type is nodata",
         alias("example.org", "www.example", 300, reply(RrType::txt)).soa_of("example", 900, 600),
         RrType::txt,
         DnsStatus::nodata,
         {},
         seconds(300)},
        {"a record of the alias itself does not count",
         alias("example.org", "www.example", 300, reply(RrType::a)).answer("example.org", a, 300, "\xc0\x00\x02\x01"s),
         RrType::a,
         DnsStatus::nodata,
         {},
         negative_ttl_without_soa},
        {"a target that does not exist is nxdomain",
         alias("example.org", "www.example", 60, reply(RrType::a)).rcode(3).soa_of("example", 900, 600),
         RrType::a,
         DnsStatus::nxdomain,
         {},
         seconds(60),
         ARES_ENOTFOUND},
        {"a loop is no answer",
         alias("example.org", "www.example", 300, alias("www.example", "example.org", 300, reply(RrType::a))),
         RrType::a, DnsStatus::tempfail},
        {"a chain without end is no answer", chain, RrType::a, DnsStatus::tempfail},
        {"a target that cannot be read",
         reply(RrType::a).answer("example.org", DnsPacket::cname, 300,
                                 "\x05"
                                 "ab"s),
         RrType::a, DnsStatus::tempfail},
    });
}

TEST_CASE("read_ares_reply: no such name, no such record, ask again")
{
    const auto ours = [] { return reply(RrType::a); };
    check({
        {"RFC 2308 5: the SOA's TTL",
         ours().rcode(3).soa_of("org", 300, 900),
         RrType::a,
         DnsStatus::nxdomain,
         {},
         seconds(300),
         ARES_ENOTFOUND},
        {"RFC 2308 5: the SOA's MINIMUM",
         ours().rcode(3).soa_of("org", 3600, 900),
         RrType::a,
         DnsStatus::nxdomain,
         {},
         seconds(900),
         ARES_ENOTFOUND},
        {"RFC 2308 5: no longer than three hours",
         ours().rcode(3).soa_of("org", 864000, 864000),
         RrType::a,
         DnsStatus::nxdomain,
         {},
         longest_negative_ttl,
         ARES_ENOTFOUND},
        {"a SOA too short to be one",
         ours().rcode(3).authority("org", DnsPacket::soa, 900, "\0\0"s),
         RrType::a,
         DnsStatus::nxdomain,
         {},
         negative_ttl_without_soa,
         ARES_ENOTFOUND},
        {"nxdomain without SOA",
         ours().rcode(3),
         RrType::a,
         DnsStatus::nxdomain,
         {},
         negative_ttl_without_soa,
         ARES_ENOTFOUND},
        {"nodata", ours().soa_of("org", 300, 900), RrType::a, DnsStatus::nodata, {}, seconds(300), ARES_ENODATA},
        {"nodata without SOA", ours(), RrType::a, DnsStatus::nodata, {}, negative_ttl_without_soa, ARES_ENODATA},
        {"nodata with another type in the answer",
         ours().answer("example.org", txt, 9, wire_string("x")).soa_of("org", 300, 900),
         RrType::a,
         DnsStatus::nodata,
         {},
         seconds(300)},
        {"RFC 2308 2.2: nodata of an authority that lists its servers",
         ours().authoritative().authority("org", DnsPacket::ns, 300, wire_name("ns.org")),
         RrType::a,
         DnsStatus::nodata,
         {},
         negative_ttl_without_soa,
         ARES_ENODATA},
        {"RFC 2308 2.2: a referral is no answer",
         ours().authority("org", DnsPacket::ns, 300, wire_name("ns.org")),
         RrType::a,
         DnsStatus::tempfail,
         {},
         seconds(0),
         ARES_ENODATA},
        {"SERVFAIL", ours().rcode(2), RrType::a, DnsStatus::tempfail, {}, seconds(0), ARES_ESERVFAIL},
        {"SERVFAIL that c-ares let through", ours().rcode(2), RrType::a, DnsStatus::tempfail},
        {"FORMERR", ours().rcode(1), RrType::a, DnsStatus::tempfail, {}, seconds(0), ARES_EFORMERR},
        {"REFUSED", ours().rcode(5), RrType::a, DnsStatus::tempfail, {}, seconds(0), ARES_EREFUSED},
        {"NOTIMP", ours().rcode(4), RrType::a, DnsStatus::tempfail, {}, seconds(0), ARES_ENOTIMP},
        {"an rcode nobody knows", ours().rcode(11), RrType::a, DnsStatus::tempfail},
        {"still truncated", ours().truncated().answer("example.org", a, 300, "\xc0\x00\x02\x01"s), RrType::a,
         DnsStatus::tempfail},
        {"a question instead of an answer", ours().is_query(), RrType::a, DnsStatus::tempfail},
        {"no question", DnsPacket("", RrType::a).questions(0), RrType::a, DnsStatus::tempfail},
        {"an A of three octets among good ones",
         ours().answer("example.org", a, 300, "\xc0\x00\x02\x01"s).answer("example.org", a, 300, "\xc0\x00\x02"s),
         RrType::a, DnsStatus::tempfail},
        {"an AAAA of four", reply(RrType::aaaa).answer("example.org", aaaa, 300, "\xc0\x00\x02\x01"s), RrType::aaaa,
         DnsStatus::tempfail},
        {"an MX without a name", reply(RrType::mx).answer("example.org", mx, 300, "\0\x0a"s), RrType::mx,
         DnsStatus::tempfail},
        {"octets after the name", reply(RrType::ptr).answer("example.org", ptr, 300, wire_name("a.b") + "x"),
         RrType::ptr, DnsStatus::tempfail},
        {"a TXT without strings", reply(RrType::txt).answer("example.org", txt, 300, ""), RrType::txt,
         DnsStatus::tempfail},
        {"a TXT string longer than its record",
         reply(RrType::txt)
             .answer("example.org", txt, 300,
                     "\x05"
                     "abcd"s),
         RrType::txt, DnsStatus::tempfail},
        {"a name that points to itself", reply(RrType::ptr).answer("example.org", ptr, 300, "\xc0\x28"s), RrType::ptr,
         DnsStatus::tempfail},
    });
}

TEST_CASE("read_ares_reply: without a packet")
{
    struct {
        int ares_status;
        DnsStatus want;
    } const cases[] = {
        {ARES_SUCCESS, DnsStatus::tempfail},
        {ARES_ENODATA, DnsStatus::tempfail},
        {ARES_ENOTFOUND, DnsStatus::nxdomain}, // RFC 7686 2: .onion
        {ARES_EBADNAME, DnsStatus::nxdomain},
        {ARES_ETIMEOUT, DnsStatus::tempfail},
        {ARES_ECONNREFUSED, DnsStatus::tempfail},
        {ARES_ENOMEM, DnsStatus::tempfail},
        {ARES_EDESTRUCTION, DnsStatus::tempfail},
        {ARES_ECANCELLED, DnsStatus::tempfail},
        {12345, DnsStatus::tempfail},
    };
    for (const auto& c : cases) {
        CAPTURE(c.ares_status);
        CHECK(read_ares_reply(c.ares_status, {}, RrType::a).status == c.want);
    }
}

TEST_CASE("read_ares_reply: every prefix of a good packet is tempfail, none is read beyond its end")
{
    const auto whole = reply(RrType::mx)
                           .answer("example.org", DnsPacket::cname, 300, wire_name("www.example"))
                           .answer("www.example", mx, 300, mx_data(10, "a.example"))
                           .soa_of("example", 300, 300)
                           .octets();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const DnsOctets part(whole.begin(),
                             whole.begin() + static_cast<std::ptrdiff_t>(size)); // of its own: ASan sees its end
        CHECK(read_ares_reply(ARES_SUCCESS, part, RrType::mx).status == DnsStatus::tempfail);
    }
    CHECK(read_ares_reply(ARES_SUCCESS, whole, RrType::mx).records == Texts{"a.example"});
}

} // namespace postern
