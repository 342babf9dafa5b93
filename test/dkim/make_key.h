// make_key - new private keys for a test, in PEM
#pragma once

#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string>

namespace postern {

inline std::string pem_of(EVP_PKEY* made)
{
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(made, EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
    PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

inline std::string make_rsa_pem(unsigned bits = 1024) // short, as making one takes time
{
    return pem_of(EVP_RSA_gen(bits));
}

inline std::string make_ed25519_pem()
{
    return pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

inline std::string make_ec_pem()
{
    return pem_of(EVP_EC_gen("P-256"));
}

} // namespace postern
