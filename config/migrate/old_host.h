// old_host - the files of a host, or of a directory that is taken for one
//
// Paths are always as the host's programs know them, "/etc/default/postgrey";
// with a root they are looked for below it, and so is where a symbolic link
// leads. Nothing is ever written.
// Failure: an Error begins with such a path.
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

class OldHost {
public:
    explicit OldHost(std::string root = {}); // empty: this host

    const std::string& root() const { return root_; }

    // Where it really is, every link followed; as it is if there is nothing.
    std::string real_path(std::string_view path) const;

    bool has(std::string_view path) const; // a file or a folder, that can be seen
    bool has_folder(std::string_view path) const;
    Result<std::string> read(std::string_view path) const; // at most 1 MiB

    // Whole paths of what is in a folder and ends in `suffix`, sorted; none if there is no such folder.
    std::vector<std::string> files_in(std::string_view folder, std::string_view suffix) const;

private:
    std::string root_; // without a slash at its end
};

} // namespace postern
