// macro - macro strings: "%{ir}.%{v}._spf.%{d2}"
//
// RFC 7208 section 7. Parsing and expanding are pure. What the value of the
// macro p is takes questions to the DNS: whoever expands looks with
// uses_macro() whether it is wanted, and gives it.
// A MacroString refers to the text it was parsed from, which must outlive it.
#pragma once

#include "common/clock.h"
#include "common/ip_address.h"
#include "common/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct MacroPiece {
    std::string_view literal; // without a letter: the text itself, or what "%%", "%_" and "%-" stand for
    bool expands = false;     // written with '%': macro-expand in the grammar

    char letter = 0; // lower case; 0 in a literal
    bool url_escape = false;
    unsigned keep = 0; // right-hand parts; 0: all
    bool reverse = false;
    std::string_view delimiters = ".";
};

using MacroString = std::vector<MacroPiece>;

// In the text of an explanation blanks and the letters c, r and t are allowed too (RFC 7208 7.2).
enum class MacroPlace { domain_spec, explanation };

Result<MacroString> parse_macro_string(std::string_view text, MacroPlace place);

// A macro string that ends in a macro or in a dot and a top label (RFC 7208 7.1).
Result<MacroString> parse_domain_spec(std::string_view text);

bool uses_macro(const MacroString& macro_string, char letter);

struct MacroValues {
    IpAddress ip;
    std::string_view local_part;     // l, and s with sender_domain
    std::string_view sender_domain;  // o
    std::string_view domain;         // d: of the record that is evaluated
    std::string_view validated_name; // p
    std::string_view helo;           // h
    std::string_view receiver;       // r
    Timestamp now{};                 // t
};

// At most some thousand octets: a record cannot make us write more (max_expansion in the source).
std::string expand(const MacroString& macro_string, const MacroValues& values);

// As a name to ask: without its last dot, and from the left without as many
// labels as it takes to fit in 253 octets (RFC 7208 7.3).
std::string expand_domain_spec(const MacroString& domain_spec, const MacroValues& values);

} // namespace postern
