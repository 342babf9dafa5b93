#include "policyd/policy_message.h"

#include "common/text.h"
#include "policyd/policy_request.h"

#include <algorithm>

namespace postern {
namespace {

// A check has one header a message; this bounds the loops whatever checks there will be.
constexpr std::size_t header_limit = 16;

std::string_view name_of(std::string_view field)
{
    return trim(field.substr(0, field.find(':')));
}

} // namespace

bool RequestId::is_repeated_by(const PolicyRequest& request, std::uint64_t on_connection) const
{
    return connection != on_connection && state == request.protocol_state && context == request.policy_context
        && recipient == request.recipient;
}

std::shared_ptr<PolicyMessage> PolicyMessage::for_observers()
{
    if (!observed_)
        observed_ = std::make_shared<PolicyMessage>();
    auto& seen = *observed_;
    if (spf_helo)
        seen.spf_helo = spf_helo;
    if (spf_mail_from)
        seen.spf_mail_from = spf_mail_from;
    if (dnsbl_score) {
        seen.dnsbl_score = dnsbl_score;
        seen.is_dnsbl_allowed = is_dnsbl_allowed;
    }
    return observed_;
}

void PolicyMessage::contribute(std::string field)
{
    const bool is_known = std::any_of(headers.begin(), headers.end(), [&](const Header& header) {
        return equals_ignoring_case(name_of(header.field), name_of(field));
    });
    if (!is_known && headers.size() < header_limit)
        headers.push_back({std::move(field), {}});
}

std::string_view PolicyMessage::take_header(const PolicyRequest& request, std::uint64_t connection)
{
    const auto repeated = std::find_if(headers.begin(), headers.end(), [&](const Header& header) {
        return header.sent_in && header.sent_in->is_repeated_by(request, connection);
    });
    const auto due = std::find_if(headers.begin(), headers.end(), [](const Header& header) { return !header.sent_in; });

    const auto header = repeated != headers.end() ? repeated : due;
    if (header == headers.end())
        return {};
    header->sent_in = RequestId{request.protocol_state, request.policy_context, request.recipient, connection};
    return header->field;
}

} // namespace postern
