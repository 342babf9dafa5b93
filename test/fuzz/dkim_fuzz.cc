// Whole mails through libopendkim: the chunks in which a body arrives make no difference.
#include "common/text.h"
#include "milterd/dkim.h"
#include "milterd/dkim_header.h"
#include "milterd/dkim_signature.h"
#include "test/dkim/mail_text.h"

#include <algorithm>
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

std::vector<DkimHashes> hash(const std::vector<std::string>& fields, std::span<const char> body, std::size_t chunk)
{
    static const auto library = DkimLibrary::create(std::chrono::seconds(300));
    auto hashing = DkimHashing::create(*library, fields);
    if (!hashing)
        std::abort();
    while (!body.empty()) {
        (*hashing)->body(body.first(std::min(chunk, body.size())));
        body = body.subspan(std::min(chunk, body.size()));
    }
    auto hashes = (*hashing)->finish();
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
    auto mail = read_mail_text({reinterpret_cast<const char*>(data) + 1, size - 1});
    for (std::size_t i = 0; i < mail.body.size(); ++i) // Postfix makes a blank of a lone CR
        if (mail.body[i] == '\r' && (i + 1 == mail.body.size() || mail.body[i + 1] != '\n'))
            mail.body[i] = ' ';
    std::size_t signatures = 0;
    const auto fields = fields_of(mail, signatures);
    if (signatures == 0)
        return 0;
    const auto whole = hash(fields, mail.body, 65535);
    const auto pieces = hash(fields, mail.body, data[0] % 16 + 1);
    if (whole.size() != signatures || pieces.size() != signatures)
        std::abort();
    for (std::size_t i = 0; i < signatures; ++i)
        if (whole[i].body != pieces[i].body || whole[i].header != pieces[i].header || whole[i].fault != pieces[i].fault)
            std::abort();
    return 0;
}
