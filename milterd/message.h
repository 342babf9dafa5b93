// message - one mail as it comes from Postfix
//
// Filled by the milter callbacks in the order of the protocol; read by the
// filters. It decides nothing.
#pragma once

#include "common/ip_address.h"
#include "common/mail_address.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

struct HeaderField {
    std::string name;
    std::string value; // as Postfix sent it: the blank after the colon and the folds ("\n") included
};

// Whose mail it is; the chain says so before the first filter sees it.
enum class Origin {
    stranger, // judged
    relay,    // of [trust] relays: not judged, not signed
    ours,     // of [trust] networks, a login, a {daemon_name} of ours, or internal: not judged, signed
    returned, // back from a content filter, by a listener that is known for it: not judged, not signed
};

struct Message {
    // The connection
    std::string client_name;
    std::optional<IpAddress> client; // none: internal, or a client whose address Postfix does not know
    std::string helo;
    std::string daemon_name; // {daemon_name}
    std::string login;       // {auth_authen}; empty: none
    std::vector<std::pair<std::string, std::string>> macros; // those that OriginRules name, with their values

    // The envelope
    std::string queue_id; // {i}; Postfix has none before DATA
    MailAddress sender;
    bool is_smtputf8 = false; // sent with SMTPUTF8 (RFC 6531): its header may hold UTF-8
    std::vector<MailAddress> recipients; // the first ones, as many as are kept
    std::size_t recipient_count = 0;     // of all

    // The content
    std::vector<HeaderField> header;
    std::size_t body_size = 0;

    bool is_internal = false; // no client brought it: sendmail(1), or Postfix itself. Never rejected
    bool is_notice = false;   // internal, and Postfix's own (a bounce, a notice to the postmaster): never deferred either
    Origin origin = Origin::stranger;
};

// Without regard to case, and to blanks between the name and its colon: readers of mail pass over them
// (RFC 5322 4.5.1), so that "From :" is one more From.
bool has_name(const HeaderField& field, std::string_view name);

// The n-th field of that name in `message.header`, counted from 1 as libmilter does; 0 if `at` is no field.
std::size_t occurrence_of(const Message& message, std::size_t at);

} // namespace postern
