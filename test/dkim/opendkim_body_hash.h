// opendkim_body_hash - what libopendkim makes of a body: a second opinion
#pragma once

#include "milterd/dkim_body_hash.h"

#include <span>
#include <stdbool.h> // dkim.h needs it and does not include it
#include <stdexcept>
#include <stdint.h>
#include <string>
#include <string_view>
#include <vector>
#ifndef _Bool
#define _Bool bool // which clang leaves out of C++
#endif

#include <opendkim/dkim.h>

namespace postern {

// For each part the hash, empty where l= exceeds the body. The body arrives in chunks of that size.
// libopendkim calls a relaxed body that does not end in CRLF an error, and completes simple ones not always.
inline std::vector<std::string> opendkim_body_hashes(std::span<const DkimBodyPart> parts, std::string body,
                                                     std::size_t chunk)
{
    if (body.ends_with('\r'))
        body += '\n';
    if (!body.empty() && !body.ends_with("\r\n"))
        body += "\r\n";
    const auto demand = [](bool condition) {
        if (!condition)
            throw std::runtime_error("opendkim_body_hashes: libopendkim fails");
    };
    const auto octets = [](std::string& text) { return reinterpret_cast<u_char*>(text.data()); };

    DKIM_LIB* library = dkim_init(nullptr, nullptr);
    std::uint32_t flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;
    dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags);
    dkim_set_key_lookup(library, [](DKIM*, DKIM_SIGINFO*, u_char*, size_t) -> DKIM_CBSTAT { return DKIM_CBSTAT_ERROR; });
    dkim_dns_set_init(library, nullptr);
    DKIM_STAT status = DKIM_STAT_OK;
    std::string id = "id";
    DKIM* handle = dkim_verify(library, octets(id), nullptr, &status);
    demand(handle != nullptr);
    std::string from = "From: a@example.org";
    demand(dkim_header(handle, octets(from), from.size()) == DKIM_STAT_OK);
    for (const auto& part : parts) {
        std::string field = "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from; c=simple/";
        field += part.canonicalization == DkimCanonicalization::simple ? "simple" : "relaxed";
        field += part.length ? "; l=" + std::to_string(*part.length) : "";
        field += "; bh=YQ==; b=YQ==";
        demand(dkim_header(handle, octets(field), field.size()) == DKIM_STAT_OK);
    }
    demand(dkim_eoh(handle) == DKIM_STAT_OK);
    DKIM_SIGINFO** signatures = nullptr;
    int count = 0;
    demand(dkim_getsiglist(handle, &signatures, &count) == DKIM_STAT_OK);
    for (int at = 0; at < count; ++at)
        dkim_sig_ignore(signatures[at]);
    for (std::size_t at = 0; at < body.size(); at += chunk) {
        auto piece = body.substr(at, chunk);
        demand(dkim_body(handle, octets(piece), piece.size()) == DKIM_STAT_OK);
    }
    demand(dkim_eom(handle, nullptr) == DKIM_STAT_NOSIG);

    std::vector<std::string> hashes;
    for (int at = 0; at < count; ++at) {
        void* header = nullptr;
        void* hash = nullptr;
        std::size_t header_size = 0, size = 0;
        demand(dkim_sig_gethashes(signatures[at], &header, &header_size, &hash, &size) == DKIM_STAT_OK);
        const bool is_too_long = dkim_sig_geterror(signatures[at]) == DKIM_SIGERROR_TOOLARGE_L;
        hashes.emplace_back(static_cast<const char*>(hash), is_too_long ? 0 : size);
    }
    dkim_free(handle);
    dkim_close(library);
    return hashes;
}

} // namespace postern
