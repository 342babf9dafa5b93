// redis_tls - what TLS with a server of Redis needs: authorities, a certificate of our own
//
// Made once from the settings, then used by every connection.
// Failure: the Error names the file that cannot be used, and why.
#pragma once

#include "common/result.h"

#include <asio/ssl/context.hpp>
#include <memory>
#include <string>

namespace postern {

struct RedisTlsOptions {
    bool verify = true;
    std::string ca;          // path (PEM); empty: the system's authorities
    std::string certificate; // our own; empty: none
    std::string key;
    std::string name; // what the server's certificate must be for; empty: the host that is connected to

    bool operator==(const RedisTlsOptions&) const = default;
};

class RedisTls {
public:
    static Result<std::shared_ptr<RedisTls>> create(RedisTlsOptions options);

    asio::ssl::context& context() { return context_; }
    const RedisTlsOptions& options() const { return options_; }

private:
    explicit RedisTls(RedisTlsOptions options);
    Result<> load();

    RedisTlsOptions options_;
    asio::ssl::context context_;
};

} // namespace postern
