// dkim_key_change - `postern dkim new` and `rotate`
//
// Makes keys, brings each as far as it may go, and says what the operator has
// to do next. One step is as good as many: whatever a run could not do, the
// next one does.
// Failure: it is told, and the next domain's turn comes; the exit status, 0 or
// 1, says that there was one. DNS trouble is none: it changes nothing.
// Config: [dkim] managed, rotate_after, publish_wait, overlap; milterd.group
// See: dkim_key_store, dkim_rotation, dkim_record_text
#pragma once

#include "common/result.h"
#include "milterd/dkim_admin_parts.h"
#include "milterd/dkim_record_text.h"

#include <string>
#include <vector>

namespace postern {

struct DkimNewKeys {
    std::string domain{};
    std::string selector{}; // empty: the date
    int bits = 0;         // 0: the usual
    std::vector<DkimKeyType> types{DkimKeyType::rsa, DkimKeyType::ed25519};
    DkimRecordTags tags{};
    bool has_subdomains = false; // their mail is signed, too
    std::string directory{};     // not managed: SELECTOR.private and SELECTOR.txt there; empty: managed
    bool appends_domain = false; // to the name in SELECTOR.txt
};

class DkimKeyChange {
public:
    explicit DkimKeyChange(DkimAdminParts& parts);

    // Each returns the exit status.
    int make(const DkimNewKeys& wanted);
    int rotate(const std::string& domain); // empty: all

private:
    struct Made;

    Result<Made> make_key(DkimKeyType type, int bits, const std::vector<std::string>& tags) const;
    Result<> make_managed(const DkimNewKeys& wanted);
    Result<> make_in_directory(const DkimNewKeys& wanted);
    std::vector<std::string> free_selectors(const ManagedDkimDomain& domain, const std::vector<DkimKeyType>& types) const;
    Result<> rotate_domain(const std::string& name);
    DkimSights look_at(const ManagedDkimDomain& domain);
    Result<> make_due(DkimRotation& rotation);
    void tell_steps(const DkimRotation& rotation);
    void tell_state(const ManagedDkimDomain& domain, const ManagedDkimKey& key, const DkimSight& sight);
    Result<> tell_untold();
    void print_record(const DkimRecord& record) const;
    int finish(const Result<>& done);

    DkimAdminParts& parts_;
    bool has_failed_ = false;
};

} // namespace postern
