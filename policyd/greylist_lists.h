// greylist_lists - the clients, recipients and senders that are listed as good
//
// From list files in postgrey's format and from entries of the configuration.
// What was said of a client is remembered, since each of its mails asks, and
// so is what regular expressions said of an address.
// load() reads every file again and gives new lists, or every fault. A file
// may be missing if its name ends in .local or if it is in /etc/postgrey,
// where the default looks for it.
// Failure: the Error has a line a fault: "path:line: what".
// See: client_list, address_list, list_file; greylist_list_watch for files that change
#pragma once

#include "common/address_list.h"
#include "common/client_list.h"
#include "common/lru_cache.h"
#include "common/result.h"
#include "config/config.h"
#include "policyd/policy_request.h"

#include <memory>
#include <string>

namespace postern {

class GreylistLists {
public:
    static Result<std::unique_ptr<GreylistLists>> load(const GreylistSettings& settings);

    // `hash`: of look_ahead(), else 0.
    bool has_client(const IpAddress& client, std::string_view client_name, std::uint64_t hash = 0);
    bool has_recipient(const MailAddress& recipient, std::string_view as_sent);
    bool has_sender(const MailAddress& sender, std::string_view as_sent); // to be asked where SPF passes

    // Of has_client(), as LruCache has it. 0: it need not be looked up.
    std::uint64_t look_ahead(const IpAddress& client, std::string_view client_name);
    void look_ahead(std::uint64_t hash) const { known_clients_.look_ahead(hash); }

    std::size_t clients() const { return clients_.size(); }
    std::size_t recipients() const { return recipients_.addresses.size(); }
    std::size_t senders() const { return senders_.addresses.size(); }

private:
    struct Addresses {
        AddressList addresses;
        LruCache<bool> known; // by the regular expressions
        bool has(const MailAddress& address, std::string_view as_sent);
    };
    void write_key(const IpAddress& client, std::string_view client_name);

    GreylistLists(ClientList clients, AddressList recipients, AddressList senders);

    ClientList clients_;
    LruCache<bool> known_clients_; // by address and name
    std::string client_;           // the key of the client at hand
    Addresses recipients_, senders_;
};

} // namespace postern
