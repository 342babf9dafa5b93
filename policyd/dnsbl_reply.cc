#include "policyd/dnsbl_reply.h"

#include "common/text.h"

#include <algorithm>
#include <charconv>

namespace postern {
namespace {

constexpr int deferral_code = 450; // what Postfix itself says for DEFER_IF_PERMIT

std::string_view class_of(DnsblZoneType type)
{
    switch (type) {
    case DnsblZoneType::address:
    case DnsblZoneType::client_name:
        return "Client host";
    case DnsblZoneType::helo:
        return "Helo command";
    case DnsblZoneType::sender_domain:
        return "Sender address";
    }
    return ""; // unreachable: -Wswitch names a type without a case
}

std::string_view what_of(DnsblZoneType type, const PolicyRequest& request)
{
    switch (type) {
    case DnsblZoneType::address:
        return request.client_address;
    case DnsblZoneType::client_name:
        return request.client_name;
    case DnsblZoneType::helo:
        return request.helo_name;
    case DnsblZoneType::sender_domain:
        return request.sender;
    }
    return ""; // unreachable, as above
}

std::string_view or_null(std::string_view address)
{
    return address.empty() ? "<>" : address;
}

std::string_view or_unknown(std::string_view name)
{
    return name.empty() ? "unknown" : name;
}

std::string_view domain_of(std::string_view address)
{
    const auto at = address.rfind('@');
    return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

std::string_view local_part_of(std::string_view address)
{
    return or_null(address.substr(0, address.rfind('@')));
}

// What stands in a template's place, one name at a time.
class Values {
public:
    Values(const DnsblCase& refused, int code, const PolicyRequest& request)
        : refused_(refused)
        , request_(request)
        , code_(std::to_string(code))
        , client_(concat({or_unknown(request.client_name), "[", request.client_address, "]"}))
    {
    }

    std::string_view operator()(std::string_view name) const
    {
        const std::pair<std::string_view, std::string_view> all[] = {
            {"rbl_code", code_},
            {"rbl_class", class_of(refused_.list.type)},
            {"rbl_what", or_null(what_of(refused_.list.type, request_))},
            {"rbl_domain", refused_.list.public_name},
            {"rbl_reason", refused_.reason},
            {"client", client_},
            {"client_address", request_.client_address},
            {"client_name", or_unknown(request_.client_name)},
            {"reverse_client_name", or_unknown(request_.reverse_client_name)},
            {"helo_name", request_.helo_name},
            {"sender", or_null(request_.sender)},
            {"sender_name", local_part_of(request_.sender)},
            {"sender_domain", domain_of(request_.sender)},
            {"recipient", or_null(request_.recipient)},
            {"recipient_name", local_part_of(request_.recipient)},
            {"recipient_domain", domain_of(request_.recipient)},
        };
        for (const auto& [known, value] : all)
            if (known == name)
                return value;
        return {};
    }

private:
    const DnsblCase& refused_;
    const PolicyRequest& request_;
    std::string code_, client_;
};

// The word that `text` begins with; `text` loses it.
std::string_view take_reply_word(std::string_view& text)
{
    const auto word = text.substr(0, text.find(' '));
    text = trim(text.substr(word.size()));
    return word;
}

// RFC 3463 2: class "." subject "." detail
bool is_enhanced_status(std::string_view word)
{
    const auto parts = split(word, '.');
    return parts.size() == 3 && (parts[0] == "4" || parts[0] == "5")
        && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
               return !part.empty() && part.size() <= 3 && std::all_of(part.begin(), part.end(), is_digit);
           });
}

} // namespace

Verdict dnsbl_verdict(const DnsblCase& refused, const DnsblSettings& settings, const PolicyRequest& request)
{
    const bool is_deferred = refused.outcome == DnsblMarks::Outcome::defer || settings.action == DnsblAction::defer;
    const int code = is_deferred ? deferral_code : static_cast<int>(settings.reject_code);
    const auto whole = refused.rule.reply->expand(Values(refused, code, request));

    std::string_view text = whole;
    const auto code_word = take_reply_word(text);
    Verdict verdict;
    std::from_chars(code_word.data(), code_word.data() + code_word.size(), verdict.code);
    auto rest = text;
    if (const auto status = take_reply_word(rest); is_enhanced_status(status)) {
        verdict.status = status.substr(2);
        text = rest;
    }
    verdict.text = text.empty() ? "Service unavailable" : text;

    if (!is_deferred && settings.action == DnsblAction::warn) {
        verdict.action = Action::warn;
    } else if (is_deferred || verdict.code < 500) {
        verdict.action = Action::defer_if_permit; // a permanent refusal by what comes after is worth more
        if (verdict.code == deferral_code || verdict.code >= 500)
            verdict.code = 0;
    } else {
        verdict.action = Action::reject;
    }
    return verdict;
}

} // namespace postern
