#include "milterd/dkim_key_record.h"

#include "common/text.h"
#include "milterd/dkim_base64.h"
#include "milterd/dkim_tag_list.h"

namespace postern {
namespace {

// Does the colon-separated list of that tag hold the word? RFC 6376 3.6.1: without the tag it holds every word.
bool holds(const DkimTag* tag, std::string_view word)
{
    if (tag == nullptr)
        return true;
    for (const auto entry : split(tag->value, ':'))
        if (equals_ignoring_case(trim(entry), word))
            return true;
    return false;
}

Result<DkimKeyType> read_key_type(const DkimTag* tag)
{
    if (tag == nullptr || equals_ignoring_case(tag->value, "rsa")) // RFC 6376 3.6.1: the default
        return DkimKeyType::rsa;
    if (equals_ignoring_case(tag->value, "ed25519")) // RFC 8463 4
        return DkimKeyType::ed25519;
    return fail("k= is a type of key that is not known here");
}

} // namespace

Result<DkimKeyRecord> parse_dkim_key_record(std::string_view text)
{
    if (text.size() > dkim_key_record_limit)
        return fail("longer than {} octets", dkim_key_record_limit);
    const auto tags = DkimTagList::parse(text);
    if (!tags)
        return tl::unexpected(tags.error());
    if (const auto* version = tags->find("v")) {
        if (version->value != "DKIM1")
            return fail("v= is not DKIM1");
        if (version != &tags->tags().front()) // RFC 6376 3.6.1
            return fail("v= is not the first tag");
    }
    DkimKeyRecord record;
    const auto key_type = read_key_type(tags->find("k"));
    if (!key_type)
        return tl::unexpected(key_type.error());
    record.key_type = *key_type;
    const auto* key = tags->find("p");
    if (key == nullptr)
        return fail("no p=");
    auto octets = decode_base64(key->value);
    if (!octets)
        return fail("p= is not base64");
    record.public_key = std::move(*octets);
    record.permits_sha256 = holds(tags->find("h"), "sha256");
    const auto* service = tags->find("s");
    record.permits_email = holds(service, "*") || holds(service, "email");
    const auto* flags = tags->find("t");
    record.is_testing = flags != nullptr && holds(flags, "y");
    record.is_exact = flags != nullptr && holds(flags, "s");
    return record;
}

} // namespace postern
