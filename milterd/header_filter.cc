#include "milterd/header_filter.h"

#include "milterd/header_rules.h"

#include <utility>

namespace postern {
namespace {

class MalformedPass final : public FilterPass {
public:
    MalformedPass(std::string fault, FilterAction action)
        : fault_(std::move(fault))
        , action_(action)
    {
    }

    FilterVerdict verdict(const Message&, Findings&, Deadline) override
    {
        FilterVerdict verdict;
        verdict.action = action_;
        verdict.reason = fault_;
        if (action_ != FilterAction::accept) {
            verdict.status = "6.0"; // RFC 3463 3.7: the content
            verdict.text = "Message header breaks RFC 5322: " + fault_;
        }
        return verdict;
    }

private:
    std::string fault_;
    FilterAction action_;
};

} // namespace

HeaderFilter::HeaderFilter(FilterAction malformed)
    : malformed_(malformed)
{
}

std::unique_ptr<FilterPass> HeaderFilter::begin(const Message& message)
{
    if (message.origin != Origin::stranger)
        return nullptr;
    auto fault = header_fault(message.header);
    return fault.empty() ? nullptr : std::make_unique<MalformedPass>(std::move(fault), malformed_);
}

} // namespace postern
