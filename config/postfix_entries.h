// postfix_entries - Postern's entries in the lists of main.cf, and those of the programs it replaces
//
// How Postfix is told of our daemons, once for all lists; and what becomes of
// each entry that stands there now. What is decided on the way and is worth a
// word is kept for the operator.
//
// With PostfixWay::observe our entries ask for opinions only: the policy
// daemon by the word "observe" in its policy_context, the milter by a macro of
// main.cf, milter_macro_defaults. Nothing is taken out then. We are asked in
// the place that we would have, so before the old programs: Postfix ends a
// list at the first refusal, and what an old program refuses, or puts off,
// would never be seen by one who is asked after it.
// See: SMTPD_POLICY_README, MILTER_README
#pragma once

#include "config/config.h"
#include "config/old_programs.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

enum class PostfixWay { replace, observe };

// What main.cf says for the milter's part of observing; the name of the macro is milterd/milter.cc's, too.
constexpr std::string_view observe_macro_default = "{postern}=observe";

class PostfixEntries {
public:
    PostfixEntries(const Config& config, std::string queue_directory, PostfixWay way);

    bool observes() const { return way_ == PostfixWay::observe; }

    // As Postfix finds a socket: relative to the queue directory if it is below that, with and without chroot the same.
    std::string endpoint(const std::string& listen);

    struct Policy {
        std::string endpoint;
        std::vector<std::string_view> checks; // empty: the whole chain
        bool is_guard = false;                // keeps unknown recipients out: without it mail must wait
    };
    std::string policy(const Policy& policy) const;
    std::string milter(const MilterdSettings& milterd);

    // beside: an old program's, which stays, and before which we are asked
    enum class Fate { stays, goes, beside };
    Fate policy_fate(const std::string& entry) { return fate(entry, find_old_policy_service(entry)); }
    Fate milter_fate(const std::string& entry) { return fate(entry, find_old_milter(entry)); }
    bool is_ours(std::string_view entry) const; // at one of today's endpoints, or at a socket in a folder "postern"

    void remark(std::string text); // once
    const std::vector<std::string>& remarks() const { return remarks_; }
    const std::set<std::string>& out_of_reach() const { return outside_; } // our sockets that a chroot hides

private:
    Fate fate(const std::string& entry, const OldProgram* old);

    const Config& config_;
    std::string queue_;
    PostfixWay way_;
    std::vector<std::string> endpoints_; // of ours
    std::vector<std::string> remarks_;
    std::set<std::string> outside_;
};

} // namespace postern
