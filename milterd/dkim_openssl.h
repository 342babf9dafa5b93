// dkim_openssl - OpenSSL's objects, which free themselves
//
// For dkim_body_hash.cc, dkim_public_key.cc, dkim_private_key.cc and dkim_new_key.cc alone: no other file
// knows OpenSSL.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string_view>

namespace postern {

template <auto free_function>
struct OpensslFree {
    template <class T>
    void operator()(T* object) const
    {
        free_function(object);
    }
};

using OpensslBio = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using OpensslNumber = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using OpensslKey = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using OpensslKeyContext = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;
using OpensslDigestContext = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;
using OpensslParameters = std::unique_ptr<OSSL_PARAM, OpensslFree<OSSL_PARAM_free>>;
using OpensslParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, OpensslFree<OSSL_PARAM_BLD_free>>;

inline const unsigned char* openssl_octets(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace postern
