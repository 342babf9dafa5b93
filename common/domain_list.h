// domain_list - a list of domains
//
//     example.org      this domain
//     .example.org     every domain below it
//
// Compared as A-labels in lower case.
// Failure: the Error shows the entry that is no domain.
#pragma once

#include "common/result.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class DomainList {
public:
    DomainList() = default; // none

    static Result<DomainList> parse(std::span<const std::string> entries);

    bool empty() const { return entries_.empty(); }

    // `domain` in A-labels and lower case, without its last dot.
    bool contains(std::string_view domain) const;

private:
    std::vector<std::string> entries_; // sorted
};

} // namespace postern
