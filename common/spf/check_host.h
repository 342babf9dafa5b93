// check_host - what SPF says of an SMTP client
//
// The function of RFC 7208 section 4, with its names. It evaluates; what a
// "fail" is worth is for the caller to decide. The HELO and the MAIL FROM
// identity are two calls with two answers: neither stands for the other.
//
// Limits (RFC 7208 4.6.4): ten terms that ask the DNS, and among them each
// term that uses the macro p counts twice, for its PTR question; an mx with
// more than ten names is permerror; of a client's PTR names the first ten are
// looked at.
//
// Void lookups are counted by term, as RFC 7208 4.6.4 words it ("the number of
// terms for which DNS queries return ..."): an mx whose three hosts have no
// AAAA record, asked about an IPv6 client, is one void lookup and not three.
// Counting each question makes permerror of sound records as soon as a sender
// uses IPv6. Void answers of the macro p, of exp= and of the record lookups
// themselves are not counted: the first are of the client's making, the others
// have their own consequences.
//
// Failure: a DNS that does not answer is the result temperror; the deadline
// passing is temperror too (RFC 7208 4.6.4). A name that no question can carry
// (a label of 64 octets, an empty one, octets that do not print) is treated as
// one that does not exist (RFC 7208 4.3, 4.8).
// See: RFC 8616 4 for internationalised senders
#pragma once

#include "common/dns/resolver.h"
#include "common/spf/spf_answer.h"

#include <asio/awaitable.hpp>

namespace postern {

// `resolver` must outlive the call; `query` is kept in it.
asio::awaitable<SpfAnswer> check_host(Resolver& resolver, SpfQuery query, SpfLimits limits, Deadline deadline);

} // namespace postern
