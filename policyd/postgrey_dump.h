// postgrey_dump - postgrey's database, as db_dump(1) writes it down
//
// Takes the lines of `db5.3_dump FILE` (or -p) one by one and gives the rows
// in our own terms: networks as we write them (postgrey's IPv6 addresses are
// not shortened), an early retry as one that waits. Of a database that was
// kept with --privacy the keys are hashes; they stay what they are, with '#'
// before them, and find_hashed() below finds them again.
// Pure. Failure: the Error says what is wrong with a line; the next may be good.
// See: postgrey(8); db_dump's "format=bytevalue" and "format=print"
#pragma once

#include "common/result.h"
#include "policyd/greylist_rows.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct PostgreyRules {
    std::chrono::seconds delay{300}; // postgrey's: who was seen again after this was let in
    int ipv4_prefix = 24, ipv6_prefix = 64;
    bool client_by_address = false; // how our own clients are counted
};

class PostgreyDump {
public:
    explicit PostgreyDump(const PostgreyRules& rules)
        : rules_(rules)
    {
    }

    // No row: a line of the head, a key whose value comes next, the end.
    Result<std::optional<GreylistWrite>> add(std::string_view line);

    bool is_complete() const { return state_ == State::end; } // DATA=END was there

private:
    enum class State { head, key, value, end } state_ = State::head;

    Result<std::string> decode(std::string_view text) const;
    Result<std::optional<GreylistWrite>> row(std::string_view value) const;

    PostgreyRules rules_;
    bool is_print_ = false; // else hexadecimal digits
    std::string key_;
};

// What postgrey made its hash of, for one of our keys: a triplet's, or a client's. More than one
// text, since an address that was looked up whole has its length in the key.
std::vector<std::string> postgrey_texts(std::string_view key);

constexpr char hashed_mark = '#';

} // namespace postern
