// greylist_key - what makes two mails the same to greylisting
//
// RFC 6647 2.3, by postgrey's rules, so that its database can be read over:
// the client's network, the sender without what changes from mail to mail,
// and the recipient, all in lower case. Pure. Sender and recipient are cut to
// 320 octets: RFC 5321 4.5.3.1 has no longer mailbox, and what a stranger
// invents need not fill our disk.
#pragma once

#include "common/ip_address.h"
#include "common/mail_address.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern {

constexpr std::size_t greylist_part_limit = 320;

// Who sends: a network, or a domain whose SPF vouches for the client. The two
// never have the same text, since a network's has no '@'.
struct ClientKey {
    enum class Kind { network, domain } kind = Kind::network;
    std::string text; // "192.0.2.0", "2001:db8::", "@example.org"
};

ClientKey network_key(const IpAddress& client, int ipv4_prefix, int ipv6_prefix);
ClientKey domain_key(std::string_view spf_domain);

// The sender without an extension ("user+list@"), a BATV tag ("prvs=tag=user@")
// and with each whole number as '#': mailing lists put a serial number there.
std::string greylist_sender(const MailAddress& sender);

// What stands after the client in a triplet: "/sender/recipient", in place of what `out` holds.
// The memory of `out` is used again: no mail that is known needs a new piece.
void write_greylist_mail(const MailAddress& sender, const MailAddress& recipient, std::string& out);

// Under these two names the store keeps what it knows.
struct GreylistKeyPair {
    std::string triplet; // client/sender/recipient
    std::string client;

    bool empty() const { return triplet.empty(); }
    void assign(std::string_view client_text, std::string_view mail); // of write_greylist_mail
};

// Of a pair's two names; 0: of no use, or not looked for.
struct GreylistKeyHashes {
    std::uint64_t triplet = 0;
    std::uint64_t client = 0;
};

// By the client's network, and by the domain whose SPF vouches for it, if one does.
struct GreylistKeys {
    GreylistKeyPair network;
    GreylistKeyPair domain; // may be empty
};

GreylistKeyPair greylist_keys(const ClientKey& client, const MailAddress& sender, const MailAddress& recipient);

} // namespace postern
