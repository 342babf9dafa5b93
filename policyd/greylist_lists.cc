#include "policyd/greylist_lists.h"

#include "common/list_file.h"
#include "common/read_file.h"

#include <cerrno>
#include <fmt/format.h>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::size_t file_limit = 16 << 20;
constexpr std::size_t remembered = 10'000; // names, and recipients

bool may_be_missing(std::string_view path)
{
    return path.ends_with(".local") || path.starts_with("/etc/postgrey/");
}

Result<std::string> read_list(const std::string& path)
{
    if (may_be_missing(path) && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
        return std::string();
    return read_file(path, file_limit);
}

// All that the files and the configuration list. The latter's entries have been checked by its table.
template <class Entry>
std::vector<Entry> read_entries(Result<Entry> (*parse)(std::string_view), const Texts& paths, const Texts& more,
                                std::vector<Error>& faults)
{
    std::vector<Entry> entries;
    const auto add = [&](std::string_view text) -> Result<> {
        auto entry = parse(text);
        if (!entry)
            return tl::unexpected(entry.error());
        entries.push_back(std::move(*entry));
        return {};
    };
    for (const auto& path : paths) {
        if (const auto text = read_list(path))
            parse_list_file(*text, path, add, faults);
        else
            faults.push_back(text.error());
    }
    for (const auto& entry : more)
        if (const auto ok = add(entry); !ok)
            faults.push_back(ok.error());
    return entries;
}

template <class Match>
bool remembered_match(LruCache<bool>& known, std::string_view subject, std::uint64_t hash, Match match)
{
    if (const auto* answer = known.find(subject, hash))
        return *answer;
    return known.put(subject, match(subject));
}

} // namespace

GreylistLists::GreylistLists(ClientList clients, AddressList recipients, AddressList senders)
    : clients_(std::move(clients))
    , known_clients_(remembered)
    , recipients_{std::move(recipients), LruCache<bool>(remembered)}
    , senders_{std::move(senders), LruCache<bool>(remembered)}
{
}

Result<std::unique_ptr<GreylistLists>> GreylistLists::load(const GreylistSettings& settings)
{
    std::vector<Error> faults;
    ClientList clients(read_entries(parse_client_entry, settings.client_lists, settings.clients, faults));
    AddressList recipients(read_entries(parse_address_entry, settings.recipient_lists, settings.recipients, faults));
    AddressList senders(read_entries(parse_address_entry, settings.sender_lists, settings.senders, faults));
    if (faults.empty())
        return std::unique_ptr<GreylistLists>(
            new GreylistLists(std::move(clients), std::move(recipients), std::move(senders)));
    std::string text;
    for (const auto& fault : faults)
        text.append(text.empty() ? "" : "\n").append(fault.what);
    return fail("{}", text);
}

// Into client_.
void GreylistLists::write_key(const IpAddress& client, std::string_view client_name)
{
    client_.assign(reinterpret_cast<const char*>(client.octets().data()), client.octets().size()).append(client_name);
}

std::uint64_t GreylistLists::look_ahead(const IpAddress& client, std::string_view client_name)
{
    if (clients_.size() == 0)
        return 0;
    write_key(client, client_name);
    return known_clients_.look_ahead(client_);
}

bool GreylistLists::has_client(const IpAddress& client, std::string_view client_name, std::uint64_t hash)
{
    if (clients_.size() == 0)
        return false;
    write_key(client, client_name);
    return remembered_match(known_clients_, client_, hash, [&](auto) {
        return clients_.has_name(client_name) || clients_.has_address(client) || clients_.matches(client_name);
    });
}

bool GreylistLists::Addresses::has(const MailAddress& address, std::string_view as_sent)
{
    if (addresses.has(address))
        return true;
    return addresses.has_patterns()
        && remembered_match(known, as_sent, 0, [&](auto text) { return addresses.matches(text); });
}

bool GreylistLists::has_recipient(const MailAddress& recipient, std::string_view as_sent)
{
    return recipients_.has(recipient, as_sent);
}

bool GreylistLists::has_sender(const MailAddress& sender, std::string_view as_sent)
{
    return senders_.has(sender, as_sent);
}

} // namespace postern
