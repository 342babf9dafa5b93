// http_server - answers GET, on a thread of its own
//
// For a handful of short answers that a machine asks for now and then: one
// connection at a time and one request a connection; who comes meanwhile waits
// in the socket's queue. So it never takes more than one descriptor and one
// request's memory from the daemon beside it.
// Failure: a request that is no HTTP, too long or too slow is answered with
// its status, or not at all; the whole exchange is bound in time. An exception
// of the handler is 500. The Error says that the module is not there.
// See: RFC 9110, RFC 9112; cpp-httplib does the protocol
#pragma once

#include "common/file_descriptor.h"
#include "common/result.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace postern {

struct HttpAnswer {
    int status = 200;
    std::string content_type{};
    std::string text{};
};

// From a path, without its query, to the answer; on the server's thread.
using HttpHandler = std::function<HttpAnswer(const std::string& path)>;

struct HttpLimits {
    std::chrono::milliseconds exchange{5000};   // from the connection to the end of the answer, the handler's time apart
    std::size_t request_octets = std::size_t{16} << 10;
};

// Serves as long as it lives; its destructor waits for the handler, if it is at work.
class HttpServer {
public:
    virtual ~HttpServer() = default;
};

// `listener` listens already (open_listen_socket), Unix or TCP.
Result<std::unique_ptr<HttpServer>> start_http_server(FileDescriptor listener, HttpHandler handler, HttpLimits limits = {});

// What the module gives (see module.h).
using StartHttpServer = std::unique_ptr<HttpServer>(FileDescriptor listener, HttpHandler handler, HttpLimits limits);

} // namespace postern
