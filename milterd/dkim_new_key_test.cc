#include "milterd/dkim_new_key.h"

#include "milterd/dkim_private_key.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("make_dkim_key: keys that sign, each another one")
{
    for (const auto type : {DkimKeyType::rsa, DkimKeyType::ed25519}) {
        auto pem = make_dkim_key(type);
        REQUIRE(pem.has_value());
        const auto key = DkimPrivateKey::parse(*pem); // which tries it out
        REQUIRE(key.has_value());
        CHECK(key->type() == type);
        CHECK(key->bits() == (type == DkimKeyType::rsa ? 2048 : 256));
        CHECK(make_dkim_key(type).value() != *pem);
        wipe(*pem);
        CHECK(pem->find_first_not_of('\0') == std::string::npos);
    }
}

TEST_CASE("make_dkim_key: sizes that are not for new keys")
{
    for (const int bits : {0, -1, 1024, 2047, 4097, 1'000'000})
        CHECK_FALSE(make_dkim_key(DkimKeyType::rsa, bits).has_value());
}

} // namespace postern
