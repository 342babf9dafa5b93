#include "common/redis/redis_tls.h"

#include <openssl/ssl.h>

namespace postern {

RedisTls::RedisTls(RedisTlsOptions options)
    : options_(std::move(options))
    , context_(asio::ssl::context::tls_client)
{
}

Result<std::shared_ptr<RedisTls>> RedisTls::create(RedisTlsOptions options)
{
    const std::shared_ptr<RedisTls> tls(new RedisTls(std::move(options)));
    if (const auto loaded = tls->load(); !loaded)
        return tl::unexpected(loaded.error());
    return tls;
}

Result<> RedisTls::load()
{
    ::SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_2_VERSION);
    asio::error_code error;
    if (options_.ca.empty())
        context_.set_default_verify_paths(error);
    else
        context_.load_verify_file(options_.ca, error);
    if (error)
        return fail("{}: {}", options_.ca.empty() ? "the system's authorities" : options_.ca, error.message());
    context_.set_verify_mode(options_.verify ? asio::ssl::verify_peer : asio::ssl::verify_none, error);
    if (options_.certificate.empty())
        return {};
    context_.use_certificate_chain_file(options_.certificate, error);
    if (error)
        return fail("{}: {}", options_.certificate, error.message());
    context_.use_private_key_file(options_.key, asio::ssl::context::pem, error);
    if (error)
        return fail("{}: {}", options_.key, error.message());
    return {};
}

} // namespace postern
