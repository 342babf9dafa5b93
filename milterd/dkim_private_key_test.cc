#include "milterd/dkim_private_key.h"

#include "milterd/dkim_openssl.h"
#include "milterd/dkim_public_key.h"
#include "test/dkim/make_key.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>
#include <vector>

namespace postern {
namespace {

const std::string digest = "0123456789abcdef0123456789ABCDEF";

std::string write_file(const std::string& path, std::string_view content, unsigned mode = 0600)
{
    std::ofstream(path, std::ios::binary) << content;
    std::filesystem::permissions(path, std::filesystem::perms(mode));
    return path;
}

// RFC 8032 7.1, test 1, in PKCS#8
constexpr std::string_view rfc8032_pem = "-----BEGIN PRIVATE KEY-----\n"
                                         "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                         "-----END PRIVATE KEY-----\n";

} // namespace

TEST_CASE("a private key signs what its record's key verifies")
{
    for (const auto& pem : {make_rsa_pem(1024), make_rsa_pem(2048), make_ed25519_pem()}) {
        const auto key = DkimPrivateKey::parse(pem);
        REQUIRE(key.has_value());
        const auto record = parse_dkim_key_record(key->record());
        REQUIRE(record.has_value());
        CHECK(record->key_type == key->type());
        const auto public_key = DkimPublicKey::create(record->key_type, record->public_key);
        REQUIRE(public_key.has_value());
        CHECK(public_key->bits() == key->bits());

        auto signature = key->sign(digest);
        REQUIRE(signature.has_value());
        CHECK(public_key->verify(digest, *signature));
        CHECK(!public_key->verify("0123456789abcdef0123456789ABCDEf", *signature));
        CHECK(!public_key->verify(digest, ""));
        CHECK(!public_key->verify(digest, *signature + "x"));
        signature->back() ^= 1;
        CHECK(!public_key->verify(digest, *signature));
    }
}

TEST_CASE("an Ed25519 key is that of RFC 8463 A")
{
    const auto key = DkimPrivateKey::parse(rfc8032_pem);
    REQUIRE(key.has_value());
    CHECK(key->type() == DkimKeyType::ed25519);
    CHECK(key->record() == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
}

TEST_CASE("DkimPrivateKey::parse refuses")
{
    const auto rsa = make_rsa_pem(1024);
    auto cut = rsa;
    cut.resize(cut.size() / 2);
    struct Case {
        const char* name;
        std::string pem;
        const char* want_error;
    };
    const Case cases[] = {
        {"empty", "", "holds no private key in PEM"},
        {"text", "this is no key\n", "holds no private key in PEM"},
        {"cut off", cut, "holds no private key in PEM"},
        {"a short RSA key", make_rsa_pem(768), "is an RSA key of 768 bits; 1024 are the least that receivers take"},
        {"an elliptic curve", make_ec_pem(), "is neither an RSA nor an Ed25519 key"},
        {"a public key", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                         "-----END PUBLIC KEY-----\n",
         "holds no private key in PEM"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = DkimPrivateKey::parse(c.pem);
        REQUIRE(!got.has_value());
        CHECK(got.error().what == c.want_error);
    }
}

TEST_CASE("DkimPrivateKey::parse refuses an encrypted key without asking")
{
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(1024), EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
    char passphrase[] = "secret";
    REQUIRE(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), EVP_aes_128_cbc(), passphrase, 6, nullptr, nullptr));
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &text);
    const auto got = DkimPrivateKey::parse({text, static_cast<std::size_t>(size)});
    REQUIRE(!got.has_value());
    CHECK(got.error().what == "is encrypted, and nobody is there to type its passphrase");
}

TEST_CASE("DkimPrivateKey::parse refuses a key whose halves do not fit")
{
    // The public numbers of one key with the private ones of another
    const OpensslKey one(EVP_RSA_gen(1024));
    const OpensslKey other(EVP_RSA_gen(1024));
    const OpensslParameterBuilder builder(OSSL_PARAM_BLD_new());
    std::vector<OpensslNumber> numbers;
    const auto add = [&](const OpensslKey& key, const char* name) {
        BIGNUM* number = nullptr;
        REQUIRE(EVP_PKEY_get_bn_param(key.get(), name, &number) == 1);
        numbers.emplace_back(number);
        REQUIRE(OSSL_PARAM_BLD_push_BN(builder.get(), name, number) == 1);
    };
    for (const auto* name : {"n", "e"})
        add(one, name);
    for (const auto* name : {"d", "rsa-factor1", "rsa-factor2", "rsa-exponent1", "rsa-exponent2", "rsa-coefficient1"})
        add(other, name);
    const OpensslParameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const OpensslKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* key = nullptr;
    REQUIRE(EVP_PKEY_fromdata_init(context.get()) == 1);
    REQUIRE(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) == 1);
    const auto got = DkimPrivateKey::parse(pem_of(key));
    REQUIRE(!got.has_value());
    CHECK(got.error().what == "is a broken key");
}

TEST_CASE("load_dkim_key")
{
    const ScratchFolder folder;
    const auto ed25519 = make_ed25519_pem();
    SUBCASE("a good key")
    {
        const auto loaded = load_dkim_key(write_file(folder / "key", ed25519));
        REQUIRE(loaded.has_value());
        CHECK(loaded->key->type() == DkimKeyType::ed25519);
        CHECK(loaded->warnings.empty());
    }
    SUBCASE("a file that others can read is refused, or by leave warned of")
    {
        for (const unsigned mode : {0604U, 0622U, 0644U}) {
            CAPTURE(mode);
            const auto path = write_file(folder / "key", ed25519, mode);
            const auto refused = load_dkim_key(path, {.is_strict = true});
            REQUIRE(!refused.has_value());
            CHECK(!refused.error().is_permission);
            CHECK(refused.error().what.starts_with(path + ": can be read or written by everybody (mode 0"));
            CHECK(refused.error().what.ends_with("; dkim.require_safe_keys = false takes it as it is"));

            const auto loaded = load_dkim_key(path);
            REQUIRE(loaded.has_value());
            REQUIRE(loaded->warnings.size() == 1);
            CHECK(refused.error().what.starts_with(loaded->warnings[0]));
        }
    }
    SUBCASE("a short RSA key is a warning")
    {
        const auto path = write_file(folder / "key", make_rsa_pem(1024));
        const auto loaded = load_dkim_key(path);
        REQUIRE(loaded.has_value());
        CHECK(loaded->warnings == std::vector<std::string>{path + ": is an RSA key of 1024 bits; 2048 are advised"});
    }
    SUBCASE("what cannot be loaded names the file")
    {
        const auto fault_of = [](const std::string& path) {
            const auto loaded = load_dkim_key(path);
            REQUIRE(!loaded.has_value());
            CHECK(!loaded.error().is_permission);
            return loaded.error().what;
        };
        CHECK(fault_of(folder / "none") == folder / "none: No such file or directory");
        CHECK(fault_of(folder.path()) == folder.path() + ": is not a file");
        CHECK(fault_of(write_file(folder / "text", "text")) == folder / "text: holds no private key in PEM");
        CHECK(fault_of(write_file(folder / "huge", std::string(100'000, 'x'))) == folder / "huge: longer than any key");
    }
    SUBCASE("no permission is told apart")
    {
        if (::geteuid() == 0)
            return; // root may read anything
        const auto loaded = load_dkim_key(write_file(folder / "key", ed25519, 0));
        REQUIRE(!loaded.has_value());
        CHECK(loaded.error().is_permission);
    }
}

} // namespace postern
