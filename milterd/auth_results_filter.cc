#include "milterd/auth_results_filter.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <utility>

namespace postern {
namespace {

constexpr std::string_view field_name = "Authentication-Results";

class Pass final : public FilterPass {
public:
    Pass(const std::string& authserv_id, std::vector<HeaderEdit> removals)
        : authserv_id_(authserv_id)
        , edits_(std::move(removals))
    {
    }

    FilterVerdict verdict(const Message& message, Findings& findings, Deadline) override
    {
        FilterVerdict verdict;
        if (!edits_.empty())
            verdict.reason = fmt::format("removed:{}", edits_.size());
        if (message.origin == Origin::stranger && !findings.auth_results.empty()) {
            const auto charset = message.is_smtputf8 ? FieldCharset::utf8 : FieldCharset::ascii;
            edits_.push_back({HeaderEdit::Kind::insert, std::string(field_name),
                              write_auth_results(authserv_id_, findings.auth_results, charset), 0});
        }
        verdict.edits = std::move(edits_);
        return verdict;
    }

private:
    std::string authserv_id_;
    std::vector<HeaderEdit> edits_;
};

} // namespace

AuthResultsFilter::AuthResultsFilter(std::string authserv_id)
    : authserv_id_(std::move(authserv_id))
    , comparable_id_(to_a_labels(authserv_id_).value_or(to_lower(authserv_id_)))
{
}

bool AuthResultsFilter::is_forged(std::string_view value) const
{
    const auto id = read_authserv_id(value);
    return id == comparable_id_ || (id.empty() && to_lower(value).find(comparable_id_) != std::string::npos);
}

std::unique_ptr<FilterPass> AuthResultsFilter::begin(const Message& message)
{
    if (message.origin == Origin::returned)
        return nullptr;
    std::vector<HeaderEdit> removals;
    std::size_t occurrence = 0;
    for (const auto& field : message.header) {
        if (!equals_ignoring_case(field.name, field_name))
            continue;
        ++occurrence;
        if (is_forged(field.value))
            removals.push_back({HeaderEdit::Kind::remove, std::string(field_name), {}, occurrence});
    }
    return std::make_unique<Pass>(authserv_id_, std::move(removals));
}

} // namespace postern
