#include "milterd/dkim_judge.h"

#include <algorithm>
#include <cstdint>

namespace postern {
namespace {

DkimVerdict verdict(DkimResult result, std::string reason)
{
    return {result, std::move(reason)};
}

DkimVerdict key_verdict(DkimResult result, std::string reason)
{
    return {result, std::move(reason), DkimCause::key};
}

bool is_within(std::string_view name, std::string_view domain)
{
    if (name.size() > domain.size())
        return name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.';
    return name == domain;
}

std::optional<DkimVerdict> judge_times(const DkimSignature& signature, Timestamp now, std::chrono::seconds drift)
{
    // RFC 6376 3.5: t= in the future and x= in the past are for the verifier's own policy
    const auto time_of = [](std::uint64_t seconds) { // the parser has seen to it that they fit
        return Timestamp(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
    };
    if (signature.signed_at && time_of(*signature.signed_at) > now + drift)
        return verdict(DkimResult::policy, "signed in the future");
    if (signature.expires_at && signature.signed_at && *signature.expires_at <= *signature.signed_at)
        return verdict(DkimResult::permerror, "x= is not after t=");
    if (signature.expires_at && time_of(*signature.expires_at) <= now - drift)
        return verdict(DkimResult::policy, "signature expired");
    return std::nullopt;
}

std::optional<DkimVerdict> judge_record(const DkimKeyRecord& record, const DkimSignature& signature)
{
    if (record.public_key.empty())
        return key_verdict(DkimResult::permerror, "key revoked");
    const auto wanted = signature.algorithm == DkimAlgorithm::ed25519_sha256 ? DkimKeyType::ed25519 : DkimKeyType::rsa;
    if (record.key_type != wanted) // RFC 6376 6.1.2, 5
        return key_verdict(DkimResult::permerror, "key is of another type than a=");
    if (!record.permits_sha256)
        return key_verdict(DkimResult::permerror, "key does not permit sha256");
    if (!record.permits_email)
        return key_verdict(DkimResult::permerror, "key is not for mail");
    if (record.is_exact && signature.identity_domain != signature.signing_domain)
        return key_verdict(DkimResult::permerror, "key forbids that i= has a subdomain");
    return std::nullopt;
}

// One name should have one key (RFC 6376 3.6.2.2), but may have other TXT records beside it.
FoundKey choose_record(const std::vector<std::string>& records, const DkimSignature& signature)
{
    std::optional<DkimKeyRecord> chosen;
    std::string fault;
    for (const auto& text : records) {
        auto record = parse_dkim_key_record(text);
        if (!record) {
            fault = record.error().what;
            continue;
        }
        if (chosen)
            return {key_verdict(DkimResult::permerror, "several key records"), {}};
        chosen = std::move(*record);
    }
    if (!chosen)
        return {key_verdict(DkimResult::permerror, "key record: " + fault), {}};
    return {judge_record(*chosen, signature), *chosen};
}

} // namespace

std::optional<DkimVerdict> judge_signature(const DkimSignature& signature, Timestamp now, std::chrono::seconds drift)
{
    if (!signature.fault.empty())
        return verdict(DkimResult::neutral, signature.fault);
    if (signature.algorithm == DkimAlgorithm::rsa_sha1) // RFC 8301 3.1; libopendkim would let it pass
        return verdict(DkimResult::policy, "rsa-sha1");
    if (!signature.signs("from")) // RFC 6376 5.4, 6.1.1
        return verdict(DkimResult::permerror, "From is not signed");
    if (!is_within(signature.identity_domain, signature.signing_domain)) // RFC 6376 6.1.1
        return verdict(DkimResult::permerror, "i= is not within d=");
    return judge_times(signature, now, drift);
}

std::optional<DkimVerdict> judge_must_be_signed(std::span<const std::string> names, std::span<const std::size_t> covered,
                                                std::span<const std::string> must)
{
    for (std::size_t at = 0; at < names.size(); ++at)
        if (std::find(must.begin(), must.end(), names[at]) != must.end()
            && !std::binary_search(covered.begin(), covered.end(), at)) // which is in the order of the header
            return verdict(DkimResult::policy, names[at] + " is not signed");
    return std::nullopt;
}

FoundKey judge_key_reply(const DnsReply& reply, const DkimSignature& signature)
{
    switch (reply.status) {
    case DnsStatus::found:
        return choose_record(reply.records, signature);
    case DnsStatus::nodata:
    case DnsStatus::nxdomain:
        return {key_verdict(DkimResult::permerror, "no key"), {}};
    case DnsStatus::tempfail: // RFC 6376 6.1.2, 2: never taken for "no key"
        return {key_verdict(DkimResult::temperror, "key cannot be looked up now"), {}};
    }
    return {key_verdict(DkimResult::temperror, "key cannot be looked up now"), {}}; // unreachable, see -Wswitch
}

std::optional<DkimVerdict> judge_key_bits(int bits, int minimum_bits)
{
    constexpr int least_bits = 1024; // RFC 8301 3.2: whatever the operator says
    if (bits < std::max(minimum_bits, least_bits))
        return verdict(DkimResult::policy, "key of " + std::to_string(bits) + " bits is too short");
    if (bits > dkim_maximum_key_bits)
        return verdict(DkimResult::policy, "key of " + std::to_string(bits) + " bits is too long");
    return std::nullopt;
}

namespace {

FilterAction action_for(const DkimVerdict& outcome, const DkimActions& actions)
{
    switch (outcome.result) {
    case DkimResult::pass:
        return FilterAction::accept;
    case DkimResult::none:
        return actions.no_signature;
    case DkimResult::fail:
        return actions.bad_signature;
    case DkimResult::policy:
        return actions.security;
    case DkimResult::neutral:
        return actions.signature_error;
    case DkimResult::permerror:
        return outcome.cause == DkimCause::key ? actions.key_not_found : actions.signature_error;
    case DkimResult::temperror:
        return outcome.cause == DkimCause::inside ? actions.internal_error : actions.dns_error;
    }
    return FilterAction::accept; // unreachable, see -Wswitch
}

// RFC 7372 3.1 for what is permanent; a DNS that does not answer is X.7.5, "cryptographic failure".
std::string status_for(const DkimVerdict& outcome)
{
    if (outcome.result == DkimResult::temperror)
        return outcome.cause == DkimCause::inside ? "3.0" : "7.5";
    return outcome.result == DkimResult::policy ? "7.21" : "7.20";
}

} // namespace

FilterVerdict apply_dkim_action(const DkimVerdict& outcome, const DkimActions& actions)
{
    FilterVerdict applied;
    applied.action = action_for(outcome, actions);
    if (applied.action == FilterAction::accept)
        return applied;
    applied.status = status_for(outcome);
    applied.text = outcome.result == DkimResult::policy ? "No acceptable DKIM signature found"
                                                        : "No passing DKIM signature found";
    if (!outcome.reason.empty())
        applied.text += ": " + outcome.reason;
    return applied;
}

} // namespace postern
