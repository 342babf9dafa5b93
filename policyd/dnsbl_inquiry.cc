#include "policyd/dnsbl_inquiry.h"

#include "common/text.h"

#include <algorithm>

namespace postern {

void DnsblInquiry::expect(const DnsblList& list)
{
    ++asked_;
    ++pending_;
    may_rise_ += list.highest();
    may_fall_ += list.lowest();
}

void DnsblInquiry::take(const DnsblList& list, std::size_t index, const DnsblAnswer& answer)
{
    --pending_;
    may_rise_ -= list.highest();
    may_fall_ -= list.lowest();
    switch (answer.kind) {
    case DnsblAnswer::Kind::failure:
        lacks_answer_ = true;
        break;
    case DnsblAnswer::Kind::listed:
        score_ += answer.weight;
        listings_.push_back({index, answer.rule, answer.weight, answer.code});
        summary_ += concat({" ", list.public_name, "=", answer.code.text()});
        [[fallthrough]];
    case DnsblAnswer::Kind::unlisted:
    case DnsblAnswer::Kind::error:
        ++answered_;
        ttl_ = std::min(ttl_.value_or(answer.ttl), answer.ttl);
        break;
    }
    for (auto* timer : waiting_)
        timer->cancel();
}

const DnsblListing* DnsblInquiry::heaviest() const
{
    const auto lighter = [](const DnsblListing& a, const DnsblListing& b) { return a.weight < b.weight; };
    const auto it = std::max_element(listings_.begin(), listings_.end(), lighter);
    return it == listings_.end() ? nullptr : &*it;
}

} // namespace postern
