#include "config/migrate/pem_key.h"

#include "common/text.h"

#include <bit>
#include <cstdint>
#include <optional>
#include <string>

namespace postern {
namespace {

constexpr std::uint8_t integer = 0x02, octets = 0x04, object_id = 0x06, sequence = 0x30;
constexpr std::string_view rsa_id("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9);
constexpr std::string_view ed25519_id("\x2b\x65\x70", 3);
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Takes the next element with this tag off the text; its content.
std::optional<std::string_view> take_element(std::string_view& text, std::uint8_t tag)
{
    const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    if (text.size() < 2 || octet(0) != tag)
        return std::nullopt;
    std::size_t head = 2, size = octet(1);
    if (size >= 0x80) {
        const auto count = size - 0x80;
        if (count == 0 || count > 3 || text.size() < 2 + count)
            return std::nullopt;
        size = 0;
        for (; head < 2 + count; ++head)
            size = size << 8 | octet(head);
    }
    if (text.size() - head < size)
        return std::nullopt;
    const auto content = text.substr(head, size);
    text.remove_prefix(head + size);
    return content;
}

std::string decode(std::string_view text)
{
    std::string result;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == alphabet.npos)
            continue; // line ends, "="
        bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
        if (count += 6; count >= 8) {
            count -= 8;
            result += static_cast<char>(bits >> count & 0xff);
        }
    }
    return result;
}

// RFC 8017 A.1.2
std::optional<PemKey> rsa_key(std::string_view der)
{
    auto inside = take_element(der, sequence);
    if (!inside || !take_element(*inside, integer))
        return std::nullopt;
    auto modulus = take_element(*inside, integer);
    while (modulus && modulus->starts_with('\0'))
        modulus->remove_prefix(1);
    if (!modulus || modulus->empty())
        return std::nullopt;
    const auto first = static_cast<std::uint8_t>(modulus->front());
    return PemKey{PemKey::Kind::rsa, static_cast<int>(modulus->size() * 8) - std::countl_zero(first)};
}

// PKCS#8, and what RFC 8463 calls an Ed25519 key
std::optional<PemKey> wrapped_key(std::string_view der)
{
    auto inside = take_element(der, sequence);
    if (!inside || !take_element(*inside, integer))
        return std::nullopt;
    auto algorithm = take_element(*inside, sequence);
    const auto id = algorithm ? take_element(*algorithm, object_id) : std::nullopt;
    const auto key = take_element(*inside, octets);
    if (!id || !key)
        return std::nullopt;
    if (*id == rsa_id)
        return rsa_key(*key);
    return *id == ed25519_id ? std::optional(PemKey{PemKey::Kind::ed25519, 256}) : std::nullopt;
}

} // namespace

Result<PemKey> read_pem_key(std::string_view text)
{
    if (text.find("-----BEGIN ENCRYPTED") != text.npos || text.find("Proc-Type: 4,ENCRYPTED") != text.npos)
        return fail("is encrypted: a daemon has nobody to ask for the password");
    for (const bool is_wrapped : {true, false}) {
        const auto begin = fmt::format("-----BEGIN {}PRIVATE KEY-----", is_wrapped ? "" : "RSA ");
        const auto start = text.find(begin);
        if (start == text.npos)
            continue;
        auto body = text.substr(start + begin.size());
        body = body.substr(0, body.find("-----"));
        const auto der = decode(body);
        if (const auto key = is_wrapped ? wrapped_key(der) : rsa_key(der))
            return *key;
        return fail("holds neither an RSA key nor one of Ed25519");
    }
    return fail("holds no private key (PEM)");
}

} // namespace postern
