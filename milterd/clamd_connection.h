// clamd_connection - one command on its way to clamd(8), with its message, and the answer on its way back
//
// Never blocks: advance() does what can be done at once, the caller polls. How
// long to wait and what to do next is for clamd_client to decide.
// See: clamd(8), the commands FILDES, INSTREAM and PING
#pragma once

#include "common/file_descriptor.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace postern {

struct ClamdEndpoint {
    sockaddr_storage address{};
    socklen_t size = 0;
};

enum class ClamdCommand {
    descriptor, // zFILDES: clamd reads the file itself; Unix sockets only
    stream,     // zINSTREAM
    ping,       // zPING, without content: "PONG"
};

// What is to be scanned: `size` octets of a file, which stays open.
struct ClamdContent {
    int descriptor = -1;
    std::size_t size = 0;
};

class ClamdConnection {
public:
    ClamdConnection() = default; // refused
    ClamdConnection(const ClamdEndpoint& endpoint, ClamdCommand command, ClamdContent content);

    enum class Progress {
        refused,       // nobody listens
        busy,          // the queue of connections is full
        no_descriptor, // the system does not pass it
        connecting,    // poll descriptor() for events()
        under_way,     // likewise
        replied,
        closed,        // without a whole reply
    };
    Progress advance();

    int descriptor() const { return socket_.get(); }
    short events() const;
    std::size_t moved() const { return moved_; }    // octets sent so far: who moves is not silent
    std::string_view reply() const { return in_; }  // without the NUL that ends it

private:
    enum class Phase { connecting, sending, receiving, ended };

    void connect(const ClamdEndpoint& endpoint);
    Progress finish_connect();
    Progress send_descriptor();
    void send_stream();
    bool fill_out();
    Progress receive();
    Progress end(Progress how);

    FileDescriptor socket_;
    ClamdCommand command_ = ClamdCommand::stream;
    ClamdContent content_;
    Phase phase_ = Phase::ended;
    Progress end_ = Progress::refused; // how it ended
    std::string out_;            // of the stream: what is being sent
    std::size_t out_sent_ = 0;
    std::size_t content_read_ = 0;
    bool is_last_ = false;       // out_ ends the stream
    std::size_t moved_ = 0;
    std::string in_;
};

} // namespace postern
