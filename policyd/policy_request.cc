#include "policyd/policy_request.h"

#include "common/octets.h"
#include "common/text.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace postern {
namespace {

struct Attribute {
    std::string_view name;
    std::string PolicyRequest::*field; // null: its value is of no use here
};

// All that Postfix sends, in its order (SMTPD_POLICY_README, smtpd_check.c): the next line is nearly always that of
// the next attribute, and then its name is only compared. Who sends others, or in another order, is served more slowly.
constexpr Attribute attributes[] = {
    {"request", nullptr},
    {"protocol_state", &PolicyRequest::protocol_state},
    {"protocol_name", nullptr},
    {"client_address", &PolicyRequest::client_address},
    {"client_name", &PolicyRequest::client_name},
    {"client_port", nullptr},
    {"reverse_client_name", &PolicyRequest::reverse_client_name},
    {"server_address", nullptr},
    {"server_port", nullptr},
    {"helo_name", &PolicyRequest::helo_name},
    {"sender", &PolicyRequest::sender},
    {"recipient", &PolicyRequest::recipient},
    {"recipient_count", nullptr},
    {"queue_id", &PolicyRequest::queue_id},
    {"instance", &PolicyRequest::instance},
    {"size", nullptr},
    {"etrn_domain", nullptr},
    {"stress", nullptr},
    {"sasl_method", nullptr},
    {"sasl_username", &PolicyRequest::sasl_username},
    {"sasl_sender", nullptr},
    {"ccert_subject", nullptr},
    {"ccert_issuer", nullptr},
    {"ccert_fingerprint", nullptr},
    {"ccert_pubkey_fingerprint", nullptr},
    {"encryption_protocol", nullptr},
    {"encryption_cipher", nullptr},
    {"encryption_keysize", nullptr},
    {"policy_context", &PolicyRequest::policy_context},
    {"compatibility_level", nullptr},
    {"mail_version", nullptr},
};
constexpr auto attribute_count = std::size(attributes);
constexpr std::size_t request_place = 0;

// As memcmp(3), but without a call: it is asked thirty times a request.
bool is_same(const char* a, const char* b, std::size_t size)
{
    if (size < 8)
        return std::equal(a, a + size, b);
    for (std::size_t i = 0; i + 8 < size; i += 8)
        if (load_octets(a + i) != load_octets(b + i))
            return false;
    return load_octets(a + size - 8) == load_octets(b + size - 8);
}

// Whether `text` begins with a line of this attribute.
bool begins_with(std::string_view text, const Attribute& attribute)
{
    const auto size = attribute.name.size();
    return text.size() > size && text[size] == '=' && is_same(text.data(), attribute.name.data(), size);
}

// The place of the attribute that `text` begins with, at first where it is expected; attribute_count: none of them.
std::size_t attribute_of(std::string_view text, std::size_t expected)
{
    if (expected < attribute_count && begins_with(text, attributes[expected]))
        return expected;
    const auto* const found = std::find_if(std::begin(attributes), std::end(attributes),
                                           [&](const Attribute& attribute) { return begins_with(text, attribute); });
    return static_cast<std::size_t>(found - attributes);
}

// As std::find, which looks at one octet at a time.
const char* find(const char* from, const char* end, char c)
{
    const auto* const found = static_cast<const char*>(std::memchr(from, c, static_cast<std::size_t>(end - from)));
    return found ? found : end;
}

const char* after_line(const char* line_end, const char* end)
{
    return line_end == end ? end : line_end + 1;
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
        if (attribute.field)
            (request.*attribute.field).clear();
    request.has_sender = false;
    bool is_access_policy = false;

    const char* const end = text.data() + text.size();
    const char* at = text.data();
    std::size_t expected = 0;
    while (at != end && *at != '\n') {
        const auto place = attribute_of({at, end}, expected);
        if (place == attribute_count) {
            const std::string_view line(at, find(at, end, '\n'));
            if (const auto name_end = line.find('='); name_end == 0 || name_end == std::string_view::npos)
                return fail("policy request: not name=value: \"{}\"", shown(line));
            at = after_line(line.data() + line.size(), end);
            continue;
        }
        expected = place + 1;
        const auto& attribute = attributes[place];
        const auto* const begin = at + attribute.name.size() + 1;
        const std::string_view value(begin, begin != end && *begin == '\n' ? begin : find(begin, end, '\n')); // half are empty
        at = after_line(value.data() + value.size(), end);
        if (attribute.field) {
            request.*attribute.field = value;
            request.has_sender |= attribute.field == &PolicyRequest::sender;
        } else if (place == request_place) {
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
    return static_cast<std::size_t>(after_line(at, end) - text.data());
}

} // namespace postern
