// postfix_undo - take a change back out of main.cf or master.cf
//
// The files are lists of entries, each a line and those that continue it. An
// entry that the change has made or altered becomes what it was before;
// everything else stays as it is now, octet by octet. Pure.
// Failure: an entry that the change has touched was altered since: nobody but
// the operator knows what it should be now. The Error names all of them.
// See: postconf(5), master(5)
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>

namespace postern {

// main.cf: entries are "name = value". master.cf: "name type ...".
enum class PostfixFile { main_cf, master_cf };

Result<std::string> undo(PostfixFile file, std::string_view now, std::string_view before, std::string_view after);

} // namespace postern
