// dkim_key_view - `postern dkim check`, `list` and `zone`
//
// Looks at the keys that are managed and those that the configuration names,
// and changes nothing.
// Failure: it is told, and the next key's turn comes. The exit status is 0 or
// 1; that of check is 1 if a record is not as it must be, and 75 (EX_TEMPFAIL)
// if nothing is worse than a DNS that does not answer.
// See: dkim_record_check, dkim_record_text
#pragma once

#include "common/result.h"
#include "milterd/dkim_admin_parts.h"
#include "milterd/dkim_record_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern {

// Which keys a command is about; what is empty means any.
struct DkimKeyFilter {
    std::string name{}; // a domain or a selector
    std::string domain{};
    std::string selector{};
};

class DkimKeyView {
public:
    explicit DkimKeyView(DkimAdminParts& parts);

    // Each returns the exit status.
    int check(const DkimKeyFilter& filter);
    int check_file(const DkimKeyFilter& key, const std::string& path);
    int list(const DkimKeyFilter& filter);
    int zone(const DkimKeyFilter& filter, std::optional<std::int64_t> ttl);

private:
    struct Key;

    std::vector<Key> keys_of(const DkimKeyFilter& filter);
    void add_managed(const std::string& domain, const DkimKeyFilter& filter, std::vector<Key>& keys);
    RecordFinding check_key(const Key& key);
    void complain(const Error& fault);

    DkimAdminParts& parts_;
    bool has_failed_ = false;
};

} // namespace postern
