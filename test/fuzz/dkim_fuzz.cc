// The header fields that signatures cover, through libopendkim: each signature has a hash or a fault.
#include "common/text.h"
#include "milterd/dkim.h"
#include "milterd/dkim_header.h"
#include "milterd/dkim_signature.h"
#include "test/dkim/mail_text.h"

#include <cstdint>
#include <cstdlib>
#include <set>

namespace postern {
namespace {

// As dkim_verify_filter chooses them: signatures without a fault, and what they cover
std::vector<std::string> fields_of(const MailText& mail, std::size_t& signatures)
{
    constexpr std::size_t signature_limit = 8;
    const auto& header = mail.message.header;
    const auto names = field_names(header);
    std::set<std::size_t> wanted;
    for (std::size_t at = 0; at < header.size() && signatures < signature_limit; ++at) {
        if (names[at] != "dkim-signature")
            continue;
        const auto signature = parse_dkim_signature(header[at].value);
        if (!signature.fault.empty())
            continue;
        ++signatures;
        wanted.insert(at);
        for (const auto covered : covered_fields(names, signature.signed_fields))
            if (names[covered] != "dkim-signature")
                wanted.insert(covered);
    }
    std::vector<std::string> fields;
    for (const auto at : wanted)
        fields.push_back(wire_text(header[at]));
    return fields;
}

std::vector<DkimHeaderHash> hash(const std::vector<std::string>& fields)
{
    static const auto library = DkimLibrary::create(std::chrono::seconds(300));
    auto hashes = (*library)->hash_header(fields);
    if (!hashes)
        std::abort();
    return *hashes;
}

} // namespace
} // namespace postern

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace postern;
    if (size == 0)
        return 0;
    const auto mail = read_mail_text({reinterpret_cast<const char*>(data) + 1, size - 1});
    std::size_t signatures = 0;
    const auto fields = fields_of(mail, signatures);
    if (signatures == 0)
        return 0;
    const auto hashes = hash(fields);
    if (hashes.size() != signatures)
        std::abort();
    for (const auto& each : hashes)
        if (each.hash.size() != (each.fault.empty() ? 32 : 0))
            std::abort();
    return 0;
}
