// sign_mail - a mail with a signature that dkim_sign would never make
//
// By the Ed25519 key of RFC 8463 A.2, with whatever tags a test wants.
#pragma once

#include "milterd/dkim.h"
#include "milterd/dkim_base64.h"
#include "milterd/dkim_body_hash.h"
#include "milterd/dkim_header.h"
#include "milterd/dkim_private_key.h"
#include "milterd/dkim_signature.h"
#include "test/dkim/mail_text.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// What the selector's TXT record says.
inline const std::string sign_mail_record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

// `mail` with a signature in front of it that bears `tags`, those for d=, s= and h= among them.
inline std::string sign_mail(const std::string& tags, std::string_view mail)
{
    const auto key = DkimPrivateKey::parse("-----BEGIN PRIVATE KEY-----\n"
                                           "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                           "-----END PRIVATE KEY-----\n");
    const auto library = DkimLibrary::create(std::chrono::minutes(5));
    if (!key || !library)
        throw std::runtime_error("sign_mail: no key or no libopendkim");
    const auto field = [&](const std::string& body_hash, const std::string& signature) {
        return "DKIM-Signature: v=1; a=ed25519-sha256; " + tags + "; bh=" + body_hash + "; b=" + signature + "\n";
    };
    const auto read = [&](const std::string& body_hash) {
        return read_mail_text(field(body_hash, "YQ==") + std::string(mail));
    };
    const auto unsigned_mail = read("YQ==");
    const auto signature = parse_dkim_signature(unsigned_mail.message.header.at(0).value);
    const auto hash_body = [&](std::optional<std::uint64_t> length) {
        DkimBodyHashing hashing(std::vector<DkimBodyPart>{{signature.body_canonicalization, length}});
        hashing.body(unsigned_mail.body);
        return hashing.finish().value().at(0).hash;
    };
    auto body_hash = hash_body(signature.body_length);
    if (body_hash.empty()) // l= exceeds the body
        body_hash = hash_body(std::nullopt);

    std::vector<std::string> fields;
    for (const auto& each : read(encode_base64(body_hash)).message.header)
        fields.push_back(wire_text(each));
    const auto header = (*library)->hash_header(fields).value().at(0);
    if (!header.fault.empty()) // libopendkim does not take such tags: what is signed makes no difference
        return field("YQ==", "YQ==") + std::string(mail);
    return field(encode_base64(body_hash), encode_base64(key->sign(header.hash).value())) + std::string(mail);
}

} // namespace postern
