#include "milterd/dkim_public_key.h"

#include "milterd/dkim_openssl.h"
#include "milterd/dkim_rsa_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

namespace postern {

struct DkimPublicKey::Impl {
    DkimKeyType type;
    int bits;
    OpensslKey key;
};

namespace {

constexpr std::size_t ed25519_octets = 32; // RFC 8032 5.1.5
constexpr int ed25519_bits = 256;

OpensslNumber number(std::string_view octets)
{
    return OpensslNumber(BN_bin2bn(openssl_octets(octets), static_cast<int>(octets.size()), nullptr));
}

OpensslKey make_rsa_key(const RsaPublicKey& rsa)
{
    const auto modulus = number(rsa.modulus);
    const auto exponent = number(rsa.exponent);
    const OpensslParameterBuilder builder(OSSL_PARAM_BLD_new());
    if (!modulus || !exponent || !builder
        || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1
        || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
        return nullptr;
    const OpensslParameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const OpensslKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1
        || EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        return nullptr;
    return OpensslKey(key);
}

bool verify_rsa(EVP_PKEY* key, std::string_view digest, std::string_view signature)
{
    const OpensslKeyContext context(EVP_PKEY_CTX_new(key, nullptr));
    return context && EVP_PKEY_verify_init(context.get()) == 1
        && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1
        && EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1
        && EVP_PKEY_verify(context.get(), openssl_octets(signature), signature.size(), openssl_octets(digest),
                           digest.size())
        == 1;
}

bool verify_ed25519(EVP_PKEY* key, std::string_view digest, std::string_view signature)
{
    const OpensslDigestContext context(EVP_MD_CTX_new());
    return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1
        && EVP_DigestVerify(context.get(), openssl_octets(signature), signature.size(), openssl_octets(digest),
                            digest.size())
        == 1;
}

} // namespace

Result<DkimPublicKey> DkimPublicKey::create(DkimKeyType type, std::string_view octets)
{
    auto impl = std::make_unique<Impl>(Impl{type, ed25519_bits, nullptr});
    if (type == DkimKeyType::ed25519) {
        if (octets.size() != ed25519_octets)
            return fail("an Ed25519 key of {} octets", octets.size());
        impl->key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, openssl_octets(octets), octets.size()));
    } else {
        const auto rsa = parse_rsa_public_key(octets);
        if (!rsa)
            return tl::unexpected(rsa.error());
        impl->bits = rsa->bits();
        impl->key = make_rsa_key(*rsa);
    }
    ERR_clear_error(); // the queue is this thread's, and nobody else reads it
    if (!impl->key)
        return fail("a key that OpenSSL refuses");
    return DkimPublicKey(std::move(impl));
}

DkimPublicKey::DkimPublicKey(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl))
{
}

DkimPublicKey::DkimPublicKey(DkimPublicKey&&) noexcept = default;
DkimPublicKey::~DkimPublicKey() = default;

int DkimPublicKey::bits() const
{
    return impl_->bits;
}

bool DkimPublicKey::verify(std::string_view digest, std::string_view signature) const
{
    const bool is_good = impl_->type == DkimKeyType::rsa ? verify_rsa(impl_->key.get(), digest, signature)
                                                         : verify_ed25519(impl_->key.get(), digest, signature);
    ERR_clear_error();
    return is_good;
}

} // namespace postern
