// redis_reply - what Redis is asked, and what it answers, as octets
//
// RESP2, Redis's own protocol, read and written by hiredis. Only its protocol
// is used: its connections know neither our event loop nor, in the version of
// Debian 12, TLS; redis_stream has both. Pure.
// Failure: what is no reply, is nested deeper than hiredis goes (7) or larger
// than the limits below is an Error, after which nothing more can be read.
// An error that Redis answers is a reply like any other.
#pragma once

#include "common/result.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct RedisReply {
    enum class Kind { text, status, error, integer, nil, array };

    Kind kind = Kind::nil;
    std::string text; // of text, status and error
    std::int64_t integer = 0;
    std::vector<RedisReply> items; // of an array

    bool is_error() const { return kind == Kind::error; }
    // Errors begin with a word in capital letters: "MOVED 3999 127.0.0.1:6381".
    bool is_error(std::string_view word) const;
};

// A command, ready to be sent.
std::string redis_command(std::initializer_list<std::string_view> words);
std::string redis_command(const std::vector<std::string_view>& words);

// Cuts a connection's octets into replies.
class RedisReplyReader {
public:
    static constexpr std::size_t most_octets = 8'000'000; // of what is not yet a whole reply
    static constexpr std::int64_t most_items = 250'000;   // of one reply, all levels together

    RedisReplyReader();
    ~RedisReplyReader();
    RedisReplyReader(const RedisReplyReader&) = delete;
    RedisReplyReader& operator=(const RedisReplyReader&) = delete;

    // Takes what has arrived.
    Result<> feed(std::string_view octets);

    // The next whole reply, or nothing: there is none yet.
    Result<std::optional<RedisReply>> next();

private:
    struct Reader;
    std::unique_ptr<Reader> reader_;
};

} // namespace postern
