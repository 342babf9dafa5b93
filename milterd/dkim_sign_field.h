// dkim_sign_field - a DKIM-Signature of ours, written
//
// RFC 6376 3.5, 5.4. Pure. Which header fields are signed, and the field's
// own text, folded at 78 columns. b= stands alone at the end and on a line of
// its own: the text before it does not change when the signature comes.
#pragma once

#include "common/result.h"
#include "milterd/dkim_key_record.h"
#include "milterd/dkim_signature.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct DkimFieldSets {
    std::vector<std::string> signed_fields; // oversigned ones included, From first
    std::vector<std::string> oversigned;
};

// Each a list of names or of changes of a default (dkim_field_set.h). Fields that change on the way cannot
// be signed: an Error names the setting and the field.
Result<DkimFieldSets> make_field_sets(std::span<const std::string> signed_fields, std::span<const std::string> omitted,
                                      std::span<const std::string> oversigned);

// h= for a header with these fields (their names in lower case). Each field that is there is signed;
// one that is oversigned has its name once more than that, so that nobody can add another.
std::vector<std::string> fields_to_sign(std::span<const std::string> names, const DkimFieldSets& sets);

struct DkimSignatureText {
    DkimKeyType key_type{};
    DkimCanonicalization header_canonicalization{};
    DkimCanonicalization body_canonicalization{};
    std::string signing_domain;
    std::string selector;
    std::string identity; // empty: no i=
    std::int64_t signed_at = 0;
    std::int64_t expires_at = 0; // 0: no x=
    std::vector<std::string> signed_fields;
    std::string body_hash; // octets
};

// What follows "DKIM-Signature: ", folded with "\n" and a tab. `signature` in octets.
std::string write_dkim_signature(const DkimSignatureText& text, std::string_view signature);

} // namespace postern
