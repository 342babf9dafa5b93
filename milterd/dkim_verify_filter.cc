#include "milterd/dkim_verify_filter.h"

#include "common/text.h"
#include "milterd/dkim.h"
#include "milterd/dkim_body_hash.h"
#include "milterd/dkim_header.h"
#include "milterd/dkim_judge.h"
#include "milterd/dkim_key_lookup.h"
#include "milterd/dkim_public_key.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>

namespace postern {

struct DkimVerifyFilter::Shared {
    DkimVerifyOptions options;
    std::shared_ptr<DkimLibrary> library;
    Resolver& resolver;
    asio::any_io_executor executor;
    const Clock& clock;
};

namespace {

// One signature on its way. Without a verdict nothing speaks against it so far.
struct Candidate {
    std::size_t at;            // its position in the header
    DkimSignature signature;
    std::vector<std::size_t> covered;
    std::optional<DkimVerdict> verdict;
    int key_bits = 0;
};

struct Hashes {
    DkimHeaderHash header;
    DkimBodyHash body;
};

bool is_open(const Candidate& candidate)
{
    return !candidate.verdict;
}

bool has_passed(const Candidate& candidate)
{
    return candidate.verdict->result == DkimResult::pass;
}

Identifier::Outcome identifier_outcome(DkimResult result)
{
    if (result == DkimResult::pass)
        return Identifier::Outcome::pass;
    return result == DkimResult::temperror ? Identifier::Outcome::temperror : Identifier::Outcome::other;
}

// RFC 6376 3.7: body hash and header hash, both right
DkimVerdict compare(const DkimSignature& signature, const Hashes& hashes, const DkimPublicKey& key)
{
    const auto& [header, body] = hashes;
    if (!header.fault.empty())
        return {DkimResult::neutral, header.fault};
    if (signature.body_length && *signature.body_length > body.body_size) // RFC 6376 3.5, l=
        return {DkimResult::permerror, "l= exceeds the body"};
    if (body.hash.empty() || body.hash != signature.body_hash)
        return {DkimResult::fail, "body hash did not verify"};
    if (!key.verify(header.hash, signature.signature))
        return {DkimResult::fail, "signature did not verify"};
    return {DkimResult::pass, ""};
}

void add_remark(DkimVerdict& verdict, const std::string& remark)
{
    verdict.reason += (verdict.reason.empty() ? "" : "; ") + remark;
}

AuthResult auth_result(const Candidate& candidate)
{
    constexpr std::size_t shown_of_signature = 8; // RFC 6008 4: enough to tell signatures apart
    const auto& signature = candidate.signature;
    AuthResult result{"dkim", std::string(dkim_result_name(candidate.verdict->result)), "",
                      candidate.verdict->reason, {}};
    if (candidate.key_bits != 0)
        result.comment = std::to_string(candidate.key_bits) + "-bit key";
    const auto add = [&](const char* property, std::string value) {
        if (!value.empty())
            result.properties.push_back({"header", property, std::move(value)});
    };
    add("d", signature.signing_domain);
    add("i", signature.signing_domain.empty() ? "" : signature.identity);
    add("s", signature.selector);
    add("a", signature.algorithm_text);
    add("b", signature.signature_text.substr(0, shown_of_signature));
    return result;
}

} // namespace

class DkimVerifyPass final : public FilterPass {
public:
    explicit DkimVerifyPass(std::shared_ptr<const DkimVerifyFilter::Shared> shared)
        : shared_(std::move(shared))
    {
    }

    void header_complete(const Message& message) override;
    void body(std::span<const char> chunk) override;
    FilterVerdict verdict(const Message& message, Findings& findings, Deadline deadline) override;

private:
    void read_signatures(const Message& message);
    void judge_coverage(const Message& message);
    void start_lookups();
    void start_hashing(const Message& message);
    Result<std::vector<Hashes>> hashes();
    void finish(Deadline deadline);
    void finish_one(Candidate& candidate, const DnsReply& reply, const Result<Hashes>& hashes) const;
    void report(Findings& findings) const;
    void judge_body_length(Candidate& candidate, std::uint64_t body_size) const;
    DkimVerdict outcome() const;
    FilterVerdict summary(const Message& message) const;

    std::shared_ptr<const DkimVerifyFilter::Shared> shared_;
    std::vector<Candidate> candidates_;
    std::size_t passed_over_ = 0;
    std::optional<DkimKeyLookup> lookup_;
    Result<std::vector<DkimHeaderHash>> header_hashes_; // of each candidate that is still open
    std::optional<DkimBodyHashing> body_hashing_;       // likewise
};

void DkimVerifyPass::header_complete(const Message& message)
{
    read_signatures(message);
    judge_coverage(message);
    if (std::none_of(candidates_.begin(), candidates_.end(), is_open))
        return;
    start_lookups();
    start_hashing(message);
}

void DkimVerifyPass::read_signatures(const Message& message)
{
    std::size_t from_fields = 0;
    for (std::size_t at = 0; at < message.header.size(); ++at) {
        const auto& field = message.header[at];
        from_fields += has_name(field, "From") ? 1 : 0;
        if (!equals_ignoring_case(field.name, "DKIM-Signature"))
            continue;
        if (candidates_.size() == shared_->options.max_signatures) {
            ++passed_over_;
            continue;
        }
        auto signature = parse_dkim_signature(field.value);
        auto verdict = judge_signature(signature, shared_->clock.now(), shared_->options.clock_drift);
        candidates_.push_back({at, std::move(signature), {}, std::move(verdict)});
    }
    if (from_fields == 1)
        return;
    for (auto& candidate : candidates_)
        if (!candidate.verdict)
            candidate.verdict = from_fields == 0 ? DkimVerdict{DkimResult::permerror, "no From field"}
                                                 : DkimVerdict{DkimResult::policy, "several From fields"};
}

// What libopendkim would get wrong about the fields that a signature covers
void DkimVerifyPass::judge_coverage(const Message& message)
{
    const auto names = field_names(message.header);
    for (auto& candidate : candidates_) {
        if (candidate.verdict)
            continue;
        candidate.covered = covered_fields(names, candidate.signature.signed_fields);
        candidate.verdict = judge_must_be_signed(names, candidate.covered, shared_->options.must_be_signed);
        if (candidate.verdict)
            continue;
        if (candidate.signature.header_canonicalization == DkimCanonicalization::simple)
            continue;
        for (const auto at : candidate.covered)
            if (is_misread_when_relaxed(message.header[at]))
                candidate.verdict = {DkimResult::neutral, "a control character in " + printable(names[at], 40)};
    }
    // A signature may cover others. They then go to libopendkim as well, which is given only such as
    // are evaluated; and one that falls out may take another with it.
    const auto is_evaluated = [this](std::size_t at) {
        return std::any_of(candidates_.begin(), candidates_.end(),
                           [at](const Candidate& other) { return other.at == at && !other.verdict; });
    };
    for (bool is_settled = false; !is_settled;) {
        is_settled = true;
        for (auto& candidate : candidates_) {
            const auto cannot_be_fed = [&](std::size_t at) {
                return names[at] == "dkim-signature" && !is_evaluated(at);
            };
            if (candidate.verdict || std::none_of(candidate.covered.begin(), candidate.covered.end(), cannot_be_fed))
                continue;
            candidate.verdict = {DkimResult::neutral, "it covers a signature that is not evaluated"};
            is_settled = false;
        }
    }
}

void DkimVerifyPass::start_lookups()
{
    std::vector<std::string> names;
    for (const auto& candidate : candidates_)
        if (!candidate.verdict)
            names.push_back(candidate.signature.key_name());
    const auto limit = std::chrono::steady_clock::now() + shared_->options.lookup_limit;
    lookup_.emplace(shared_->resolver, shared_->executor, names, limit);
}

void DkimVerifyPass::start_hashing(const Message& message)
{
    std::set<std::size_t> wanted;
    for (const auto& candidate : candidates_) {
        if (candidate.verdict)
            continue;
        wanted.insert(candidate.at);
        wanted.insert(candidate.covered.begin(), candidate.covered.end());
    }
    std::vector<std::string> fields;
    for (const auto at : wanted)
        fields.push_back(wire_text(message.header[at]));
    header_hashes_ = shared_->library->hash_header(fields);

    std::vector<DkimBodyPart> parts;
    for (const auto& candidate : candidates_)
        if (is_open(candidate))
            parts.push_back({candidate.signature.body_canonicalization, candidate.signature.body_length});
    body_hashing_.emplace(parts);
}

void DkimVerifyPass::body(std::span<const char> chunk)
{
    if (body_hashing_)
        body_hashing_->body(chunk);
}

FilterVerdict DkimVerifyPass::verdict(const Message& message, Findings& findings, Deadline deadline)
{
    if (lookup_)
        finish(deadline);
    report(findings);
    return summary(message);
}

void DkimVerifyPass::finish(Deadline deadline)
{
    // First the hashes, which are work, then the keys, which are waiting
    const auto all = hashes();
    const auto replies = lookup_->wait(deadline);
    std::size_t at = 0;
    for (auto& candidate : candidates_) {
        if (candidate.verdict)
            continue;
        finish_one(candidate, replies[at], all ? (*all)[at] : Result<Hashes>(tl::unexpected(all.error())));
        ++at;
    }
}

// For each candidate that is still open, in the order of the mail
Result<std::vector<Hashes>> DkimVerifyPass::hashes()
{
    if (!header_hashes_)
        return tl::unexpected(header_hashes_.error());
    const auto bodies = body_hashing_->finish();
    if (!bodies)
        return tl::unexpected(bodies.error());
    if (header_hashes_->size() != bodies->size())
        return fail("libopendkim sees other signatures");
    std::vector<Hashes> all;
    for (std::size_t at = 0; at < bodies->size(); ++at)
        all.push_back({(*header_hashes_)[at], (*bodies)[at]});
    return all;
}

void DkimVerifyPass::finish_one(Candidate& candidate, const DnsReply& reply, const Result<Hashes>& hashes) const
{
    const auto found = judge_key_reply(reply, candidate.signature);
    candidate.verdict = found.verdict;
    if (candidate.verdict)
        return;
    const auto key = DkimPublicKey::create(found.record.key_type, found.record.public_key);
    if (!key) {
        candidate.verdict = {DkimResult::permerror, "key record: " + key.error().what, DkimCause::key};
        return;
    }
    candidate.key_bits = key->bits();
    if (found.record.key_type == DkimKeyType::rsa)
        candidate.verdict = judge_key_bits(key->bits(), shared_->options.minimum_key_bits);
    if (candidate.verdict)
        return;
    if (!hashes) {
        candidate.verdict = {DkimResult::temperror, hashes.error().what, DkimCause::inside};
        return;
    }
    candidate.verdict = compare(candidate.signature, *hashes, *key);
    if (has_passed(candidate) && candidate.signature.body_length)
        judge_body_length(candidate, hashes->body.body_size);
    if (found.record.is_testing) // RFC 6376 3.6.1
        add_remark(*candidate.verdict, "the domain is testing");
}

// RFC 6376 8.2: anybody may have added to what l= ends
void DkimVerifyPass::judge_body_length(Candidate& candidate, std::uint64_t body_size) const
{
    const auto length = *candidate.signature.body_length;
    if (length >= body_size)
        return;
    const auto percent = static_cast<double>(length) * 100 / static_cast<double>(body_size);
    if (percent < shared_->options.minimum_signed_body)
        candidate.verdict->result = DkimResult::policy;
    add_remark(*candidate.verdict, "only the first " + std::to_string(length) + " of " + std::to_string(body_size)
                   + " octets of the body are signed");
}

void DkimVerifyPass::report(Findings& findings) const
{
    for (const auto& candidate : candidates_) {
        findings.auth_results.push_back(auth_result(candidate));
        findings.identifiers.push_back({Identifier::Method::dkim, identifier_outcome(candidate.verdict->result),
                                        candidate.signature.signing_domain});
    }
    if (candidates_.empty())
        findings.auth_results.push_back({"dkim", "none", "", "", {}});
    if (passed_over_ != 0)
        findings.auth_results.push_back(
            {"dkim", "neutral", "", std::to_string(passed_over_) + " more signatures were not looked at", {}});
}

// The outcome that counts for the mail
DkimVerdict DkimVerifyPass::outcome() const
{
    const auto is_temporary = [](const Candidate& candidate) {
        return candidate.verdict->result == DkimResult::temperror;
    };
    if (candidates_.empty())
        return {DkimResult::none, "", DkimCause::signature};
    auto it = std::find_if(candidates_.begin(), candidates_.end(), has_passed);
    if (it == candidates_.end())
        it = std::find_if(candidates_.begin(), candidates_.end(), is_temporary);
    if (it == candidates_.end())
        it = candidates_.begin();
    auto outcome = *it->verdict;
    if (!it->signature.signing_domain.empty())
        outcome.reason = it->signature.signing_domain + (outcome.reason.empty() ? "" : " (" + outcome.reason + ")");
    return outcome;
}

FilterVerdict DkimVerifyPass::summary(const Message& message) const
{
    const auto counts = outcome();
    FilterVerdict verdict;
    if (message.origin == Origin::stranger)
        verdict = apply_dkim_action(counts, shared_->options.actions);
    verdict.reason = dkim_result_name(counts.result);
    if (!counts.reason.empty())
        verdict.reason += " " + counts.reason;
    return verdict;
}

DkimVerifyFilter::DkimVerifyFilter(std::shared_ptr<const Shared> shared)
    : shared_(std::move(shared))
{
}

DkimVerifyFilter::~DkimVerifyFilter() = default;

Result<std::unique_ptr<DkimVerifyFilter>> DkimVerifyFilter::create(const DkimVerifyOptions& options,
                                                                   Resolver& resolver, asio::any_io_executor executor,
                                                                   const Clock& clock)
{
    auto library = DkimLibrary::create(options.clock_drift);
    if (!library)
        return tl::unexpected(library.error());
    auto shared = std::make_shared<Shared>(Shared{options, *library, resolver, std::move(executor), clock});
    return std::unique_ptr<DkimVerifyFilter>(new DkimVerifyFilter(std::move(shared)));
}

std::unique_ptr<FilterPass> DkimVerifyFilter::begin(const Message& message)
{
    if (message.origin == Origin::ours || message.origin == Origin::returned) // signed, or judged before
        return nullptr;
    return std::make_unique<DkimVerifyPass>(shared_);
}

} // namespace postern
