// relayhost_maps - entries of RELAYHOST_PASSWORDMAP and RELAYHOST_MAP
//
//     [mail1.example.com]:587:user:password     mail2.example.com:user:password
//     mail3.example.com:25:user:password        user:password, for RELAYHOST
//     user@example.com:user:password            a sender
//     @example.com:smtp.example.com:587         RELAYHOST_MAP: a sender, and where its mail goes
//
// A password may hold colons, but no comma. Pure.
// Failure: the Error never shows a password.
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>

namespace postern {

struct MapEntry {
    std::string key;
    std::string value; // "user:password", or a host
};

Result<MapEntry> parse_relayhost_password(std::string_view entry, std::string_view relayhost);
Result<MapEntry> parse_relayhost_sender(std::string_view entry);

} // namespace postern
