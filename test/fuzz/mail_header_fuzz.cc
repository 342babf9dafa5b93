// Whatever a header holds: it is read without fault, one author domain at most comes of it and only from one From
// field, and the fields that a signature covers are among those that there are.
#include "milterd/dkim_author.h"
#include "milterd/dkim_header.h"
#include "milterd/dkim_signature.h"
#include "milterd/header_rules.h"
#include "test/dkim/mail_text.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

void demand(bool condition)
{
    if (!condition)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace postern;
    const auto mail = read_mail_text({reinterpret_cast<const char*>(data), size});
    const auto& header = mail.message.header;
    const auto from_fields =
        std::count_if(header.begin(), header.end(), [](const HeaderField& field) { return has_name(field, "From"); });
    const auto author = author_domain(header);
    demand(!author || (from_fields == 1 && !author->empty()));
    demand(from_fields == 1 || !header_fault(header).empty());

    const auto names = field_names(header);
    for (const auto& field : header) {
        if (!has_name(field, "DKIM-Signature"))
            continue;
        const auto signature = parse_dkim_signature(field.value);
        const auto covered = covered_fields(names, signature.signed_fields);
        demand(std::is_sorted(covered.begin(), covered.end()));
        demand(covered.empty() || covered.back() < header.size());
    }
    return 0;
}
