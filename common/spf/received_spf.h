// received_spf - what SPF writes into the header of a mail
//
// The Received-SPF field (RFC 7208 9.1), and what may stand in its place:
// Authentication-Results (RFC 8601), or the remark that nothing was asked.
// Pure, and the only writer of them: one line of printable ASCII, shorter than
// a line of mail may be. What a sender controls (the address, the HELO name,
// the text of the record) stands in quoted strings, with '?' for each octet
// that does not print; so does a local part that is not ASCII, since the field
// has to be readable where SMTPUTF8 is not spoken (RFC 8616). A value is left
// out whole if the field would grow too long: a shortened domain would be
// another one.
#pragma once

#include "common/spf/spf_answer.h"

#include <string>
#include <string_view>

namespace postern {

enum class SpfIdentity { helo, mail_from }; // RFC 7208 2.3, 2.4

constexpr std::size_t max_received_spf = 900; // octets, the field's name included

// What the fields say of a mail beside the answer.
struct SpfMail {
    SpfIdentity identity = SpfIdentity::mail_from;
    IpAddress client;
    std::string_view domain;        // that was asked for
    std::string_view envelope_from; // the whole address; empty for <>
    std::string_view helo;
    std::string_view receiver; // our own name; empty: not said
};

// Makes the parts of the field that hang on the answer alone: then writing it costs little.
void prepare_received_spf(const IpAddress& client, std::string_view domain, SpfAnswer& answer);

// "Received-SPF: pass (...) client-ip=192.0.2.1; identity=mailfrom; ...", without a line end.
std::string write_received_spf(const SpfMail& mail, const SpfAnswer& answer);

// "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.net"
std::string write_spf_auth_results(std::string_view authserv_id, const SpfMail& mail, const SpfAnswer& answer);

// "X-Comment: SPF check N/A for local connections - client-ip=...; helo=...": policyd-spf's field and
// words for a mail that is not judged. `why` is printable.
std::string write_spf_skipped(std::string_view why, const SpfMail& mail);

} // namespace postern
