// old_postfix - the Postfix of the host, and where in its files something stands
//
// What it says is understood by postconf(1) (postfix_files.h); the lines are
// found in the texts of main.cf and master.cf. A host without a Postfix has an
// empty one.
#pragma once

#include "config/migrate/old_host.h"
#include "config/migrate/old_line.h"
#include "config/postfix_files.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

// A table that main.cf or master.cf names, such as ldap:/etc/postfix/ldap.cf, or a service or milter.
struct PostfixMention {
    std::string text; // the item of the list, or the word
    std::string parameter;
    std::string service{}; // of master.cf, where it is an option of one
    OldLine at;
};

struct OldPostfix {
    std::string directory = "/etc/postfix"; // as the host knows it
    PostfixConfig config{};
    PostfixTexts texts{};

    // Where the parameter is set; where it is not, main.cf as a whole.
    OldLine line_of(std::string_view parameter, std::string_view program) const;
    // The same for an item of its value, which may stand further below.
    OldLine line_of(std::string_view parameter, std::string_view item, std::string_view program) const;
    // Where the service's line of master.cf begins: "private/policy-spf" or "policy-spf".
    OldLine service_line(std::string_view service, std::string_view program) const;

    // Each service that check_policy_service asks, as it is named there.
    std::vector<PostfixMention> policy_services(std::string_view program) const;

    // Set in main.cf, whatever its value.
    bool sets(std::string_view parameter) const;
};

// Failure: postconf cannot be run, or does not understand the files.
Result<OldPostfix> read_old_postfix(const OldHost& host, const PostfixFiles::Run& run);

// Every item of every parameter and option that `fits`; `before` is the item that stands before it.
using FitsMention = bool (*)(std::string_view item, std::string_view before);
std::vector<PostfixMention> mentions(const OldPostfix& postfix, std::string_view program, FitsMention fits);

} // namespace postern
