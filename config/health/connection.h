// connection - a stream to a server, for a program that asks a few questions and goes
//
// Blocking, with one deadline for all of it. Failure: the Error says what
// could not be done: connect, or read or write in time.
#pragma once

#include "common/file_descriptor.h"
#include "common/result.h"
#include "common/socket_address.h"

#include <chrono>
#include <string>
#include <string_view>

namespace postern {

class Connection {
public:
    // A host is an IP address or a name.
    static Result<Connection> open(const SocketAddress& address, std::chrono::milliseconds limit);

    Result<> write(std::string_view text);
    Result<std::string> read_line();                // without its CR LF; at most 4096 octets
    Result<std::string> read_octets(std::size_t size);
    Result<std::string> read_to_end(std::size_t limit);

private:
    Connection(FileDescriptor socket, std::chrono::steady_clock::time_point deadline);
    Result<> wait(short events) const;
    Result<bool> read_more(); // false: the end

    FileDescriptor socket_;
    std::chrono::steady_clock::time_point deadline_;
    std::string buffer_;
};

} // namespace postern
