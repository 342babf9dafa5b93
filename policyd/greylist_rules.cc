#include "policyd/greylist_rules.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::string_view dynamic_words[] = {"dyn",   "dynamic", "dhcp", "dial", "dialin", "dialup", "dip",  "dsl",
                                              "adsl",  "vdsl",    "xdsl", "ppp",  "pppoe",  "pool",   "cable"};

const SharedSpfAnswer& spf_answer(const PolicyRequest& request, const PolicyMessage& message)
{
    return request.sender_address.is_null() ? message.spf_helo : message.spf_mail_from;
}

// The value of a run of digits; -1: no octet has it.
int octet_of(std::string_view digits)
{
    while (digits.size() > 1 && digits[0] == '0')
        digits.remove_prefix(1);
    if (digits.size() > 3)
        return -1;
    int value = 0;
    for (const char digit : digits)
        value = value * 10 + (digit - '0');
    return value;
}

} // namespace

bool passes_spf(const PolicyRequest& request, const PolicyMessage& message)
{
    const auto& answer = spf_answer(request, message);
    return answer && answer->result == SpfResult::pass;
}

bool looks_dynamic(std::string_view client_name, const IpAddress& client)
{
    bool has_third = !client.is_v4(), has_fourth = false; // of an IPv6 address no number is looked for
    while (!client_name.empty()) {
        const auto kind = is_alpha(client_name[0]) ? is_alpha : is_digit(client_name[0]) ? is_digit : nullptr;
        const auto end = kind ? std::find_if_not(client_name.begin(), client_name.end(), kind) : client_name.begin() + 1;
        const auto run = client_name.substr(0, static_cast<std::size_t>(end - client_name.begin()));
        client_name.remove_prefix(run.size());
        if (kind == is_alpha) {
            const auto is_same = [&](std::string_view word) { return equals_ignoring_case(word, run); };
            if (std::any_of(std::begin(dynamic_words), std::end(dynamic_words), is_same))
                return true;
        } else if (kind == is_digit && client.is_v4()) {
            const int value = octet_of(run);
            if (!has_third && value == client.octets()[2]) // the two need not be one number
                has_third = true;
            else if (value == client.octets()[3])
                has_fourth = true;
            if (has_third && has_fourth)
                return true;
        }
    }
    return false;
}

GreylistRules::GreylistRules(const GreylistSettings& settings, std::shared_ptr<const TrustedClients> trusted,
                             std::shared_ptr<const CurrentGreylistLists> lists)
    : trusted_(std::move(trusted))
    , lists_(std::move(lists))
    , other_domains_{!settings.listed_domains_only, settings.delay}
    , only_suspicious_(settings.when == "suspicious")
{
    const auto is_sign = [&](std::string_view sign) {
        return std::find(settings.suspicious.begin(), settings.suspicious.end(), sign) != settings.suspicious.end();
    };
    wants_name_ = is_sign("no_reverse_name");
    wants_static_name_ = is_sign("dynamic_name");
    wants_spf_pass_ = is_sign("spf_not_pass");
    if (is_sign("dnsbl_score"))
        score_ = settings.suspicious_score;
    for (const auto& domain : settings.domains)
        domains_.insert_or_assign(to_a_labels(domain.domain).value_or(domain.domain),
                                  Domain{domain.enable, domain.delay.count() > 0 ? domain.delay : settings.delay});
}

const GreylistRules::Domain& GreylistRules::domain_of(const MailAddress& recipient) const
{
    if (domains_.empty())
        return other_domains_;
    const auto it = find_domain(domains_, recipient.domain);
    return it == domains_.end() ? other_domains_ : it->second;
}

std::chrono::seconds GreylistRules::delay(const MailAddress& recipient) const
{
    return domain_of(recipient).delay;
}

void GreylistRules::look_ahead(const PolicyRequest& request, bool is_first) const
{
    auto& hash = request.ahead.listed_client;
    if (is_first)
        hash = lists_->lists->look_ahead(*request.client, request.client_name);
    else
        lists_->lists->look_ahead(hash);
}

std::string_view GreylistRules::exemption(const PolicyRequest& request, const PolicyMessage& message) const
{
    if (!request.client || request.client_name.empty() || !request.has_sender || request.recipient.empty())
        return "no triplet";
    if (const auto trust = trusted_->trust(request); !trust.empty())
        return trust;
    if (!domain_of(request.recipient_address).is_wanted)
        return "not wanted"; // by the recipient's domain
    auto& lists = *lists_->lists;
    if (lists.has_client(*request.client, request.client_name, request.ahead.listed_client))
        return "client whitelist";
    if (lists.has_recipient(request.recipient_address, request.recipient))
        return "recipient whitelist";
    if (passes_spf(request, message) && lists.has_sender(request.sender_address, request.sender))
        return "sender whitelist";
    if (message.is_dnsbl_allowed)
        return "DNS allow list";
    if (only_suspicious_ && !is_suspicious(request, message))
        return "not suspicious";
    return {};
}

// What was not asked (SPF, DNS lists) is no sign.
bool GreylistRules::is_suspicious(const PolicyRequest& request, const PolicyMessage& message) const
{
    if (wants_name_ && request.client_name == "unknown")
        return true;
    if (score_ && message.dnsbl_score && *message.dnsbl_score >= *score_)
        return true;
    if (wants_spf_pass_ && spf_answer(request, message) && !passes_spf(request, message))
        return true;
    return wants_static_name_ && looks_dynamic(request.client_name, *request.client);
}

} // namespace postern
