#include "policyd/policy_request.h"

#include "common/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace postern {
namespace {

struct Attribute {
    std::string_view name;
    std::string PolicyRequest::*field;
};

// No two have the same length and the same last letter: a look at those tells which one a line
// may be, or that it is none that we want.
constexpr Attribute attributes[] = {
    {"protocol_state", &PolicyRequest::protocol_state},
    {"client_address", &PolicyRequest::client_address},
    {"client_name", &PolicyRequest::client_name},
    {"reverse_client_name", &PolicyRequest::reverse_client_name},
    {"helo_name", &PolicyRequest::helo_name},
    {"sender", &PolicyRequest::sender},
    {"recipient", &PolicyRequest::recipient},
    {"instance", &PolicyRequest::instance},
    {"queue_id", &PolicyRequest::queue_id},
    {"sasl_username", &PolicyRequest::sasl_username},
    {"policy_context", &PolicyRequest::policy_context},
};

constexpr std::size_t longest_name = 24;

constexpr std::size_t place_of(std::string_view name)
{
    return name.size() % longest_name * 32 + static_cast<unsigned char>(name.back()) % 32;
}

// Index into `attributes` plus one, by place_of; 0: none.
constexpr auto attribute_places = [] {
    std::array<std::uint8_t, longest_name * 32> places{};
    for (std::size_t i = 0; i < std::size(attributes); ++i) {
        auto& place = places.at(place_of(attributes[i].name));
        if (place != 0)
            throw "two attributes meet"; // when it is compiled
        place = static_cast<std::uint8_t>(i + 1);
    }
    return places;
}();

const Attribute* find_attribute(std::string_view name)
{
    const auto place = attribute_places[place_of(name)];
    return place != 0 && attributes[place - 1].name == name ? &attributes[place - 1] : nullptr;
}

std::string shown(std::string_view line)
{
    return printable(line, 80);
}

// The addresses, once they are all known.
void understand(PolicyRequest& request)
{
    request.client.reset();
    if (const auto client = parse_ip_address(request.client_address))
        request.client = *client;
    request.sender_address = parse_mail_address(request.sender);
    request.recipient_address = parse_mail_address(request.recipient);
}

} // namespace

Result<PolicyRequest> parse_policy_request(std::string_view text)
{
    PolicyRequest request;
    if (const auto parsed = parse_policy_request(text, request); !parsed)
        return tl::unexpected(parsed.error());
    return request;
}

Result<> parse_policy_request(std::string_view text, PolicyRequest& request)
{
    for (const auto& attribute : attributes)
        (request.*attribute.field).clear();
    bool is_access_policy = false;

    if (text.find('\0') != std::string_view::npos)
        return fail("policy request: holds a NUL");

    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));

        const auto equals = line.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return fail("policy request: not name=value: \"{}\"", shown(line));
        const auto name = line.substr(0, equals);
        const auto value = line.substr(equals + 1);

        if (name == "request") {
            if (value != "smtpd_access_policy")
                return fail("policy request: request is \"{}\", not smtpd_access_policy", shown(value));
            is_access_policy = true;
            continue;
        }
        if (const auto* known = find_attribute(name))
            request.*known->field = value;
    }
    if (!is_access_policy)
        return fail("policy request: has no request=smtpd_access_policy");
    understand(request);
    return {};
}

} // namespace postern
