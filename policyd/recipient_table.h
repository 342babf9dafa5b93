// recipient_table - what the operator says of recipients, as access(5) has it
//
//     user@example.org     OK                        the recipient exists
//     list@example.org     REJECT write to owner@    any action but the name of a restriction
//     example.org          DUNNO                     every address of the domain and those below it
//     .example.org         550 5.1.6 moved           of those below it alone
//     @example.org         DEFER                     of it alone (Postern's own)
//     info@                HOLD                      that user of any domain
//
// The first that is there counts: user+extension@domain, user@domain,
// @domain, domain, the domains above it, user+extension@, user@. Case does not
// matter. Two entries of one key: the first counts, as postmap(1) has it.
// Pure. Failure: every fault, as "path:line: what".
#pragma once

#include "common/result.h"
#include "common/text_set.h"
#include "policyd/verdict.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct RecipientEntry {
    enum class Meaning {
        exists,  // OK, or a number: nobody need be asked
        unsaid,  // DUNNO: as if there were no entry
        verdict, // the verdict; where it refuses nothing, the directory is asked as well
    };
    Meaning meaning = Meaning::exists;
    Verdict verdict{};
};

class RecipientTable {
public:
    static tl::expected<RecipientTable, std::vector<Error>> parse(std::string_view text, std::string_view path);

    // `address` and the same without its extension (empty: it has none), both in lower case.
    const RecipientEntry* find(std::string_view address, std::string_view without_extension) const;

    std::size_t size() const { return entries_.size(); }
    const std::vector<std::string>& warnings() const { return warnings_; }

private:
    const RecipientEntry* find_key(std::string_view key) const;
    const RecipientEntry* find_domain(std::string_view at_domain) const;

    TextMap<RecipientEntry> entries_;
    std::vector<std::string> warnings_; // "path:line: what"
};

// An action of access(5). The Error says what it is not.
Result<RecipientEntry> parse_recipient_action(std::string_view text);

// The address without its extension, as Postfix's recipient_delimiter has it: any of `delimiters`
// begins one. Empty: there is none. In lower case already.
std::string without_extension(std::string_view address, std::string_view delimiters);

} // namespace postern
