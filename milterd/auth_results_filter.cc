#include "milterd/auth_results_filter.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace postern {
namespace {

constexpr std::string_view field_name = "Authentication-Results";

// The name in a received field, without a queue id behind it, and without blanks: no name has any, and
// readers that unfold too much would not see them.
std::string name_in(std::string_view value)
{
    auto id = read_authserv_id(value);
    id.erase(std::min(id.find('/'), id.size()));
    std::erase_if(id, is_space);
    return id;
}

// RFC 8601 2.7.4
AuthResult login_result(const Message& message)
{
    return {"auth", "pass", "", "", {{"smtp", "auth", message.login}}};
}

void drop_header_b(std::vector<AuthResult>& results)
{
    for (auto& result : results)
        std::erase_if(result.properties, [](const AuthProperty& property) {
            return property.ptype == "header" && property.property == "b";
        });
}

class AuthResultsPass final : public FilterPass {
public:
    AuthResultsPass(const AuthResultsOptions& options, std::vector<HeaderEdit> removals)
        : options_(options)
        , edits_(std::move(removals))
    {
    }

    FilterVerdict verdict(const Message& message, Findings& findings, Deadline) override
    {
        FilterVerdict verdict;
        if (!edits_.empty())
            verdict.reason = fmt::format("removed:{}", edits_.size());
        auto results = results_for(message, findings);
        if (!results.empty()) {
            if (!options_.has_header_b)
                drop_header_b(results);
            const auto charset = message.is_smtputf8 ? FieldCharset::utf8 : FieldCharset::ascii;
            edits_.push_back({HeaderEdit::Kind::insert, std::string(field_name),
                              write_auth_results(authserv_id(message), results, charset), 0});
        }
        verdict.edits = std::move(edits_);
        return verdict;
    }

private:
    std::vector<AuthResult> results_for(const Message& message, const Findings& findings) const
    {
        if (message.origin == Origin::stranger)
            return findings.auth_results;
        if (options_.tells_login && !message.login.empty())
            return {login_result(message)};
        return {};
    }

    std::string authserv_id(const Message& message) const
    {
        return options_.has_queue_id && !message.queue_id.empty() ? options_.authserv_id + "/" + message.queue_id
                                                                  : options_.authserv_id;
    }

    const AuthResultsOptions options_; // not the filter's, which a reload may take away
    std::vector<HeaderEdit> edits_;
};

} // namespace

AuthResultsFilter::AuthResultsFilter(AuthResultsOptions options)
    : options_(std::move(options))
    , comparable_id_(to_a_labels(options_.authserv_id).value_or(to_lower(options_.authserv_id)))
{
}

bool AuthResultsFilter::is_forged(std::string_view value) const
{
    const auto id = name_in(value);
    return id == comparable_id_ || (id.empty() && to_lower(value).find(comparable_id_) != std::string::npos);
}

bool AuthResultsFilter::is_unwanted(std::string_view value, const Message& message) const
{
    switch (options_.remove) {
    case AuthResultsOptions::Remove::none:
        return false;
    case AuthResultsOptions::Remove::all:
        return true;
    case AuthResultsOptions::Remove::ours:
        break;
    }
    if (is_forged(value))
        return !options_.keep_from_relays || message.origin != Origin::relay;
    return !options_.remove_ids.empty() && options_.remove_ids.contains(name_in(value));
}

std::unique_ptr<FilterPass> AuthResultsFilter::begin(const Message& message)
{
    if (message.origin == Origin::returned)
        return nullptr;
    std::vector<HeaderEdit> removals;
    std::size_t occurrence = 0;
    for (const auto& field : message.header) {
        if (!has_name(field, field_name))
            continue;
        ++occurrence;
        if (is_unwanted(field.value, message))
            removals.push_back({HeaderEdit::Kind::remove, std::string(field_name), {}, occurrence});
    }
    return std::make_unique<AuthResultsPass>(options_, std::move(removals));
}

} // namespace postern
