// greylist_redis_rows - the greylist's rows as keys and values of Redis
//
//     PREFIX CLIENT/SENDER/RECIPIENT   "1 FIRST LAST"     a triplet
//     PREFIX CLIENT                    "1 PASSES LAST"    a client
//     PREFIX #HASH/, PREFIX #HASH      the same, where postgrey had hashed the key
//     PREFIX %hashed                   "1"                there are such
//
// The name is the key of greylist_key behind the prefix: a triplet's has a
// '/', a client's has none. The value is a version and two decimal numbers, seconds
// since 1970 or a count: 23 octets, which Redis keeps beside the key's object,
// and which a person can read. Every key expires by itself when its row would
// not count any more. A version that we do not know is not ours to change: it
// is an Error, and the mail passes.
//
// A row is merged with what is there by a script, in one step, so that of two
// daemons neither loses what the other has written: of triplets the one stays
// that was let in, else the one that has waited longer; of clients the most
// passes and the latest time. What is too old, or of a clock that has jumped,
// does not count. Pure.
#pragma once

#include "common/result.h"
#include "policyd/greylist_decision.h"
#include "policyd/greylist_rows.h"

#include <optional>
#include <string>
#include <string_view>

namespace postern {

struct RedisReply;

std::string write_redis_row(const GreylistWrite& row);
Result<TripletRow> read_redis_triplet(std::string_view value);
Result<ClientRow> read_redis_client(std::string_view value);

// What Redis calls the row.
std::string redis_name(std::string_view prefix, std::string_view key, bool is_triplet);
std::string redis_name(std::string_view prefix, const GreylistWrite& row);

struct RedisRowKey {
    bool is_triplet = false; // else a client
    std::string key;
};
std::optional<RedisRowKey> read_redis_name(std::string_view prefix, std::string_view name); // nothing: it is no row

std::string redis_hashed_key(std::string_view prefix);

// What GET has answered. No row: there is none.
Result<std::optional<TripletRow>> read_redis_triplet(const RedisReply& reply);
Result<std::optional<ClientRow>> read_redis_client(const RedisReply& reply);

// In place of what is there. None: it does not count already.
std::optional<std::string> redis_set_command(std::string_view prefix, const GreylistWrite& row, Timestamp now,
                                             const GreylistPolicy& policy);

// Merged with what is there; the answer is 1 if the row has changed, else 0. By the name of the script, which
// a server may not know (NOSCRIPT), or with its text.
std::string redis_merge_command(std::string_view prefix, const GreylistWrite& row, Timestamp now,
                                const GreylistPolicy& policy, bool with_text);
std::string_view redis_merge_script();

} // namespace postern
