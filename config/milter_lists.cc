#include "config/milter_lists.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <optional>
#include <span>

namespace postern {
namespace {

using ListItems = std::vector<std::string>;
using EntryFate = PostfixEntries::Fate;

constexpr std::string_view submission_services[] = {"submission", "submissions", "smtps", "587", "465"};
constexpr std::string_view inbound_services[] = {"smtp", "smtpd", "25"}; // smtpd: behind postscreen(8)

// "127.0.0.1:submission" is a submission service, too.
bool is_service_of(std::span<const std::string_view> names, std::string_view service)
{
    const auto colon = service.rfind(':');
    const auto name = colon == std::string_view::npos ? service : service.substr(colon + 1);
    return std::find(names.begin(), names.end(), name) != names.end();
}

// The instance that is for this service's mail; none: postern-milterd itself, or none of ours.
const MilterdSettings* instance_for(const PostfixService& service, const std::vector<InstanceConfig>& instances)
{
    for (const auto& instance : instances) {
        const auto& milterd = instance.config.milterd;
        if ((milterd.role == "submission" && is_service_of(submission_services, service.name))
            || (milterd.role == "inbound" && is_service_of(inbound_services, service.name)))
            return &milterd;
    }
    return nullptr;
}

bool has_place(PostfixEntries& entries, std::string_view list)
{
    const auto items = split_postfix_list(list);
    return std::any_of(items.begin(), items.end(),
                       [&](const auto& item) { return entries.milter_fate(item) != EntryFate::stays; });
}

// postconf(1) -P takes no value with blanks. Postfix does without them: no parameter of a milter has one.
std::string without_blanks(const ListItems& items)
{
    auto text = fmt::format("{}", fmt::join(items, ","));
    std::erase(text, ' ');
    return text;
}

} // namespace

ListItems edit_milter_list(PostfixEntries& entries, std::string_view value, const std::string& ours)
{
    ListItems kept;
    std::optional<std::size_t> place;
    for (const auto& item : split_postfix_list(value)) {
        const auto fate = entries.milter_fate(item);
        if (fate != EntryFate::stays)
            place = place.value_or(kept.size());
        if (fate != EntryFate::goes)
            kept.push_back(item);
    }
    const auto is_dmarc = [](const auto& item) {
        return item.find("dmarc") != item.npos || item.find(":8893") != item.npos;
    };
    const auto dmarc = std::find_if(kept.begin(), kept.end(), is_dmarc);
    const auto at = place.value_or(static_cast<std::size_t>(dmarc - kept.begin()));
    kept.insert(kept.begin() + static_cast<std::ptrdiff_t>(at), ours);
    return kept;
}

std::vector<std::string> service_milter_lists(PostfixEntries& entries, const PostfixConfig& postfix,
                                              const Config& config, const std::vector<InstanceConfig>& instances)
{
    std::vector<std::string> lines;
    const auto edit = [&](const PostfixService& service, std::string_view list, const MilterdSettings* instance) {
        const auto option = service.options.find(list);
        const bool has_option = option != service.options.end();
        const std::string_view value = has_option ? std::string_view(option->second) : std::string_view();
        const bool is_for_instance = instance && (!has_option || !value.empty());
        if (!is_for_instance && !has_place(entries, value))
            return;
        const auto ours = entries.milter(instance ? *instance : config.milterd);
        const auto items = edit_milter_list(entries, has_option ? value : postfix.value(list), ours);
        lines.push_back(fmt::format("{}/{}={}", service.text(), list, without_blanks(items)));
    };
    for (const auto& service : postfix.services) {
        if (service.program == "smtpd")
            edit(service, "smtpd_milters", instance_for(service, instances));
        edit(service, "non_smtpd_milters", nullptr);
    }
    return lines;
}

} // namespace postern
