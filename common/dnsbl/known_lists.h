// known_lists - what is known of the DNS lists that people use
//
// The one place for facts about lists that they publish themselves: which
// answers are listings, which say that something is wrong with the question,
// which names are listed for tests, who refuses public resolvers, and who has
// closed. A zone below a known one is the same list, asked with a key.
// The last facts were looked up in 2026; what is not known stays empty, and
// then any answer that is no error counts.
// Pure.
#pragma once

#include <string_view>

namespace postern {

enum class ListKind { addresses, domains, any };

struct KnownList {
    std::string_view zone;
    std::string_view public_name{}; // of a zone that is only asked with a key before it; empty: `zone`
    std::string_view listings{};    // the filter where the operator gave none; empty: any answer
    std::string_view errors{};      // answers that never count, whatever the operator's filter, beside the usual ones
    std::string_view test_name{};   // of a domain list: a name that is always listed, beside those of RFC 5782
    ListKind kind = ListKind::addresses;
    bool refuses_public_resolvers = false;
    std::string_view closed{}; // since when or why, if it is
};

// `zone` itself or what it is below; nullptr: not known.
const KnownList* find_known_list(std::string_view zone);

} // namespace postern
