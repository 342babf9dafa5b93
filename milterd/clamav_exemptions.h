// clamav_exemptions - whose mail is not scanned
//
//     clients   by address or verified name, and mail that no client brought
//     logins    by the name that Postfix has verified
//     addresses by their allow lists: the sender, which anybody can forge, or
//               all recipients; of a mail with more than are kept, never
//
// load() reads every file again.
// Failure: the Error has a line a fault: "path:line: what".
// Config: [clamav] exempt_clients, exempt_lists, exempt_logins, exempt_login_lists
#pragma once

#include "common/network_list.h"
#include "common/result.h"
#include "common/text_set.h"
#include "config/config.h"
#include "milterd/allow_list.h"
#include "milterd/message.h"

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace postern {

class ClamavExemptions {
public:
    static Result<std::unique_ptr<ClamavExemptions>> load(const ClamavSettings& settings);

    // "exempt client", "exempt login", "exempt sender", "exempt recipients"; empty: it is scanned. From any thread.
    std::string_view reason(const Message& message) const;

private:
    bool has_client(const Message& message) const;
    bool has_login(std::string_view login) const;
    bool has_recipients(const Message& message) const;

    bool local_ = false;
    NetworkList clients_;
    TextSet logins_; // in lower case
    std::vector<Regex> login_patterns_;
    AllowList addresses_;
    mutable std::mutex mutex_; // of every Regex
};

} // namespace postern
