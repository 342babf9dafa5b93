// dkim_key_store - the folder of the keys that Postern manages
//
//     /etc/postern/dkim/example.org/state                     dkim_key_states
//     /etc/postern/dkim/example.org/20261127.private          PEM
//     /etc/postern/dkim/example.org/20261127.txt              its record, for a zone file
//
// Every file is whole or not there. A key's files come before its line in
// `state` and go after it: a crash leaves at most files that nobody names. What
// a run has changed and no daemon has been told yet stands in the file
// `untold`, so that the next run tells it.
// Files belong to who makes them, and the daemon's group may read them.
// Failure: an Error names the file.
#pragma once

#include "common/file_descriptor.h"
#include "common/whole_file.h"
#include "milterd/dkim_key_states.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class DkimKeyStore {
public:
    // `access` of the files; their folders get the right to enter, too.
    explicit DkimKeyStore(std::string folder, const FileAccess& access = {0640});

    const std::string& folder() const { return folder_; }
    std::string key_path(std::string_view domain, std::string_view selector) const;

    // Those that have keys, in order. A folder that is not there has none.
    Result<std::vector<std::string>> domains() const;

    // Nothing: it is not managed.
    Result<std::optional<ManagedDkimDomain>> load(const std::string& domain) const;

    // For a change: as long as it is held, no other process has it. Makes the folders.
    Result<FileDescriptor> lock(const std::string& domain) const;

    Result<> save(const ManagedDkimDomain& domain) const;

    // A key that is there already is a fault.
    Result<> add_files(std::string_view domain, std::string_view selector, std::string_view pem,
                       std::string_view zone_text) const;
    bool has_files(std::string_view domain, std::string_view selector) const;
    Result<> remove_files(std::string_view domain, std::string_view selector) const;

    Result<> set_untold() const;
    Result<> clear_untold() const;
    bool is_untold() const;

private:
    std::string path(std::string_view domain, std::string_view file) const;

    std::string folder_;
    FileAccess files_;
    FileAccess folders_;
};

// As opendkim-genkey(8) does it: SELECTOR.private and SELECTOR.txt in that folder.
Result<> create_key_files(const std::string& stem, std::string_view pem, std::string_view zone_text,
                          const FileAccess& access);

} // namespace postern
