#include "milterd/dkim_signature.h"

#include "common/text.h"
#include "milterd/dkim_base64.h"
#include "milterd/dkim_tag_list.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace postern {
namespace {

using Reader = Result<> (*)(DkimSignature&, std::string_view);

Result<> read_version(DkimSignature&, std::string_view value)
{
    if (value != "1")
        return fail("v= is not 1");
    return {};
}

Result<> read_algorithm(DkimSignature& signature, std::string_view value)
{
    signature.algorithm_text = value;
    if (equals_ignoring_case(value, "rsa-sha256"))
        signature.algorithm = DkimAlgorithm::rsa_sha256;
    else if (equals_ignoring_case(value, "ed25519-sha256")) // RFC 8463 3
        signature.algorithm = DkimAlgorithm::ed25519_sha256;
    else if (equals_ignoring_case(value, "rsa-sha1"))
        signature.algorithm = DkimAlgorithm::rsa_sha1;
    else
        return fail("a= is an algorithm that is not known here");
    return {};
}

Result<DkimCanonicalization> read_one_canonicalization(std::string_view value)
{
    if (equals_ignoring_case(value, "simple"))
        return DkimCanonicalization::simple;
    if (equals_ignoring_case(value, "relaxed"))
        return DkimCanonicalization::relaxed;
    return fail("c= is a canonicalization that is not known here");
}

Result<> read_canonicalization(DkimSignature& signature, std::string_view value)
{
    const auto slash = value.find('/');
    const auto header = read_one_canonicalization(value.substr(0, slash));
    // RFC 6376 3.5: if only one is named, the other is "simple"
    const auto body = read_one_canonicalization(slash == value.npos ? "simple" : value.substr(slash + 1));
    if (!header || !body)
        return tl::unexpected(header ? body.error() : header.error());
    signature.header_canonicalization = *header;
    signature.body_canonicalization = *body;
    return {};
}

// RFC 6376 3.5: sub-domains, of which DNS names with underscores are made too
bool is_name(std::string_view name)
{
    constexpr std::size_t name_limit = 253, label_limit = 63; // RFC 1035 2.3.4
    if (name.size() > name_limit)
        return false;
    const auto labels = split(name, '.');
    return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
        return !label.empty() && label.size() <= label_limit
            && std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
    });
}

Result<> read_domain(DkimSignature& signature, std::string_view value)
{
    if (!is_name(value) || value.find('.') == value.npos)
        return fail("d= is not a domain name");
    signature.signing_domain = to_lower(value);
    return {};
}

Result<> read_selector(DkimSignature& signature, std::string_view value)
{
    if (!is_name(value))
        return fail("s= is not a selector");
    signature.selector = to_lower(value);
    return {};
}

// RFC 6376 2.11: "=" and two digits. libopendkim reads on behind the end of an i= that ends within them.
bool is_quoted_printable(std::string_view text)
{
    const auto is_hex = [](char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); };
    for (auto at = text.find('='); at != text.npos; at = text.find('=', at + 3))
        if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2]))
            return false;
    return true;
}

Result<> read_identity(DkimSignature& signature, std::string_view value)
{
    constexpr std::size_t identity_limit = 255; // libopendkim forgets the end of one of 257 octets and reads on
    signature.identity = without_folds(value);
    if (signature.identity.size() > identity_limit || !is_quoted_printable(signature.identity))
        return fail("i= is not an identity");
    const auto at = signature.identity.rfind('@'); // a quoted local part may hold another
    if (at == std::string::npos || !is_name(std::string_view(signature.identity).substr(at + 1)))
        return fail("i= is not an identity");
    signature.identity_domain = to_lower(std::string_view(signature.identity).substr(at + 1));
    return {};
}

Result<> read_signature(DkimSignature& signature, std::string_view value)
{
    signature.signature_text = without_folds(value);
    const auto octets = decode_base64(signature.signature_text);
    if (!octets || octets->empty())
        return fail("b= is not base64");
    signature.signature = *octets;
    return {};
}

Result<> read_body_hash(DkimSignature& signature, std::string_view value)
{
    const auto octets = decode_base64(value);
    if (!octets || octets->empty())
        return fail("bh= is not base64");
    signature.body_hash = *octets;
    return {};
}

Result<> read_signed_fields(DkimSignature& signature, std::string_view value)
{
    // libopendkim cuts the list at 4,096 octets without a word, and its choice of fields takes time
    // that grows with the product of names and fields.
    if (without_folds(value).size() > dkim_signed_fields_octets)
        return fail("h= is longer than {} octets", dkim_signed_fields_octets);
    for (const auto part : split(value, ':')) {
        const auto name = trim(part);
        if (name.empty() || std::any_of(name.begin(), name.end(), is_space))
            return fail("h= is not a list of field names");
        signature.signed_fields.push_back(to_lower(name));
    }
    if (signature.signed_fields.size() > dkim_signed_fields_limit)
        return fail("h= names more than {} fields", dkim_signed_fields_limit);
    return {};
}

// Digits and nothing else: libopendkim also takes "+5", and no digits at all for 0.
Result<> read_number(std::string_view name, std::string_view value, std::optional<std::uint64_t>& into)
{
    std::uint64_t number = 0;
    const auto* last = value.data() + value.size();
    const auto [end, error] = std::from_chars(value.data(), last, number);
    if (value.empty() || end != last || error == std::errc::invalid_argument)
        return fail("{}= is not a number", name);
    // From here on libopendkim's arithmetic overflows: such a number would count as none at all.
    if (error != std::errc() || number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return fail("{}= is too large", name);
    into = number;
    return {};
}

Result<> read_body_length(DkimSignature& signature, std::string_view value)
{
    return read_number("l", value, signature.body_length);
}

Result<> read_signed_at(DkimSignature& signature, std::string_view value)
{
    return read_number("t", value, signature.signed_at);
}

Result<> read_expires_at(DkimSignature& signature, std::string_view value)
{
    return read_number("x", value, signature.expires_at);
}

Result<> read_query(DkimSignature&, std::string_view value)
{
    for (const auto method : split(value, ':'))
        if (equals_ignoring_case(trim(method), "dns/txt"))
            return {};
    return fail("q= does not have dns/txt");
}

struct KnownTag {
    std::string_view name;
    bool is_required;
    Reader read;
};

// What a report needs comes first: it is read even if something after it is wrong.
constexpr KnownTag known_tags[] = {
    {"a", true, read_algorithm},
    {"d", true, read_domain},
    {"s", true, read_selector},
    {"b", true, read_signature},
    {"i", false, read_identity},
    {"v", true, read_version},
    {"bh", true, read_body_hash},
    {"h", true, read_signed_fields},
    {"c", false, read_canonicalization},
    {"l", false, read_body_length},
    {"t", false, read_signed_at},
    {"x", false, read_expires_at},
    {"q", false, read_query},
};

// What libopendkim would make of the tags that is not so. It empties b= in the field that is hashed by
// looking for the letter before a "=": it misses "b =" and empties "zb=" as well, and a good signature
// would not verify. Of a name it compares the first letter only with regard to case: bH= is bh= to it.
Result<> check_for_misreading(const DkimTagList& tags)
{
    for (const auto& tag : tags.tags()) {
        if (tag.name == "b" && tag.is_spaced)
            return fail("white space before the \"=\" of b=");
        if (tag.name != "b" && tag.name.ends_with('b'))
            return fail("tag {} cannot be told from b=", printable(tag.name, 20));
        if (tag.name == "bH")
            return fail("tag bH cannot be told from bh=");
    }
    return {};
}

void keep_first(std::string& fault, const Result<>& result)
{
    if (!result && fault.empty())
        fault = result.error().what;
}

} // namespace

DkimSignature parse_dkim_signature(std::string_view value)
{
    DkimSignature signature;
    if (value.size() > dkim_signature_limit) {
        signature.fault = "longer than " + std::to_string(dkim_signature_limit) + " octets";
        return signature;
    }
    const auto tags = DkimTagList::parse(value);
    if (!tags) {
        signature.fault = tags.error().what;
        return signature;
    }
    for (const auto& known : known_tags) {
        if (const auto* tag = tags->find(known.name))
            keep_first(signature.fault, known.read(signature, tag->value));
        else if (known.is_required)
            keep_first(signature.fault, fail("no {}=", known.name));
    }
    if (signature.identity.empty()) { // RFC 6376 3.5: the default of i=
        signature.identity = "@" + signature.signing_domain;
        signature.identity_domain = signature.signing_domain;
    }
    keep_first(signature.fault, check_for_misreading(*tags));
    return signature;
}

bool DkimSignature::signs(std::string_view field_name) const
{
    return std::find(signed_fields.begin(), signed_fields.end(), field_name) != signed_fields.end();
}

std::string DkimSignature::key_name() const
{
    return selector + "._domainkey." + signing_domain;
}

} // namespace postern
