#include "common/http_server.h"

#include "common/module.h"

namespace postern {

Result<std::unique_ptr<HttpServer>> start_http_server(FileDescriptor listener, HttpHandler handler, HttpLimits limits)
{
    const auto module = load_module("postern_http.so");
    if (!module)
        return tl::unexpected(module.error());
    return reinterpret_cast<StartHttpServer*>(*module)(std::move(listener), std::move(handler), limits);
}

} // namespace postern
