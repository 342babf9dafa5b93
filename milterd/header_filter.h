// header_filter - mail whose header breaks RFC 5322
//
// What header_rules finds goes to the log in any case; what is done with such
// mail of a stranger is the operator's to say. Two From or Subject fields are
// shown differently by different readers, and are used for that.
// Config: header.malformed. Log: header="accept several From fields ...".
#pragma once

#include "milterd/filter.h"

namespace postern {

class HeaderFilter final : public Filter {
public:
    explicit HeaderFilter(FilterAction malformed);

    std::string_view name() const override { return "header"; }
    std::unique_ptr<FilterPass> begin(const Message& message) override;

private:
    FilterAction malformed_;
};

} // namespace postern
