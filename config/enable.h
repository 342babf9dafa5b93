// enable - plug Postern into a Postfix, and out again
//
// A change is planned first: the files as they would be, and what differs, for
// the operator to see. Then it is made: files kept beside main.cf, replaced,
// looked at by `postfix check`, and put back if Postfix does not like them.
// What is kept makes the way back:
//
//     main.cf.before-postern    as it was, without Postern
//     main.cf.with-postern      as Postern wrote it; and both of master.cf
//
// Where nothing has changed since, the files come back octet by octet. Else
// what Postern wrote is taken out of them, and all else stays. To enable again
// is to do that first, so lines of an older configuration do not stay behind.
// Failure: the Error says what to do; nothing is half done.
#pragma once

#include "config/main_cf.h"
#include "config/old_setup.h"
#include "config/postfix_files.h"

#include <string>
#include <vector>

namespace postern {

struct PostfixChange {
    PostfixTexts now;
    PostfixTexts before; // without Postern
    PostfixTexts wanted;
    std::string difference;           // empty: there is nothing to do
    std::vector<std::string> remarks; // for people: what was taken out, what is wrong with the host
};

// What `main_cf` prints for this configuration and this Postfix, set.
Result<PostfixChange> plan_enable(const PostfixFiles& files, LoadedHost host, PostfixWay way = PostfixWay::replace);
Result<PostfixChange> plan_disable(const PostfixFiles& files);

// What nobody asks any more once `enabled` is made (old_setup.h), and the change after it that takes it out.
Result<OldSetup> left_behind(const PostfixFiles& files, const PostfixChange& enabled);
Result<PostfixChange> plan_removal(const PostfixFiles& files, const PostfixChange& enabled, const OldSetup& old);

// Whether this Postfix was enabled, and not disabled since.
bool is_enabled(const PostfixFiles& files);

struct PostfixChanged {
    bool was_reloaded = false; // Postfix runs, and has the new files
};
Result<PostfixChanged> make_change(const PostfixFiles& files, const PostfixChange& change);

} // namespace postern
