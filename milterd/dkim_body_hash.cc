#include "milterd/dkim_body_hash.h"

#include "milterd/dkim_canonical_body.h"
#include "milterd/dkim_openssl.h"

#include <map>

namespace postern {

// Of one canonicalization
class DkimBodyHashing::Digest {
public:
    explicit Digest(DkimCanonicalization canonicalization);
    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;

    DkimCanonicalization canonicalization() const { return canonicalization_; }
    void want(std::optional<std::uint64_t> length); // before any octets
    void add(std::string_view chunk) { body_.add(chunk); }
    bool finish(); // false: OpenSSL has failed
    DkimBodyHash result(std::optional<std::uint64_t> length) const;

private:
    void take(std::string_view octets);
    void update(std::string_view octets);
    std::string value();

    DkimCanonicalization canonicalization_;
    DkimCanonicalBody body_;
    OpensslDigestContext context_;
    bool is_sound_;
    std::uint64_t taken_ = 0;
    std::map<std::uint64_t, std::string> of_lengths_; // empty as long as there are not that many octets
    std::optional<std::string> of_all_;               // if it is wanted
};

DkimBodyHashing::Digest::Digest(DkimCanonicalization canonicalization)
    : canonicalization_(canonicalization)
    , body_(canonicalization, [this](std::string_view octets) { take(octets); })
    , context_(EVP_MD_CTX_new())
    , is_sound_(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1)
{
}

void DkimBodyHashing::Digest::want(std::optional<std::uint64_t> length)
{
    if (!length)
        of_all_.emplace();
    else
        of_lengths_[*length] = *length == 0 ? value() : "";
}

void DkimBodyHashing::Digest::take(std::string_view octets)
{
    auto next = of_lengths_.upper_bound(taken_);
    for (; next != of_lengths_.end() && next->first <= taken_ + octets.size(); ++next) {
        const auto piece = octets.substr(0, next->first - taken_);
        update(piece);
        octets.remove_prefix(piece.size());
        next->second = value();
    }
    if (of_all_ || next != of_lengths_.end())
        update(octets);
}

void DkimBodyHashing::Digest::update(std::string_view octets)
{
    taken_ += octets.size();
    is_sound_ = is_sound_ && EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) == 1;
}

// Of the octets so far; more may follow.
std::string DkimBodyHashing::Digest::value()
{
    std::string value(EVP_MAX_MD_SIZE, '\0');
    unsigned int size = 0;
    const OpensslDigestContext copy(EVP_MD_CTX_new());
    is_sound_ = is_sound_ && copy && EVP_MD_CTX_copy_ex(copy.get(), context_.get()) == 1
        && EVP_DigestFinal_ex(copy.get(), reinterpret_cast<unsigned char*>(value.data()), &size) == 1;
    value.resize(size);
    return value;
}

bool DkimBodyHashing::Digest::finish()
{
    body_.finish();
    if (of_all_)
        of_all_ = value();
    return is_sound_;
}

DkimBodyHash DkimBodyHashing::Digest::result(std::optional<std::uint64_t> length) const
{
    return {length ? of_lengths_.at(*length) : of_all_.value(), body_.size()};
}

DkimBodyHashing::DkimBodyHashing(std::span<const DkimBodyPart> parts)
    : parts_(parts.begin(), parts.end())
{
    for (const auto& part : parts_)
        digest_for(part.canonicalization).want(part.length);
}

DkimBodyHashing::~DkimBodyHashing() = default;

DkimBodyHashing::Digest& DkimBodyHashing::digest_for(DkimCanonicalization canonicalization)
{
    for (const auto& digest : digests_)
        if (digest->canonicalization() == canonicalization)
            return *digest;
    return *digests_.emplace_back(std::make_unique<Digest>(canonicalization));
}

void DkimBodyHashing::body(std::span<const char> chunk)
{
    for (const auto& digest : digests_)
        digest->add({chunk.data(), chunk.size()});
}

Result<std::vector<DkimBodyHash>> DkimBodyHashing::finish()
{
    for (const auto& digest : digests_)
        if (!digest->finish())
            return fail("OpenSSL: no hash of the body");
    std::vector<DkimBodyHash> hashes;
    for (const auto& part : parts_)
        hashes.push_back(digest_for(part.canonicalization).result(part.length));
    return hashes;
}

} // namespace postern
