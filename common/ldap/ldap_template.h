// ldap_template - a search filter or base with an address put in
//
// The placeholders of Postfix's ldap_table(5):
//
//     %s  the address          %u  its local part      %d  its domain
//     %1 ... %9  a label of the domain, from the right: of mail.example.org
//                %1 is org, %2 example, %3 mail
//     %%  a percent sign
//
// %S, %U and %D mean the same here. Whatever octets the address holds, its
// parts are quoted so that they stay values: in a filter by RFC 4515 3, in a
// base by RFC 4514 2.4. expand() gives nothing for an address that has not
// what the template asks for: no directory can know it.
// Failure: parse() refuses what is no filter (RFC 4515) or no DN whatever the
// address; the Error says what is wrong with it.
// Pure.
#pragma once

#include "common/mail_address.h"
#include "common/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class LdapTemplate {
public:
    LdapTemplate() = default; // the empty base

    // A filter without its outer parentheses, as Postfix takes it, gets them.
    static Result<LdapTemplate> parse_filter(std::string_view text);
    static Result<LdapTemplate> parse_base(std::string_view text);

    std::optional<std::string> expand(const MailAddress& address) const;

    // Does it hold a part of the address?
    bool is_dynamic() const { return is_dynamic_; }

    bool operator==(const LdapTemplate&) const = default;

private:
    enum class Quoting { filter, base };
    struct Piece {
        std::string text;       // as it stands, before
        char placeholder = '\0'; // s, u, d, or 1 to 9; none at the end

        bool operator==(const Piece&) const = default;
    };

    static Result<LdapTemplate> parse(std::string_view text, Quoting quoting);

    Quoting quoting_ = Quoting::base;
    bool is_dynamic_ = false;
    std::vector<Piece> pieces_;
};

// Is this a filter of RFC 4515, parentheses and all? The Error says where not.
Result<> check_ldap_filter(std::string_view filter);

} // namespace postern
