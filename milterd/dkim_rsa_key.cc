#include "milterd/dkim_rsa_key.h"

#include <bit>
#include <cstddef>

namespace postern {
namespace {

constexpr unsigned char der_integer = 0x02, der_bit_string = 0x03, der_sequence = 0x30;

// OBJECT IDENTIFIER 1.2.840.113549.1.1.1 (rsaEncryption), with its tag and length
constexpr std::string_view rsa_encryption = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";

// Takes one element from the front and returns its content. ITU-T X.690 8.1.
Result<std::string_view> take(std::string_view& der, unsigned char tag)
{
    if (der.size() < 2 || static_cast<unsigned char>(der[0]) != tag)
        return fail("not an RSA key");
    std::size_t length = static_cast<unsigned char>(der[1]);
    std::size_t header = 2;
    if (length >= 0x80) {
        const auto octets = length - 0x80;
        if (octets == 0 || octets > 2 || der.size() < 2 + octets) // 65,535 octets are enough
            return fail("not an RSA key");
        length = 0;
        for (; header < 2 + octets; ++header)
            length = length << 8 | static_cast<unsigned char>(der[header]);
    }
    if (der.size() - header < length)
        return fail("an RSA key that is cut off");
    const auto content = der.substr(header, length);
    der.remove_prefix(header + length);
    return content;
}

Result<std::string_view> take_positive_integer(std::string_view& der)
{
    auto number = take(der, der_integer);
    if (!number)
        return number;
    if (number->empty() || static_cast<unsigned char>(number->front()) >= 0x80)
        return fail("an RSA key with a negative number");
    while (!number->empty() && number->front() == '\0')
        number->remove_prefix(1);
    if (number->empty() || (static_cast<unsigned char>(number->back()) & 1) == 0)
        return fail("an RSA key with an even number");
    return number;
}

Result<RsaPublicKey> read_numbers(std::string_view content)
{
    const auto modulus = take_positive_integer(content);
    if (!modulus)
        return tl::unexpected(modulus.error());
    const auto exponent = take_positive_integer(content);
    if (!exponent)
        return tl::unexpected(exponent.error());
    if (!content.empty())
        return fail("an RSA key with something behind it");
    return RsaPublicKey{*modulus, *exponent};
}

} // namespace

int RsaPublicKey::bits() const
{
    if (modulus.empty())
        return 0;
    const auto first = static_cast<unsigned char>(modulus.front());
    return static_cast<int>(8 * (modulus.size() - 1)) + std::bit_width(first);
}

Result<RsaPublicKey> parse_rsa_public_key(std::string_view der)
{
    auto outer = take(der, der_sequence);
    if (!outer)
        return tl::unexpected(outer.error());
    if (!der.empty())
        return fail("an RSA key with something behind it");
    if (outer->starts_with(static_cast<char>(der_integer)))
        return read_numbers(*outer); // RSAPublicKey
    const auto algorithm = take(*outer, der_sequence);
    if (!algorithm || !algorithm->starts_with(rsa_encryption))
        return fail("not an RSA key");
    auto bits = take(*outer, der_bit_string);
    if (!bits || !bits->starts_with('\0') || !outer->empty()) // no bit of the last octet is unused
        return fail("not an RSA key");
    bits->remove_prefix(1);
    auto numbers = take(*bits, der_sequence);
    if (!numbers)
        return tl::unexpected(numbers.error());
    if (!bits->empty())
        return fail("an RSA key with something behind it");
    return read_numbers(*numbers);
}

} // namespace postern
