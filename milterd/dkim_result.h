// dkim_result - what became of one signature
//
// RFC 8601 2.7.1. What is wrong with a signature is one of these:
//     neutral    it has a syntax error, or cannot be evaluated here
//     policy     it is well made but not acceptable: rsa-sha1, a short key, expired
//     permerror  it or its key breaks a rule: no key, key revoked, From not signed
//     temperror  its key cannot be looked up now: ask again later
//     fail       the mail is not what was signed
#pragma once

#include <string>
#include <string_view>

namespace postern {

enum class DkimResult { none, pass, fail, policy, neutral, temperror, permerror };

std::string_view dkim_result_name(DkimResult result); // "none", ..., as in Authentication-Results

// Where the trouble lies.
enum class DkimCause {
    signature, // or the mail
    key,       // or the DNS that should tell it
    inside,    // here
};

struct DkimVerdict {
    DkimResult result = DkimResult::none;
    std::string reason{}; // one clause; may be empty with pass and none
    DkimCause cause = DkimCause::signature;
};

} // namespace postern
