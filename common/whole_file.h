// whole_file - writes a file that is there as a whole, or as it was
//
// Whatever happens on the way, a crash or a full disk, the name holds the old
// content or all of the new one; when the call returns, the disk has it. The
// content is written to a file beside it (NAME.new, left behind by a crash and
// overwritten by the next one), which then takes the name: for one process at a
// time, so lock the directory where there may be two.
// Failure: an Error is "path: why", and nothing has changed.
#pragma once

#include "common/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace postern {

struct FileAccess {
    mode_t mode = 0600;
    std::optional<gid_t> group{}; // none: that of the process
    std::optional<uid_t> owner{}; // likewise
};

// In place of what is there, if that is a file or a link.
Result<> replace_file(const std::string& path, std::string_view content, const FileAccess& access);

// Only if nothing of that name is there: else "exists already", and it is not touched.
Result<> create_file(const std::string& path, std::string_view content, const FileAccess& access);

// With the directories above it, which get the access of mkdir(1). One that is there stays as it is.
Result<> create_directory(const std::string& path, const FileAccess& access);

Result<> remove_file(const std::string& path); // one that is not there is no fault

} // namespace postern
