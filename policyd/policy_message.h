// policy_message - what is known of one message across its requests
//
// Postfix asks once a recipient, with the same `instance`. What is computed
// once a message (SPF) and what may be said once a message (a header) is kept
// here, for the requests that follow. Places of main.cf that only observe have
// a message of their own beside it: what they find out changes no answer.
//
// Two requests of one message may be under way at a time: Postfix repeats one
// that it has waited too long for. So a check must bear that a field it found
// empty before a co_await is filled after it.
#pragma once

#include "common/spf/spf_answer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct PolicyRequest;

// Which request took a header along. Postfix sends a request once more, over another
// connection, if it saw no answer; the same question over the same connection is a new one
// (the client named a recipient twice).
struct RequestId {
    std::string state;   // protocol_state
    std::string context; // policy_context: each place of main.cf has a connection of its own
    std::string recipient;
    std::uint64_t connection = 0;

    bool is_repeated_by(const PolicyRequest& request, std::uint64_t on_connection) const;
};

struct PolicyMessage {
    // RFC 7208 2.3, 2.4: two identities, two answers; never one for the other
    SharedSpfAnswer spf_helo; // nullptr: not asked
    SharedSpfAnswer spf_mail_from;

    // What the DNS lists said of the client and its names, for checks that come after: greylisting
    // may be wanted only above a score, or skipped for a client that lists vouch for.
    std::optional<int> dnsbl_score; // none: not asked
    bool is_dnsbl_allowed = false;  // the score is at or below the allow threshold: a known good client

    struct Header {
        std::string field;                // "Name: value"
        std::optional<RequestId> sent_in; // none: still due
    };
    std::vector<Header> headers; // one of a name

    // The same message as places that observe see it: with what others have found out so far.
    std::shared_ptr<PolicyMessage> for_observers();

    // Adds a field unless there is one of that name already.
    void contribute(std::string field);

    // The field that goes out with the answer to this request: the one that went out with it
    // before if it is a repetition, else the first that is due, else an empty text. The view is
    // good until the next call of a member.
    std::string_view take_header(const PolicyRequest& request, std::uint64_t connection);

private:
    std::shared_ptr<PolicyMessage> observed_; // null: no such place has asked
};

} // namespace postern
