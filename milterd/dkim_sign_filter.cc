#include "milterd/dkim_sign_filter.h"

#include "common/text.h"
#include "milterd/dkim.h"
#include "milterd/dkim_author.h"
#include "milterd/dkim_header.h"
#include "milterd/dkim_sign_field.h"

#include <algorithm>
#include <fmt/ranges.h>

namespace postern {

struct DkimSignFilter::Shared {
    DkimCanonicalization header_canonicalization{};
    DkimCanonicalization body_canonicalization{};
    std::vector<std::string> oversign;
    DkimKeys keys;
    std::shared_ptr<DkimLibrary> library;
    const Clock& clock;
};

namespace {

constexpr std::string_view any_octets = "x"; // where a signature must have some that do not count

std::string signature_field(const DkimSignatureText& text, std::string_view signature)
{
    return wire_text({"DKIM-Signature", fmt::format(" {}", write_dkim_signature(text, signature))});
}

Result<DkimCanonicalization> parse_canonicalization(std::string_view text)
{
    if (text == "simple")
        return DkimCanonicalization::simple;
    if (text == "relaxed")
        return DkimCanonicalization::relaxed;
    return fail("dkim.canonicalization: \"{}\" is neither simple nor relaxed", text);
}

FilterVerdict accepted(std::string reason)
{
    FilterVerdict verdict;
    verdict.reason = std::move(reason);
    return verdict;
}

FilterVerdict deferred(const std::string& why)
{
    FilterVerdict verdict;
    verdict.action = FilterAction::defer;
    verdict.code = 451;
    verdict.status = "7.1";
    verdict.text = "this mail cannot be signed now";
    verdict.reason = "key unusable: " + why;
    return verdict;
}

} // namespace

class DkimSignPass final : public FilterPass {
public:
    DkimSignPass(std::shared_ptr<const DkimSignFilter::Shared> shared, std::vector<DkimKeyEntry> keys)
        : shared_(std::move(shared))
        , keys_(std::move(keys))
    {
    }

    void header_complete(const Message& message) override;
    void body(std::span<const char> chunk) override;
    FilterVerdict verdict(const Message& message, Findings& findings, Deadline deadline) override;

private:
    Result<std::vector<HeaderEdit>> sign(const Message& message);
    Result<std::string> body_hash();
    DkimSignatureText describe(const Message& message, const std::string& body_hash) const;

    std::shared_ptr<const DkimSignFilter::Shared> shared_;
    std::vector<DkimKeyEntry> keys_;
    Result<std::unique_ptr<DkimHashing>> body_hashing_{std::unique_ptr<DkimHashing>()}; // none yet
};

// The mail is ours, and what becomes of it is known from its header.
class SettledPass final : public FilterPass {
public:
    explicit SettledPass(FilterVerdict verdict)
        : verdict_(std::move(verdict))
    {
    }

    FilterVerdict verdict(const Message&, Findings&, Deadline) override { return verdict_; }

private:
    FilterVerdict verdict_;
};

// libopendkim hashes a body only for a signature, and the real one needs that
// hash first. So the body goes by a signature that has no other purpose.
void DkimSignPass::header_complete(const Message&)
{
    DkimSignatureText text;
    text.header_canonicalization = shared_->header_canonicalization;
    text.body_canonicalization = shared_->body_canonicalization;
    text.signing_domain = keys_.front().domain;
    text.selector = keys_.front().selector;
    text.signed_at = shared_->clock.now().time_since_epoch().count(); // libopendkim takes 0 for the future
    text.signed_fields = {"From"};
    text.body_hash = any_octets;
    const std::string fields[] = {signature_field(text, any_octets)};
    body_hashing_ = DkimHashing::create(shared_->library, fields);
}

void DkimSignPass::body(std::span<const char> chunk)
{
    if (body_hashing_)
        (*body_hashing_)->body(chunk);
}

FilterVerdict DkimSignPass::verdict(const Message& message, Findings&, Deadline)
{
    auto edits = sign(message);
    if (!edits)
        return deferred(edits.error().what);
    auto verdict = accepted("signed " + keys_.front().domain);
    verdict.edits = std::move(*edits);
    return verdict;
}

Result<std::vector<HeaderEdit>> DkimSignPass::sign(const Message& message)
{
    const auto hash = body_hash();
    if (!hash)
        return tl::unexpected(hash.error());
    auto text = describe(message, *hash);

    std::vector<std::string> fields;
    for (const auto at : covered_fields(field_names(message.header), text.signed_fields))
        fields.push_back(wire_text(message.header[at]));
    std::vector<DkimSignatureText> texts;
    for (const auto& entry : keys_) {
        text.key_type = entry.key->type();
        text.signing_domain = entry.domain;
        text.selector = entry.selector;
        texts.push_back(text);
        fields.push_back(signature_field(text, any_octets));
    }
    auto hashing = DkimHashing::create(shared_->library, fields);
    if (!hashing)
        return tl::unexpected(hashing.error());
    const auto hashes = (*hashing)->finish();
    if (!hashes)
        return tl::unexpected(hashes.error());

    std::vector<HeaderEdit> edits;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (i >= hashes->size() || !(*hashes)[i].fault.empty())
            return fail("libopendkim: {}", i < hashes->size() ? (*hashes)[i].fault : "a signature is missing");
        const auto signature = keys_[i].key->sign((*hashes)[i].header);
        if (!signature)
            return tl::unexpected(signature.error());
        edits.push_back({HeaderEdit::Kind::insert, "DKIM-Signature", write_dkim_signature(texts[i], *signature), 0});
    }
    std::reverse(edits.begin(), edits.end()); // each goes above the one before: the first key's ends on top
    return edits;
}

Result<std::string> DkimSignPass::body_hash()
{
    if (!body_hashing_)
        return tl::unexpected(body_hashing_.error());
    const auto hashes = (*body_hashing_)->finish();
    if (!hashes)
        return tl::unexpected(hashes.error());
    if (hashes->size() != 1 || !hashes->front().fault.empty())
        return fail("libopendkim: no body hash");
    return hashes->front().body;
}

// All but what is each key's own
DkimSignatureText DkimSignPass::describe(const Message& message, const std::string& body_hash) const
{
    const auto names = field_names(message.header);
    DkimSignatureText text;
    text.header_canonicalization = shared_->header_canonicalization;
    text.body_canonicalization = shared_->body_canonicalization;
    text.signed_at = shared_->clock.now().time_since_epoch().count();
    text.signed_fields = fields_to_sign(names, shared_->oversign);
    text.body_hash = body_hash;
    for (const auto at : covered_fields(names, text.signed_fields))
        if (is_misread_when_relaxed(message.header[at]))
            text.header_canonicalization = DkimCanonicalization::simple;
    return text;
}

DkimSignFilter::DkimSignFilter(std::shared_ptr<const Shared> shared)
    : shared_(std::move(shared))
{
}

DkimSignFilter::~DkimSignFilter() = default;

Result<std::unique_ptr<DkimSignFilter>> DkimSignFilter::create(const DkimSettings& settings, DkimKeys keys,
                                                               const Clock& clock)
{
    const std::string_view canonicalization = settings.canonicalization;
    const auto slash = canonicalization.find('/');
    const auto header = parse_canonicalization(canonicalization.substr(0, slash));
    if (!header)
        return tl::unexpected(header.error());
    // As in c= (RFC 6376 3.5): if only one is named, the other is "simple"
    const auto body =
        parse_canonicalization(slash == canonicalization.npos ? "simple" : canonicalization.substr(slash + 1));
    if (!body)
        return tl::unexpected(body.error());
    for (const auto& name : settings.oversign)
        if (const auto checked = check_oversign(name); !checked)
            return fail("dkim.oversign: {}", checked.error().what);
    auto library = DkimLibrary::create(settings.clock_drift);
    if (!library)
        return tl::unexpected(library.error());
    auto shared =
        std::make_shared<Shared>(Shared{*header, *body, settings.oversign, std::move(keys), *library, clock});
    return std::unique_ptr<DkimSignFilter>(new DkimSignFilter(std::move(shared)));
}

// Down for the domains whose key cannot be used; the others are signed.
FunctionState DkimSignFilter::state() const
{
    const auto& faults = shared_->keys.faults();
    if (faults.empty())
        return {name()};
    return {name(), FunctionState::Kind::down, fmt::format("{}", fmt::join(faults, "; ")), "defer"};
}

std::unique_ptr<FilterPass> DkimSignFilter::begin(const Message& message)
{
    if (message.origin != Origin::ours)
        return nullptr;
    const auto author = author_domain(message.header);
    if (!author)
        return std::make_unique<SettledPass>(accepted("not signed: " + author.error().what));
    auto keys = shared_->keys.for_author(*author);
    if (keys.empty())
        return std::make_unique<SettledPass>(accepted("no key for " + printable(*author, 255)));
    // One that is at fault is enough: a mail that the other key signs alone is not what was asked for.
    for (const auto& entry : keys)
        if (entry.key == nullptr)
            return std::make_unique<SettledPass>(deferred(entry.fault));
    return std::make_unique<DkimSignPass>(shared_, std::move(keys));
}

} // namespace postern
