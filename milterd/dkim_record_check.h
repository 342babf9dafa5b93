// dkim_record_check - what the DNS publishes against the key that we hold
//
// Pure. Says not only that a record is another one but how it came to be: cut
// off after the first string, a part in the middle lost, quotes pasted along,
// k= missing. One server's answer is compared by compare_dkim_record; those of
// all by judge_dkim_sight: a record is published if the configured resolver
// and the zone's own servers have it.
// Failure: a DNS that does not answer is "trouble", which is neither "there"
// nor "not there".
// See: dkim_record_lookup, which asks
#pragma once

#include "common/dns/dns_reply.h"
#include "milterd/dkim_key_record.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct HeldDkimKey {
    DkimKeyType type = DkimKeyType::rsa;
    std::string record; // as DkimPrivateKey::record() has it
};

enum class RecordFinding {
    match,
    mismatch, // a record that does not let our signatures pass
    missing,
    revoked, // p= is empty: RFC 6376 3.6.1
    trouble,
};
std::string_view word_of(RecordFinding finding);

struct RecordSight {
    RecordFinding finding = RecordFinding::trouble;
    std::string why; // printable; empty if it matches
    bool is_testing = false; // t=y: receivers treat the mail as if it were unsigned
};

RecordSight compare_dkim_record(const DnsReply& reply, const HeldDkimKey& held);

struct ServerReply {
    std::string server; // "ns1.example.org (192.0.2.1)"
    DnsReply reply;
};

// What came back from everybody who was asked.
struct DkimRecordReplies {
    DnsReply resolver;
    bool has_asked_servers = false; // the zone's own
    std::vector<ServerReply> servers;
    std::string trouble; // why they could not be asked
};

struct DkimSight : RecordSight {
    bool is_gone = false; // nobody has a record any more, and everybody who must has said so
    std::vector<std::pair<std::string, RecordSight>> each; // the resolver first
};

DkimSight judge_dkim_sight(const DkimRecordReplies& replies, const HeldDkimKey& held);

} // namespace postern
