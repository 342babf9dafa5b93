#include "milterd/clamd_addresses.h"

#include "common/mail_address.h"
#include "common/read_file.h"
#include "common/text.h"

#include <algorithm>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>
#include <cstring>
#include <netinet/in.h>

namespace postern {
namespace {

constexpr std::size_t hosts_limit = 1 << 20;
constexpr std::size_t most_addresses = 16; // of one name
constexpr auto hosts_path = "/etc/hosts";

template <class Address>
ClamdEndpoint endpoint_of(const Address& address)
{
    ClamdEndpoint endpoint;
    std::memcpy(&endpoint.address, &address, sizeof address);
    endpoint.size = sizeof address;
    return endpoint;
}

ClamdEndpoint endpoint_of(const IpAddress& host, std::uint16_t port)
{
    if (host.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        std::memcpy(&in.sin_addr, host.octets().data(), sizeof in.sin_addr);
        return endpoint_of(in);
    }
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    std::memcpy(&in6.sin6_addr, host.octets().data(), sizeof in6.sin6_addr);
    return endpoint_of(in6);
}

std::vector<IpAddress> loopback()
{
    std::array<std::uint8_t, 16> v6{};
    v6.back() = 1;
    return {IpAddress::v4({127, 0, 0, 1}), IpAddress::v6(v6)};
}

asio::awaitable<std::vector<IpAddress>> ask_addresses(Resolver& resolver, std::string name, Deadline deadline)
{
    std::vector<IpAddress> addresses;
    for (const auto type : {RrType::a, RrType::aaaa}) {
        const auto reply = co_await resolver.lookup(name, type, deadline);
        for (const auto& record : reply.records)
            if (const auto address = parse_ip_address(record); address && addresses.size() < most_addresses)
                addresses.push_back(*address);
    }
    co_return addresses;
}

std::future<std::vector<IpAddress>> at_once(std::vector<IpAddress> addresses)
{
    std::promise<std::vector<IpAddress>> promise;
    promise.set_value(std::move(addresses));
    return promise.get_future();
}

} // namespace

bool needs_look_up(const SocketAddress& address)
{
    return !address.is_unix() && !parse_ip_address(address.host);
}

std::vector<ClamdEndpoint> clamd_endpoints(const SocketAddress& address, const std::vector<IpAddress>& host)
{
    if (address.is_unix())
        return {endpoint_of(unix_sockaddr(address.path))};
    std::vector<ClamdEndpoint> endpoints;
    for (const auto& at : host)
        endpoints.push_back(endpoint_of(at, address.port));
    return endpoints;
}

std::vector<ClamdEndpoint> known_endpoints(const SocketAddress& address)
{
    if (address.is_unix())
        return clamd_endpoints(address, {});
    if (const auto host = parse_ip_address(address.host))
        return clamd_endpoints(address, {*host});
    return {};
}

std::vector<IpAddress> addresses_in_hosts(std::string_view hosts, std::string_view name)
{
    std::vector<IpAddress> addresses;
    for (const auto line : split(hosts, '\n')) {
        const auto words = split_words(line.substr(0, line.find('#')));
        const auto is_name = [&](std::string_view word) { return equals_ignoring_case(word, name); };
        if (words.empty() || std::none_of(words.begin() + 1, words.end(), is_name))
            continue;
        if (const auto address = parse_ip_address(words[0]); address && addresses.size() < most_addresses)
            addresses.push_back(*address);
    }
    return addresses;
}

ClamdLookUp look_up_with(ResolverThread& dns, std::chrono::milliseconds limit)
{
    return [&dns, limit](const std::string& host) {
        if (equals_ignoring_case(host, "localhost"))
            return at_once(loopback());
        if (const auto hosts = read_file(hosts_path, hosts_limit))
            if (auto addresses = addresses_in_hosts(*hosts, host); !addresses.empty())
                return at_once(std::move(addresses));
        const auto name = to_a_labels(host);
        if (!name)
            return at_once({});
        return asio::co_spawn(dns.io(),
                              ask_addresses(dns.resolver(), *name, std::chrono::steady_clock::now() + limit),
                              asio::use_future);
    };
}

} // namespace postern
