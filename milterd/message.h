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
#include <vector>

namespace postern {

struct HeaderField {
    std::string name;
    std::string value; // as Postfix sent it: the blank after the colon and the folds ("\n") included
};

struct Message {
    // The connection
    std::string client_name;
    std::optional<IpAddress> client; // none: sendmail(1), or a mail Postfix made itself
    std::string helo;
    std::string daemon_name; // {daemon_name}
    std::string login;       // {auth_authen}; empty: none

    // The envelope
    std::string queue_id; // {i}; Postfix has none before DATA
    MailAddress sender;
    std::vector<MailAddress> recipients;

    // The content
    std::vector<HeaderField> header;
    std::size_t body_size = 0;

    // Postfix's own (a bounce, postmaster notice) or sendmail(1): never refused
    bool is_internal = false;
};

// The n-th field of that name in `message.header`, counted from 1 as libmilter does; 0 if `at` is no field.
std::size_t occurrence_of(const Message& message, std::size_t at);

} // namespace postern
