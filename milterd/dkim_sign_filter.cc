#include "milterd/dkim_sign_filter.h"

#include "common/address_list.h"
#include "common/domain_list.h"
#include "common/mail_address.h"
#include "common/read_file.h"
#include "common/text.h"
#include "milterd/auth_results.h"
#include "milterd/dkim.h"
#include "milterd/dkim_author.h"
#include "milterd/dkim_body_hash.h"
#include "milterd/dkim_field_set.h"
#include "milterd/dkim_header.h"
#include "milterd/dkim_sign_field.h"
#include "milterd/dkim_signature.h"

#include <algorithm>
#include <fmt/ranges.h>

namespace postern {

struct Canonicalizations {
    DkimCanonicalization header{};
    DkimCanonicalization body{};
};

struct DkimSignFilter::Shared {
    DkimSettings settings;
    Canonicalizations canonicalizations;
    DkimFieldSets field_sets;
    std::vector<std::string> author_fields;
    AddressList unsigned_recipients;
    DomainList unsigned_domains;
    std::string bounce_domain; // A-labels in lower case
    std::string authserv_id;   // likewise
    DkimSigners signers;
    std::shared_ptr<DkimLibrary> library;
    const Clock& clock;
};

namespace {

constexpr std::string_view any_octets = "x"; // where a signature must have some that do not count
constexpr std::chrono::minutes any_drift{5};  // between our clock and our clock

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
    return fail("canonicalization: \"{}\" is neither simple nor relaxed", text);
}

// As in c= (RFC 6376 3.5): if only one is named, the other is "simple".
Result<Canonicalizations> parse_canonicalizations(std::string_view text)
{
    const auto slash = text.find('/');
    const auto header = parse_canonicalization(text.substr(0, slash));
    if (!header)
        return tl::unexpected(header.error());
    const auto body = parse_canonicalization(slash == text.npos ? "simple" : text.substr(slash + 1));
    if (!body)
        return tl::unexpected(body.error());
    return Canonicalizations{*header, *body};
}

FilterVerdict accepted(std::string reason)
{
    FilterVerdict verdict;
    verdict.reason = std::move(reason);
    return verdict;
}

FilterVerdict not_signed_now(const std::string& why)
{
    FilterVerdict verdict;
    verdict.action = FilterAction::defer;
    verdict.code = 451;
    verdict.status = "7.1";
    verdict.text = "this mail cannot be signed now";
    verdict.reason = "key unusable: " + why;
    return verdict;
}

// Mail of ours that nobody can say whose it is. Postfix's own is never refused, and that of sendmail(1) neither.
FilterVerdict without_author(const Message& message, const std::string& action, const std::string& why)
{
    auto verdict = accepted("not signed: " + why);
    if (message.is_internal || action == "accept")
        return verdict;
    verdict.action = action == "defer" ? FilterAction::defer : FilterAction::reject;
    verdict.status = "6.0"; // RFC 3463 3.7
    verdict.text = "this mail names no single author in its From field";
    verdict.reason = why;
    return verdict;
}

} // namespace

class DkimSignPass final : public FilterPass {
public:
    DkimSignPass(std::shared_ptr<const DkimSignFilter::Shared> shared, std::vector<DkimSigner> keys)
        : shared_(std::move(shared))
        , keys_(std::move(keys))
        , body_hashing_(body_parts())
    {
    }

    void body(std::span<const char> chunk) override;
    FilterVerdict verdict(const Message& message, Findings& findings, Deadline deadline) override;

private:
    Result<std::vector<HeaderEdit>> sign(const Message& message);
    Canonicalizations canonicalizations_of(const DkimSigner& entry) const;
    std::vector<DkimBodyPart> body_parts() const;
    DkimSignatureText describe(const DkimSigner& entry) const;
    void remove_signatures(const Message& message, std::vector<HeaderEdit>& edits) const;

    std::shared_ptr<const DkimSignFilter::Shared> shared_;
    std::vector<DkimSigner> keys_;
    DkimBodyHashing body_hashing_; // for each key
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

Canonicalizations DkimSignPass::canonicalizations_of(const DkimSigner& entry) const
{
    if (entry.canonicalization.empty())
        return shared_->canonicalizations;
    return parse_canonicalizations(entry.canonicalization).value_or(shared_->canonicalizations);
}

std::vector<DkimBodyPart> DkimSignPass::body_parts() const
{
    std::vector<DkimBodyPart> parts;
    for (const auto& entry : keys_)
        parts.push_back({canonicalizations_of(entry).body});
    return parts;
}

void DkimSignPass::body(std::span<const char> chunk)
{
    body_hashing_.body(chunk);
}

FilterVerdict DkimSignPass::verdict(const Message& message, Findings&, Deadline)
{
    auto edits = sign(message);
    if (!edits)
        return not_signed_now(edits.error().what);
    auto verdict = accepted("signed " + keys_.front().domain);
    verdict.edits = std::move(*edits);
    remove_signatures(message, verdict.edits);
    return verdict;
}

Result<std::vector<HeaderEdit>> DkimSignPass::sign(const Message& message)
{
    const auto body_hashes = body_hashing_.finish();
    if (!body_hashes)
        return tl::unexpected(body_hashes.error());
    const auto names = field_names(message.header);
    const auto signed_fields = fields_to_sign(names, shared_->field_sets);
    const auto covered = covered_fields(names, signed_fields);
    const bool must_be_simple = std::any_of(covered.begin(), covered.end(), [&](std::size_t at) {
        return is_misread_when_relaxed(message.header[at]);
    });

    std::vector<std::string> fields;
    for (const auto at : covered)
        fields.push_back(wire_text(message.header[at]));
    std::vector<DkimSignatureText> texts;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        auto text = describe(keys_[i]);
        text.signed_fields = signed_fields;
        text.body_hash = (*body_hashes)[i].hash;
        if (must_be_simple)
            text.header_canonicalization = DkimCanonicalization::simple;
        fields.push_back(signature_field(text, any_octets));
        texts.push_back(std::move(text));
    }
    const auto hashes = shared_->library->hash_header(fields);
    if (!hashes)
        return tl::unexpected(hashes.error());

    std::vector<HeaderEdit> edits;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (i >= hashes->size() || !(*hashes)[i].fault.empty())
            return fail("libopendkim: {}", i < hashes->size() ? (*hashes)[i].fault : "a signature is missing");
        const auto signature = keys_[i].key->sign((*hashes)[i].hash);
        if (!signature)
            return tl::unexpected(signature.error());
        edits.push_back({HeaderEdit::Kind::insert, "DKIM-Signature", write_dkim_signature(texts[i], *signature), 0});
    }
    std::reverse(edits.begin(), edits.end()); // each goes above the one before: the first key's ends on top
    return edits;
}

// All but what is each mail's own
DkimSignatureText DkimSignPass::describe(const DkimSigner& entry) const
{
    const auto canonicalizations = canonicalizations_of(entry);
    DkimSignatureText text;
    text.key_type = entry.key->type();
    text.header_canonicalization = canonicalizations.header;
    text.body_canonicalization = canonicalizations.body;
    text.signing_domain = entry.domain;
    text.selector = entry.selector;
    text.identity = entry.identity;
    text.signed_at = shared_->clock.now().time_since_epoch().count(); // libopendkim takes 0 for the future
    if (const auto lifetime = shared_->settings.signature_lifetime.count(); lifetime > 0)
        text.expires_at = text.signed_at + lifetime;
    return text;
}

// Those that the mail bears already; occurrences are counted in the mail as it came.
void DkimSignPass::remove_signatures(const Message& message, std::vector<HeaderEdit>& edits) const
{
    const auto& which = shared_->settings.remove_signatures;
    if (which != "ours" && which != "all")
        return;
    std::size_t occurrence = 0;
    for (const auto& field : message.header) {
        if (!equals_ignoring_case(field.name, "DKIM-Signature"))
            continue;
        ++occurrence;
        if (which == "all" || shared_->signers.is_ours(parse_dkim_signature(field.value).signing_domain))
            edits.push_back({HeaderEdit::Kind::remove, "DKIM-Signature", {}, occurrence});
    }
}

DkimSignFilter::DkimSignFilter(std::shared_ptr<const Shared> shared)
    : shared_(std::move(shared))
{
}

DkimSignFilter::~DkimSignFilter() = default;

namespace {

// The two sets, with the files among their items.
struct Exemptions {
    AddressList recipients;
    DomainList domains;
};

Result<Exemptions> load_exemptions(const DkimSettings& settings)
{
    const ReadText read = [](const std::string& path) { return read_file(path, data_file_limit); };
    std::vector<Error> faults;
    std::vector<AddressEntry> recipients;
    for (const auto& row : expand_list(settings.unsigned_recipients, "dkim.unsigned_recipients", read, faults)) {
        auto entry = parse_address_entry(row.key);
        if (entry)
            recipients.push_back(std::move(*entry));
        else
            faults.push_back(Error{fmt::format("{}: {}", row.where, entry.error().what)});
    }
    std::vector<std::string> domains;
    for (const auto& row : expand_list(settings.unsigned_domains, "dkim.unsigned_domains", read, faults)) {
        if (const auto good = DomainList::parse({&row.key, 1}); !good)
            faults.push_back(Error{fmt::format("{}: {}", row.where, good.error().what)});
        domains.push_back(row.key);
    }
    if (!faults.empty())
        return tl::unexpected(one_error(faults));
    auto list = DomainList::parse(domains);
    if (!list)
        return tl::unexpected(list.error());
    return Exemptions{AddressList(std::move(recipients)), std::move(*list)};
}

} // namespace

Result<std::unique_ptr<DkimSignFilter>> DkimSignFilter::create(const DkimSettings& settings, DkimSigners signers,
                                                               const Clock& clock, std::string_view authserv_id)
{
    const auto canonicalizations = parse_canonicalizations(settings.canonicalization);
    if (!canonicalizations)
        return fail("dkim.{}", canonicalizations.error().what);
    auto sets = make_field_sets(settings.signed_fields, settings.omitted_fields, settings.oversign);
    if (!sets)
        return tl::unexpected(sets.error());
    constexpr std::string_view from[] = {"From"};
    auto author_fields = change_field_set(settings.author_fields, from);
    if (!author_fields)
        return fail("dkim.author_fields: {}", author_fields.error().what);
    auto exemptions = load_exemptions(settings);
    if (!exemptions)
        return tl::unexpected(exemptions.error());
    auto library = DkimLibrary::create(any_drift);
    if (!library)
        return tl::unexpected(library.error());
    auto shared = std::make_shared<Shared>(
        Shared{settings, *canonicalizations, std::move(*sets), std::move(*author_fields),
               std::move(exemptions->recipients), std::move(exemptions->domains),
               to_a_labels(settings.bounce_domain).value_or(""),
               to_a_labels(authserv_id).value_or(to_lower(authserv_id)), std::move(signers), *library, clock});
    return std::unique_ptr<DkimSignFilter>(new DkimSignFilter(std::move(shared)));
}

// Down for the domains whose key cannot be used; the others are signed.
FunctionState DkimSignFilter::state() const
{
    const auto& faults = shared_->signers.key_faults();
    if (faults.empty())
        return {name()};
    return {name(), FunctionState::Kind::down, fmt::format("{}", fmt::join(faults, "; ")), "defer"};
}

namespace {

bool was_judged(const Message& message, const std::string& authserv_id)
{
    return std::any_of(message.header.begin(), message.header.end(), [&](const HeaderField& field) {
        if (!equals_ignoring_case(field.name, "Authentication-Results"))
            return false;
        const auto id = read_authserv_id(field.value);
        return id.substr(0, id.find('/')) == authserv_id; // a queue id may stand behind it
    });
}

const MailAddress* find_recipient(const Message& message, const AddressList& list)
{
    if (list.size() == 0)
        return nullptr;
    const auto found = std::find_if(message.recipients.begin(), message.recipients.end(), [&](const auto& recipient) {
        return list.has(recipient) || (list.has_patterns() && list.matches(recipient.text()));
    });
    return found == message.recipients.end() ? nullptr : &*found;
}

} // namespace

std::unique_ptr<FilterPass> DkimSignFilter::begin(const Message& message)
{
    return message.origin == Origin::ours ? begin_ours(message) : nullptr;
}

std::unique_ptr<FilterPass> DkimSignFilter::begin_ours(const Message& message) const
{
    const auto settled = [](FilterVerdict verdict) { return std::make_unique<SettledPass>(std::move(verdict)); };
    if (message.login.empty() && !shared_->settings.sign_judged && was_judged(message, shared_->authserv_id))
        return settled(accepted("not signed: judged before"));
    if (const auto* recipient = find_recipient(message, shared_->unsigned_recipients))
        return settled(accepted("not signed: to " + printable(recipient->text(), 255)));

    const auto author = author_of(message.header, shared_->author_fields);
    if (author && shared_->unsigned_domains.contains(author->domain))
        return settled(accepted("not signed: from " + printable(author->domain, 255)));
    auto signers = author ? shared_->signers.for_author(*author) : std::vector<DkimSigner>();
    if (signers.empty() && message.sender.is_null() && !shared_->bounce_domain.empty())
        signers = shared_->signers.for_author({"", shared_->bounce_domain});
    if (signers.empty())
        return settled(author ? accepted("no key for " + printable(author->domain, 255))
                              : without_author(message, shared_->settings.unclear_author, author.error().what));
    // One that is at fault is enough: a mail that the other key signs alone is not what was asked for.
    for (const auto& signer : signers)
        if (signer.key == nullptr)
            return settled(not_signed_now(signer.fault));
    return std::make_unique<DkimSignPass>(shared_, std::move(signers));
}

} // namespace postern
