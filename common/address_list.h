// address_list - mail addresses by user, domain or pattern, as postgrey lists recipients
//
//     example.org          every address of that domain and of those below it
//     postmaster@          that user of any domain
//     user@example.org     that address
//     /^list-.*@/          a regular expression for the address as it was sent (regex.h)
//
// A user also matches with an extension: user+anything@. Case does not matter.
// Failure: the Error says what is wrong with an entry.
#pragma once

#include "common/mail_address.h"
#include "common/regex.h"
#include "common/result.h"
#include "common/text_set.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct AddressEntry {
    std::string text;            // "example.org", "postmaster@", "user@example.org"; empty: a pattern
    std::vector<Regex> pattern{}; // at most one
};

Result<AddressEntry> parse_address_entry(std::string_view text);

class AddressList {
public:
    AddressList() = default; // nobody
    explicit AddressList(std::vector<AddressEntry> entries);

    bool has(const MailAddress& address) const; // by all but the regular expressions
    bool matches(std::string_view address) const; // by the regular expressions alone
    bool has_patterns() const { return !patterns_.empty(); }

    std::size_t size() const { return domains_.size() + users_.size() + patterns_.size(); }

private:
    TextSet domains_;
    TextSet users_; // "user@" and "user@domain"
    std::vector<Regex> patterns_;
};

} // namespace postern
