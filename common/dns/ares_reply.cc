#include "common/dns/ares_reply.h"

#include "common/ip_address.h"
#include "common/text.h"

#include <algorithm>
#include <ares.h>
#include <arpa/nameser.h>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <resolv.h>
#include <string>
#include <utility>
#include <vector>

namespace postern {
namespace {

using Octets = std::span<const std::uint8_t>;

constexpr int longest_alias_chain = 16; // CNAMEs; nobody's honest chain is that long

struct Record {
    std::string owner; // lower case, as dn_expand(3) writes it
    int type = 0;
    std::uint32_t ttl = 0;
    Octets data; // within the packet
};

std::uint16_t read_16(Octets data)
{
    return static_cast<std::uint16_t>(data[0] << 8 | data[1]);
}

std::uint32_t read_32(Octets data)
{
    return std::uint32_t{read_16(data)} << 16 | read_16(data.subspan(2));
}

// RFC 2181 8: a TTL with its highest bit set is zero
std::uint32_t read_ttl(std::uint32_t ttl)
{
    return ttl > 0x7fffffff ? 0 : ttl;
}

std::optional<std::vector<Record>> read_section(ns_msg& message, ns_sect section)
{
    std::vector<Record> records;
    ns_rr rr;
    for (int i = 0; i < ns_msg_count(message, section); ++i) {
        if (ns_parserr(&message, section, i, &rr) != 0)
            return std::nullopt;
        if (ns_rr_class(rr) == ns_c_in)
            records.push_back({to_lower(rr.name), rr.type, read_ttl(rr.ttl), {rr.rdata, rr.rdlength}});
    }
    return records;
}

// The name at the start of `data`, in a form fit for comparing only.
std::optional<std::string> read_owner(const ns_msg& message, Octets data)
{
    char name[NS_MAXDNAME];
    const int size = dn_expand(ns_msg_base(message), data.data() + data.size(), data.data(), name, sizeof name);
    if (size < 0 || static_cast<std::size_t>(size) != data.size())
        return std::nullopt;
    return to_lower(name);
}

// The name that fills `data`, without its last dot. What is not plain in a
// label stands as \DDD (RFC 1035 5.1), so that a dot always ends a label: a
// PTR record cannot make the label "evil.example" look like two.
std::optional<std::string> read_name(const ns_msg& message, Octets data)
{
    std::array<std::uint8_t, NS_MAXCDNAME> labels{};
    const int size =
        ns_name_unpack(ns_msg_base(message), data.data() + data.size(), data.data(), labels.data(), labels.size());
    if (size < 0 || static_cast<std::size_t>(size) != data.size())
        return std::nullopt;
    std::string name;
    for (const auto* label = labels.data(); *label != 0; label += *label + 1) {
        if (!name.empty())
            name += '.';
        for (const std::uint8_t octet : Octets(label + 1, *label)) {
            if (octet <= ' ' || octet > '~' || octet == '.' || octet == '\\')
                name += fmt::format("\\{:03}", octet);
            else
                name += static_cast<char>(octet);
        }
    }
    return name;
}

// RFC 7208 3.3: the strings of one TXT record are joined without anything between
std::optional<std::string> read_strings(Octets data)
{
    if (data.empty())
        return std::nullopt; // RFC 1035 3.3.14: one or more
    std::string text;
    while (!data.empty()) {
        const std::size_t size = data[0];
        if (size >= data.size())
            return std::nullopt;
        text.append(reinterpret_cast<const char*>(data.data() + 1), size);
        data = data.subspan(1 + size);
    }
    return text;
}

template <std::size_t N>
std::array<std::uint8_t, N> copy_octets(Octets data)
{
    std::array<std::uint8_t, N> octets{};
    std::copy_n(data.begin(), N, octets.begin());
    return octets;
}

// One record as text; MX without its preference.
std::optional<std::string> read_record(const ns_msg& message, Octets data, RrType type)
{
    switch (type) {
    case RrType::a:
        return data.size() == 4 ? std::optional(IpAddress::v4(copy_octets<4>(data)).text()) : std::nullopt;
    case RrType::aaaa:
        return data.size() == 16 ? std::optional(IpAddress::v6(copy_octets<16>(data)).text()) : std::nullopt;
    case RrType::ns:
    case RrType::cname:
    case RrType::ptr:
        return read_name(message, data);
    case RrType::mx:
        return data.size() > 2 ? read_name(message, data.subspan(2)) : std::nullopt;
    case RrType::txt:
        return read_strings(data);
    }
    return std::nullopt;
}

// Where the aliases lead from the name asked for (RFC 1034 3.6.2), whatever
// the order they stand in, and the shortest TTL on the way.
struct Alias {
    std::string name;
    std::uint32_t ttl = 0x7fffffff;
};

std::optional<Alias> follow_aliases(const ns_msg& message, const std::vector<Record>& answer, std::string name)
{
    Alias alias{std::move(name)};
    for (int hops = 0; hops <= longest_alias_chain; ++hops) {
        const auto next = std::find_if(answer.begin(), answer.end(), [&](const Record& record) {
            return record.type == ns_t_cname && record.owner == alias.name;
        });
        if (next == answer.end())
            return alias;
        const auto target = read_owner(message, next->data);
        if (!target)
            return std::nullopt;
        alias = {*target, std::min(alias.ttl, next->ttl)};
    }
    return std::nullopt;
}

// RFC 2308 5: the smaller one of the SOA's own TTL and its last field, MINIMUM
std::optional<std::uint32_t> negative_ttl(const std::vector<Record>& authority)
{
    constexpr std::size_t smallest_soa = 2 + 5 * 4; // two names of one octet each, five numbers
    for (const auto& record : authority)
        if (record.type == ns_t_soa && record.data.size() >= smallest_soa)
            return std::min(record.ttl, read_ttl(read_32(record.data.last(4))));
    return std::nullopt;
}

DnsReply read_negative(DnsStatus status, const ns_msg& header, const Alias& alias, const std::vector<Record>& authority)
{
    const auto soa_ttl = negative_ttl(authority);
    const bool refers_to_others =
        std::any_of(authority.begin(), authority.end(), [](const Record& record) { return record.type == ns_t_ns; });
    if (status == DnsStatus::nodata && !soa_ttl && refers_to_others && !ns_msg_getflag(header, ns_f_aa))
        return {}; // RFC 2308 2.2: a referral says "ask them", not "no data"
    const std::chrono::seconds ttl = soa_ttl ? std::chrono::seconds(*soa_ttl) : negative_ttl_without_soa;
    return {status, {}, std::min({ttl, std::chrono::seconds(alias.ttl), longest_negative_ttl})};
}

DnsReply read_positive(const ns_msg& message, const std::vector<Record>& answer, const Alias& alias, RrType type)
{
    std::uint32_t ttl = alias.ttl;
    std::vector<std::pair<int, std::string>> texts; // with the preference of MX, and 0 for the rest
    for (const auto& record : answer) {
        if (record.type != static_cast<int>(type) || record.owner != alias.name)
            continue;
        auto text = read_record(message, record.data, type);
        if (!text)
            return {};
        texts.emplace_back(type == RrType::mx ? read_16(record.data) : 0, std::move(*text));
        ttl = std::min(ttl, record.ttl);
    }
    // RFC 5321 5.1: the lowest preference first
    std::stable_sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });

    DnsReply reply{DnsStatus::found, {}, std::chrono::seconds(ttl)};
    for (auto& [preference, text] : texts)
        reply.records.push_back(std::move(text));
    return reply;
}

DnsReply read_packet(Octets packet, RrType type)
{
    ns_msg message;
    if (ns_initparse(packet.data(), static_cast<int>(packet.size()), &message) != 0)
        return {};
    // c-ares has asked again by TCP if the answer was truncated; if it still is, half of it is no answer
    if (!ns_msg_getflag(message, ns_f_qr) || ns_msg_getflag(message, ns_f_tc) || ns_msg_count(message, ns_s_qd) != 1)
        return {};
    const int rcode = ns_msg_getflag(message, ns_f_rcode);
    if (rcode != ns_r_noerror && rcode != ns_r_nxdomain)
        return {};

    ns_rr question;
    if (ns_parserr(&message, ns_s_qd, 0, &question) != 0)
        return {};
    const auto answer = read_section(message, ns_s_an);
    const auto authority = read_section(message, ns_s_ns);
    if (!answer || !authority)
        return {};
    const auto alias = type == RrType::cname ? std::optional(Alias{to_lower(question.name)})
                                             : follow_aliases(message, *answer, to_lower(question.name));
    if (!alias)
        return {};

    // RFC 8020 2, RFC 2308 2.1: with aliases, it is the last name that does not exist
    if (rcode == ns_r_nxdomain)
        return read_negative(DnsStatus::nxdomain, message, *alias, *authority);
    auto reply = read_positive(message, *answer, *alias, type);
    if (reply.status == DnsStatus::found && reply.records.empty())
        return read_negative(DnsStatus::nodata, message, *alias, *authority);
    return reply;
}

} // namespace

DnsReply read_ares_reply(int ares_status, std::span<const std::uint8_t> packet, RrType type)
{
    switch (ares_status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
        return read_packet(packet, type);
    case ARES_ENOTFOUND:
        if (!packet.empty())
            return read_packet(packet, type);
        [[fallthrough]]; // .onion, which c-ares will not ask for (RFC 7686 2)
    case ARES_EBADNAME: // a name that cannot be asked cannot exist
        return {DnsStatus::nxdomain, {}, negative_ttl_without_soa};
    default: // a status we do not know is "ask again", never "no such name"
        return {};
    }
}

} // namespace postern
