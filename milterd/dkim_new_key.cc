#include "milterd/dkim_new_key.h"

#include "milterd/dkim_openssl.h"

#include <array>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace postern {
namespace {

tl::unexpected<Error> not_made()
{
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return fail("no key can be made: OpenSSL: {}", text.data());
}

} // namespace

Result<std::string> make_dkim_key(DkimKeyType type, int bits)
{
    if (type == DkimKeyType::rsa && (bits < least_new_rsa_bits || bits > most_new_rsa_bits))
        return fail("a new RSA key has {} to {} bits", least_new_rsa_bits, most_new_rsa_bits);
    const OpensslKey key(type == DkimKeyType::rsa ? EVP_RSA_gen(static_cast<unsigned>(bits))
                                                  : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    const OpensslBio bio(BIO_new(BIO_s_secmem())); // it wipes what it holds
    if (!key || !bio || PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return not_made();
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

void wipe(std::string& secret)
{
    OPENSSL_cleanse(secret.data(), secret.size());
}

} // namespace postern
