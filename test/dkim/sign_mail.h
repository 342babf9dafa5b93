// sign_mail - a mail with a signature that dkim_sign would never make
//
// By the Ed25519 key of RFC 8463 A.2, with whatever tags a test wants.
#pragma once

#include "milterd/dkim.h"
#include "milterd/dkim_base64.h"
#include "milterd/dkim_header.h"
#include "milterd/dkim_private_key.h"
#include "test/dkim/mail_text.h"

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
    const auto hashes_with = [&](const std::string& body_hash) {
        const auto read = read_mail_text(field(body_hash, "YQ==") + std::string(mail));
        std::vector<std::string> fields;
        for (const auto& each : read.message.header)
            fields.push_back(wire_text(each));
        const auto hashing = DkimHashing::create(*library, fields);
        (*hashing)->body(read.body);
        return (*hashing)->finish().value().at(0);
    };
    const auto body_hash = encode_base64(hashes_with("YQ==").body);
    const auto hashes = hashes_with(body_hash.empty() ? "YQ==" : body_hash);
    if (!hashes.fault.empty()) // libopendkim does not take such tags: what is signed makes no difference
        return field("YQ==", "YQ==") + std::string(mail);
    return field(body_hash, encode_base64(key->sign(hashes.header).value())) + std::string(mail);
}

} // namespace postern
