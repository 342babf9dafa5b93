// public_name - what a DNS list is called where others can read it
//
// Some lists give each customer a zone whose name holds a key, such as
// KEY.zen.dq.spamhaus.net: who reads it in a refusal can use it up. The public
// name is what replies, log lines, status and warnings say instead.
// A label is taken for a key if it stands before the name of a list that we
// know, or looks like one: long, of letters and digits. An operator may know
// better and name the public name himself.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace postern {

// The zone itself if it holds no key, as far as one can see. Any text will do.
std::string public_name(std::string_view zone);

// It does, as far as one can see: `zone` is in lower case.
bool holds_key(std::string_view zone);

bool looks_like_key(std::string_view label);

// `text` without what only the zone's name has and its public one has not: "***" in its place.
// For texts that the list itself has sent, which may name the zone that was asked.
std::string without_key(std::string_view text, std::string_view zone, std::string_view public_name);

} // namespace postern
