#include "milterd/dkim_private_key.h"

#include "common/file_descriptor.h"
#include "milterd/dkim_base64.h"
#include "milterd/dkim_openssl.h"
#include "milterd/dkim_public_key.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/stat.h>

namespace postern {

struct DkimPrivateKey::Impl {
    DkimKeyType type;
    OpensslKey key;
};

namespace {

constexpr int least_rsa_bits = 1024;   // RFC 8301 3.2
constexpr int advised_rsa_bits = 2048; // likewise
constexpr std::size_t key_file_limit = 64 * 1024;

void openssl_free(void* memory) // OPENSSL_free is a macro
{
    OPENSSL_free(memory);
}

int refuse_passphrase(char*, int, int, void* was_asked) // instead of asking on the terminal
{
    *static_cast<bool*>(was_asked) = true;
    return -1;
}

std::string openssl_fault()
{
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return text.data();
}

Result<std::string> sign_rsa(EVP_PKEY* key, std::string_view digest)
{
    const OpensslKeyContext context(EVP_PKEY_CTX_new(key, nullptr));
    std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
    std::string signature(size, '\0');
    if (!context || EVP_PKEY_sign_init(context.get()) != 1
        || EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1
        || EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) != 1
        || EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         openssl_octets(digest), digest.size())
            != 1)
        return fail("OpenSSL: {}", openssl_fault());
    signature.resize(size);
    return signature;
}

Result<std::string> sign_ed25519(EVP_PKEY* key, std::string_view digest)
{
    const OpensslDigestContext context(EVP_MD_CTX_new());
    std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
    std::string signature(size, '\0');
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1
        || EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                          openssl_octets(digest), digest.size())
            != 1)
        return fail("OpenSSL: {}", openssl_fault());
    signature.resize(size);
    return signature;
}

// p= of the key's record, as octets
std::string public_octets(DkimKeyType type, EVP_PKEY* key)
{
    if (type == DkimKeyType::rsa) {
        unsigned char* der = nullptr;
        const int size = i2d_PUBKEY(key, &der);
        const std::unique_ptr<unsigned char, OpensslFree<openssl_free>> owner(der);
        return size > 0 ? std::string(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)) : "";
    }
    std::array<unsigned char, 32> raw{}; // RFC 8463 4: the key itself, without DER around it
    std::size_t size = raw.size();
    return EVP_PKEY_get_raw_public_key(key, raw.data(), &size) == 1 ? std::string(raw.begin(), raw.end()) : "";
}

tl::unexpected<DkimKeyFault> key_fault(std::string what, bool is_permission = false)
{
    return tl::unexpected(DkimKeyFault{std::move(what), is_permission});
}

tl::expected<std::string, DkimKeyFault> read_key_file(int fd)
{
    std::string content(key_file_limit + 1, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const auto got = ::read(fd, content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return key_fault(std::strerror(errno));
        if (got == 0)
            break;
        size += static_cast<std::size_t>(got);
    }
    if (size > key_file_limit)
        return key_fault("longer than any key");
    content.resize(size);
    return content;
}

} // namespace

Result<DkimPrivateKey> DkimPrivateKey::parse(std::string_view pem)
{
    const OpensslBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    bool is_encrypted = false;
    auto impl = std::make_unique<Impl>(Impl{
        DkimKeyType::rsa,
        OpensslKey(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &is_encrypted) : nullptr)});
    ERR_clear_error(); // its texts ("DECODER routines::unsupported") help nobody
    if (is_encrypted)
        return fail("is encrypted, and nobody is there to type its passphrase");
    if (!impl->key)
        return fail("holds no private key in PEM");
    const int id = EVP_PKEY_get_base_id(impl->key.get());
    if (id != EVP_PKEY_RSA && id != EVP_PKEY_ED25519)
        return fail("is neither an RSA nor an Ed25519 key");
    impl->type = id == EVP_PKEY_RSA ? DkimKeyType::rsa : DkimKeyType::ed25519;
    const int bits = EVP_PKEY_get_bits(impl->key.get());
    if (impl->type == DkimKeyType::rsa && bits < least_rsa_bits)
        return fail("is an RSA key of {} bits; {} are the least that receivers take", bits, least_rsa_bits);
    DkimPrivateKey key(std::move(impl));
    if (const auto sound = key.try_out(); !sound)
        return tl::unexpected(sound.error());
    return key;
}

// The halves of a broken key do not fit: it would sign, and nobody could verify it.
Result<> DkimPrivateKey::try_out() const
{
    const std::string digest(32, 'x');
    const auto signature = sign(digest);
    const auto public_key = DkimPublicKey::create(type(), public_octets(type(), impl_->key.get()));
    if (!signature || !public_key || !public_key->verify(digest, *signature))
        return fail("is a broken key");
    return {};
}

DkimPrivateKey::DkimPrivateKey(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl))
{
}

DkimPrivateKey::DkimPrivateKey(DkimPrivateKey&&) noexcept = default;
DkimPrivateKey::~DkimPrivateKey() = default;

DkimKeyType DkimPrivateKey::type() const
{
    return impl_->type;
}

int DkimPrivateKey::bits() const
{
    return EVP_PKEY_get_bits(impl_->key.get());
}

Result<std::string> DkimPrivateKey::sign(std::string_view digest) const
{
    return impl_->type == DkimKeyType::rsa ? sign_rsa(impl_->key.get(), digest)
                                           : sign_ed25519(impl_->key.get(), digest);
}

std::string DkimPrivateKey::record() const
{
    return fmt::format("v=DKIM1; k={}; p={}", impl_->type == DkimKeyType::rsa ? "rsa" : "ed25519",
                       encode_base64(public_octets(impl_->type, impl_->key.get())));
}

tl::expected<LoadedDkimKey, DkimKeyFault> load_dkim_key(const std::string& path, const KeyFileRules& rules)
{
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); // a FIFO must not stop us
    if (!file)
        return key_fault(path + ": " + std::strerror(errno), errno == EACCES || errno == EPERM);
    struct stat status{};
    if (::fstat(file.get(), &status) != 0)
        return key_fault(path + ": " + std::strerror(errno));
    if (!S_ISREG(status.st_mode))
        return key_fault(path + ": is not a file");
    const auto unsafe = check_key_file(status, rules);
    if (!unsafe.empty() && rules.is_strict)
        return key_fault(fmt::format("{}: {}; dkim.require_safe_keys = false takes it as it is", path, unsafe));
    auto pem = read_key_file(file.get());
    if (!pem)
        return key_fault(path + ": " + pem.error().what);
    auto key = DkimPrivateKey::parse(*pem);
    OPENSSL_cleanse(pem->data(), pem->size());
    if (!key)
        return key_fault(path + ": " + key.error().what);

    LoadedDkimKey loaded;
    if (!unsafe.empty()) // a secret that a container mounts is often open to all, and cannot be changed
        loaded.warnings.push_back(fmt::format("{}: {}", path, unsafe));
    if (key->type() == DkimKeyType::rsa && key->bits() < advised_rsa_bits)
        loaded.warnings.push_back(fmt::format("{}: is an RSA key of {} bits; {} are advised", path, key->bits(),
                                              advised_rsa_bits));
    loaded.key = std::make_shared<const DkimPrivateKey>(std::move(*key));
    return loaded;
}

} // namespace postern
