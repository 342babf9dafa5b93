// A list of clients, one of addresses and one of domains, made of the same
// text, and asked about its own lines: nothing may crash or take long, and a
// domain that was taken is in its list.
#include "common/address_list.h"
#include "common/client_list.h"
#include "common/domain_list.h"
#include "common/list_file.h"
#include "common/mail_address.h"

#include <cstdint>

namespace {

using namespace postern;

template <class Parse, class Entry>
std::vector<Entry> entries_of(std::string_view text, Parse parse, std::vector<Entry> entries)
{
    std::vector<Error> faults;
    parse_list_file(
        text, "list",
        [&](std::string_view line) -> Result<> {
            auto entry = parse(line);
            if (!entry)
                return tl::unexpected(entry.error());
            if (entries.size() < 100)
                entries.push_back(std::move(*entry));
            return {};
        },
        faults);
    if (faults.size() > most_list_faults + 1)
        __builtin_trap();
    return entries;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const ClientList clients(entries_of(text, parse_client_entry, std::vector<ClientEntry>()));
    const AddressList addresses(entries_of(text, parse_address_entry, std::vector<AddressEntry>()));

    const auto subject = text.substr(0, 400);
    (void)clients.has_name(subject);
    (void)clients.matches(subject);
    if (const auto address = parse_ip_address(subject))
        (void)clients.has_address(*address);
    (void)addresses.has(parse_mail_address(subject));
    (void)addresses.matches(subject);

    const std::string domain(subject.substr(0, subject.find('\n')));
    const auto labels = to_a_labels(std::string_view(domain).substr(domain.starts_with('.') ? 1 : 0));
    if (const auto domains = DomainList::parse({&domain, 1}))
        if (!labels || !domains->contains(domain.starts_with('.') ? "x." + *labels : *labels))
            __builtin_trap();
    return 0;
}
