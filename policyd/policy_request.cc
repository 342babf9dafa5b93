#include "policyd/policy_request.h"

#include "common/text.h"

#include <array>
#include <cstdint>
#include <cstring>

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

constexpr std::size_t name_limit = 32; // a longer one is none of ours

constexpr std::size_t place_of(const char* name, std::size_t size)
{
    return size * 32 + static_cast<unsigned char>(name[size - 1]) % 32;
}

// Index into `attributes` plus one, by place_of; 0: none.
constexpr auto attribute_places = [] {
    std::array<std::uint8_t, name_limit * 32> places{};
    for (std::size_t i = 0; i < std::size(attributes); ++i) {
        auto& place = places.at(place_of(attributes[i].name.data(), attributes[i].name.size()));
        if (place != 0)
            throw "two attributes meet"; // when it is compiled
        place = static_cast<std::uint8_t>(i + 1);
    }
    return places;
}();

const Attribute* find_attribute(std::string_view name)
{
    const auto place = name.size() < name_limit ? attribute_places[place_of(name.data(), name.size())] : 0;
    return place != 0 && attributes[place - 1].name == name ? &attributes[place - 1] : nullptr;
}

// As std::find, which looks at one octet at a time.
const char* find(const char* from, const char* end, char c)
{
    const auto* const found = static_cast<const char*>(std::memchr(from, c, static_cast<std::size_t>(end - from)));
    return found ? found : end;
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
    const auto size = parse_policy_request(text, request);
    if (!size)
        return tl::unexpected(size.error());
    if (*size != text.size())
        return fail("policy request: an empty line ends it before \"{}\"", shown(text.substr(*size)));
    return request;
}

Result<std::size_t> parse_policy_request(std::string_view text, PolicyRequest& request)
{
    for (const auto& attribute : attributes)
        (request.*attribute.field).clear();
    request.has_sender = false;
    bool is_access_policy = false;

    const char* const end = text.data() + text.size();
    const char* at = text.data();
    while (at != end && *at != '\n') {
        const auto* line_end = find(at, end, '\n');
        const auto* const name_end = find(at, line_end, '=');
        if (name_end == line_end || name_end == at)
            return fail("policy request: not name=value: \"{}\"", shown({at, line_end}));
        const std::string_view name(at, name_end);
        const std::string_view value(name_end + 1, line_end);
        at = line_end == end ? end : line_end + 1;

        if (const auto* known = find_attribute(name)) {
            request.*known->field = value;
            request.has_sender |= known->field == &PolicyRequest::sender;
        } else if (name == "request") {
            if (value != "smtpd_access_policy")
                return fail("policy request: request is \"{}\", not smtpd_access_policy", shown(value));
            is_access_policy = true;
        }
    }
    if (find(text.data(), at, '\0') != at)
        return fail("policy request: holds a NUL");
    if (!is_access_policy)
        return fail("policy request: has no request=smtpd_access_policy");
    understand(request);
    return static_cast<std::size_t>((at == end ? end : at + 1) - text.data());
}

} // namespace postern
