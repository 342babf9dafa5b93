// dkim_tag_list - "name=value; name=value", as signatures and key records have it
//
// RFC 6376 3.2. Pure. Unknown tags are kept: who reads the list passes over
// them. Failure: what the grammar does not allow, a tag that stands twice,
// and more than tag_limit tags.
#pragma once

#include "common/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct DkimTag {
    std::string_view name;
    std::string_view value;             // without white space at its ends; folds inside are kept
    bool is_spaced = false;             // white space stands between the name and its "="
};

class DkimTagList {
public:
    static constexpr std::size_t tag_limit = 64;

    // `text` must outlive the list.
    static Result<DkimTagList> parse(std::string_view text);

    const std::vector<DkimTag>& tags() const { return tags_; }

    // nullptr: there is none. Names are compared with regard to case.
    const DkimTag* find(std::string_view name) const;

private:
    std::vector<DkimTag> tags_;
};

// `text` without any white space (RFC 6376 2.8: FWS), as base64 and lists may be folded anywhere.
std::string without_folds(std::string_view text);

} // namespace postern
