// received_spf - the Received-SPF header field
//
// RFC 7208 9.1. Pure, and the only writer of that field: one line of printable
// ASCII, shorter than a line of mail may be. What a sender controls (the
// address, the HELO name, the text of the record) stands in quoted strings,
// with '?' for each octet that does not print; so does a local part that is
// not ASCII, since the field has to be readable where SMTPUTF8 is not spoken
// (RFC 8616). A value is left out whole if the field would grow too long: a
// shortened domain would be another one.
#pragma once

#include "common/spf/spf_answer.h"

#include <string>
#include <string_view>

namespace postern {

enum class SpfIdentity { helo, mail_from }; // RFC 7208 2.3, 2.4

constexpr std::size_t max_received_spf = 900; // octets, the field's name included

// "Received-SPF: pass (...) identity=mailfrom; client-ip=192.0.2.1; ...", without a line end.
// `envelope_from` is the whole address, empty for <>; `query` and `answer` are of that identity.
std::string write_received_spf(SpfIdentity identity, std::string_view envelope_from, const SpfQuery& query,
                               const SpfAnswer& answer);

} // namespace postern
