#include "milterd/clamav_exemptions.h"

#include "common/read_file.h"
#include "common/text.h"

#include <algorithm>
#include <string>
#include <utility>

namespace postern {
namespace {

constexpr std::size_t file_limit = 16 << 20;

template <class Parse>
void read_lists(const Texts& paths, Parse parse, std::vector<Error>& faults)
{
    for (const auto& path : paths) {
        if (const auto text = read_file(path, file_limit))
            parse(*text, path);
        else
            faults.push_back(text.error());
    }
}

std::string lines_of(const std::vector<Error>& faults)
{
    std::string text;
    for (const auto& fault : faults)
        text.append(text.empty() ? "" : "\n").append(fault.what);
    return text;
}

} // namespace

Result<std::unique_ptr<ClamavExemptions>> ClamavExemptions::load(const ClamavSettings& settings)
{
    std::unique_ptr<ClamavExemptions> exempt(new ClamavExemptions);
    std::vector<Error> faults;

    Texts clients = settings.exempt_clients;
    exempt->local_ = std::erase(clients, "local") > 0;
    const ReadText read = [](const std::string& path) { return read_file(path, data_file_limit); };
    exempt->clients_ = NetworkList::load(clients, "clamav.exempt_clients", read, faults);

    for (const auto& entry : settings.exempt_logins) {
        if (entry.size() < 2 || entry.front() != '/') {
            exempt->logins_.insert(to_lower(entry));
        } else if (auto pattern = Regex::compile(std::string_view(entry).substr(1, entry.size() - 2))) {
            exempt->login_patterns_.push_back(std::move(*pattern));
        } else {
            faults.push_back(Error{fmt::format("clamav.exempt_logins: {}", pattern.error().what)});
        }
    }
    std::vector<std::string> logins;
    read_lists(
        settings.exempt_login_lists,
        [&](std::string_view text, std::string_view path) { parse_login_list(text, path, logins, faults); }, faults);
    exempt->logins_.insert(logins.begin(), logins.end());
    read_lists(
        settings.exempt_lists,
        [&](std::string_view text, std::string_view path) { parse_allow_list(text, path, exempt->addresses_, faults); },
        faults);
    if (!faults.empty())
        return fail("{}", lines_of(faults));
    return exempt;
}

std::string_view ClamavExemptions::reason(const Message& message) const
{
    if (has_client(message))
        return "exempt client";
    const std::lock_guard lock(mutex_);
    if (!message.login.empty() && has_login(message.login))
        return "exempt login";
    if (AllowList::matches(addresses_.senders, message.sender.text()))
        return "exempt sender";
    return has_recipients(message) ? "exempt recipients" : "";
}

bool ClamavExemptions::has_client(const Message& message) const
{
    return message.is_internal ? local_ : clients_.contains(message.client, message.client_name);
}

bool ClamavExemptions::has_login(std::string_view login) const
{
    return logins_.contains(to_lower(login))
        || std::any_of(login_patterns_.begin(), login_patterns_.end(),
                       [&](const Regex& pattern) { return pattern.matches(login); });
}

bool ClamavExemptions::has_recipients(const Message& message) const
{
    return !message.recipients.empty() && message.recipients.size() == message.recipient_count
        && std::all_of(message.recipients.begin(), message.recipients.end(), [&](const MailAddress& recipient) {
               return AllowList::matches(addresses_.recipients, recipient.text());
           });
}

} // namespace postern
