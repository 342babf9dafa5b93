#include "config/migrate/pem_key.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("read_pem_key")
{
    struct Case {
        const char* name;
        const char* text;
        const char* want; // kind and bits, or the error
    };
    const Case cases[] = {
        {"PKCS#1",
         "-----BEGIN RSA PRIVATE KEY-----\n"
         "MIICXAIBAAKBgQDvxOMnxO31q89TWVDaonHPi9QZiB5OgpneIPvvLcRsZQkz0LG+\n"
         "4dkEkTYHpKwQqMMABnEoZhXIYtSzSYx7dw47RwmBNTjzEvlSmJqS/hci2CLni9wO\n"
         "MGW99vzhIFf8fmgRnZRjJ4Qpp1aNFLyqgME4emWmv+V39pkCJiUdiSeg0wIDAQAB\n"
         "AoGBAN0i3c6kFkRq/YCF88hx4j3lXO1fWXRXh8oS6ckikPLYDLC5XfYLHrjTpN1P\n"
         "x1JmE9NGHb+Ax75VSI9C2kpU981zAYYNHicbhiZpVopFYyYWFaWrZdFybvIRO7LA\n"
         "eYCxG8OCMBCH9OtlgFUvEMUwRBZ8bHk7XElhXObsy7Mre/bBAkEA/l0GG+FdB99u\n"
         "HNlfvmzD3dSQo8DIRABdoe1c6X7I6NvnN/kFhM79W8yK+qV0a0f9qIGLWkRDsQpT\n"
         "zazr8O3AiQJBAPFP0wwK10+j7AqZhntK+g2exx8VTmScHIyjNfYuswXDyAKwPizs\n"
         "9qYOv7YlSdVCt8svyzKUQgVkFuIW6ruNZ3sCQAuov+rvPZBq0WVJIXZdDe1RHQAk\n"
         "iglz6tbNRoD9asAhtEuAgpw/0KUwjv5GLzvrpNjgdz6/+kpXKtg2oOn+O+ECQEdC\n"
         "VEdVGDnrZTPIHF9iR68n+RMjvo+VThT1yWSWa8VDCFhK5UFtBHULG+/U2RXB6vZ0\n"
         "eaPJBioDYYKIU+7olesCQGF0KNiIT3qeMhfThfaKvKCWT0xvgNEz898mZ6NWST6A\n"
         "AftBjrtOPG6UkMpat7+0JJqBUzar1nutwuEZOa2hGkM=\n"
         "-----END RSA PRIVATE KEY-----\n",
         "rsa 1024"},
        {"PKCS#8",
         "-----BEGIN PRIVATE KEY-----\n"
         "MIICeQIBADANBgkqhkiG9w0BAQEFAASCAmMwggJfAgEAAoGBAPejPqH3tRdgnp2n\n"
         "SX6SehofxbEVxehH3bZeQiDu/dGCDVeoNTFoPiBNoz+8g+EBWeD+O/OG/DcsmJxN\n"
         "USdCkWd5aQOZum/3C/3n8pxyqmow42B6niB1UVigtBbLHcOX7YFRDEMcfkDulMai\n"
         "VpW3ue/Q4SjzEKk+yAB53mvNb+IDAgMBAAECgYEAyoGTYW4oh+J6M2AuyLPN5/kd\n"
         "eC/e9JF4bH7uQvJNW/unH4ytWybszwvOOPvXOLQbJNOigQZc0F3GuuK7P4i/T6v7\n"
         "VbpnV9J/2u9EwrddcGRVGFwUTQ91hbxuX0g38AV3/xpYWxfvvxSAtT4TsFzaWukh\n"
         "SMHADbCp9qZosnSE95kCQQD8I38NLy3pSxWeKnN40Qnejop2lWGfr4dhJEclOUuN\n"
         "ZPLQsFKFb12IpmjB0euQeapTmqnA5r4e6eCFhLPlpOdlAkEA+24aNKMhkCVWGaSw\n"
         "I1p/YFWgKXO3FT74puCe45QJdl5KDwADmaD5r21WqkiNUX0F7+912jv/DyaWJgDH\n"
         "5Z4RRwJBALlXonpflwEp938nt3A1QWr/HttinbuTfRG0aDP9tQMAFNnA8zgxD/F2\n"
         "WgU3uVCfjswcIfKx60mwJCIh1VfW610CQQCFSUrPGKOUPJa2JV3SgAkCUqIDF3q4\n"
         "4pcCMBVK45FYlIeCCCngaTuzyaylvKxdxH8/QJwjQqblqzjxkHxntzHFAkEAj9f5\n"
         "XE3s9+SCtjPqhmCVb3yWuBhL3M8ww5B67feG23xoKmCMZk8XNHhZgYbF7wViF0/5\n"
         "tRYvURm9xk8QfU+6Cw==\n"
         "-----END PRIVATE KEY-----\n",
         "rsa 1024"},
        {"Ed25519",
         "-----BEGIN PRIVATE KEY-----\n"
         "MC4CAQAwBQYDK2VwBCIEIC+LQS6/G5f5+UY4d8IOx8erlq0VK0wU3VQ16uPxat3X\n"
         "-----END PRIVATE KEY-----\n",
         "ed25519 256"},
        {"another curve",
         "-----BEGIN PRIVATE KEY-----\n"
         "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWmcZnaOP+0uSYnYg\n"
         "M6N/FC1VpNEARVFj2fvUOdKA5DChRANCAAS4l9S9ufcNfWI/f6jtYu84NqJkNVmP\n"
         "SkSY1WPhAZopAGQBigsaDI8opogcQ2RcLkEQk116ez+Pof9blnqXoYhV\n"
         "-----END PRIVATE KEY-----\n",
         "holds neither an RSA key nor one of Ed25519"},
        {"text before it, CR LF", "Bag\r\n-----BEGIN PRIVATE KEY-----\r\n"
                                  "MC4CAQAwBQYDK2VwBCIEIC+LQS6/G5f5+UY4d8IOx8erlq0VK0wU3VQ16uPxat3X\r\n"
                                  "-----END PRIVATE KEY-----\r\n",
         "ed25519 256"},
        {"cut off", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIC+LQS6\n",
         "holds neither an RSA key nor one of Ed25519"},
        {"empty inside", "-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n",
         "holds neither an RSA key nor one of Ed25519"},
        {"a public key", "-----BEGIN PUBLIC KEY-----\nMIGf\n-----END PUBLIC KEY-----\n", "holds no private key (PEM)"},
        {"nothing", "", "holds no private key (PEM)"},
        {"encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIC\n-----END ENCRYPTED PRIVATE KEY-----\n",
         "is encrypted: a daemon has nobody to ask for the password"},
        {"encrypted, as PKCS#1", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nMIIC\n",
         "is encrypted: a daemon has nobody to ask for the password"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto key = read_pem_key(c.text);
        const auto got = !key ? key.error().what
                              : fmt::format("{} {}", key->kind == PemKey::Kind::rsa ? "rsa" : "ed25519", key->bits);
        CHECK(got == c.want);
    }
}

} // namespace postern
