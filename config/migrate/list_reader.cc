#include "config/migrate/list_reader.h"

#include "common/address_list.h"
#include "common/client_list.h"
#include "common/list_file.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::string_view two_octets = "client list, two octets";

// "10.20": postgrey's manual says that it is 10.20.0.0/16, and postgrey made 10.20.0.0/24 of it
bool has_two_octets(std::string_view entry)
{
    return std::count(entry.begin(), entry.end(), '.') == 1
        && std::all_of(entry.begin(), entry.end(), [](char c) { return is_digit(c) || c == '.'; });
}

Result<> check_entry(ListOf kind, std::string_view entry)
{
    if (kind == ListOf::clients) {
        const auto client = parse_client_entry(entry);
        return client ? Result<>{} : tl::unexpected(client.error());
    }
    const auto address = parse_address_entry(entry);
    return address ? Result<>{} : tl::unexpected(address.error());
}

void tell_two_octets(Migration& migration, const std::string& program, const std::string& file, std::string_view text)
{
    int number = 0;
    for (const auto raw : split(text, '\n')) {
        ++number;
        const auto entry = trim(raw.substr(0, raw.find('#')));
        if (has_two_octets(entry))
            migration.note(MetOption{{program, file, number}, std::string(entry), std::string(two_octets)},
                           {Fate::changed,
                            fmt::format("this is {}.0.0/16 here, as the manual has it; postgrey 1.37 made "
                                        "{}.0.0/24 of it, so that it covers more than before",
                                        entry, entry)});
    }
}

} // namespace

void read_list(Migration& migration, const std::string& program, const std::string& file, ListOf kind)
{
    const auto text = migration.host().read(file);
    if (!text) {
        migration.fault({program, file}, text.error().what);
        return;
    }
    std::vector<Error> faults;
    parse_list_file(
        *text, file, [&](std::string_view entry) { return check_entry(kind, entry); }, faults);
    for (const auto& fault : faults) {
        const auto placed = placed_fault(fault.what, file);
        migration.fault({program, file, placed.line}, placed.what);
    }
    if (kind == ListOf::clients)
        tell_two_octets(migration, program, file, *text);
}

PlacedFault placed_fault(std::string_view text, std::string_view path)
{
    if (text.starts_with(path) && text.substr(path.size()).starts_with(":")) {
        auto rest = text.substr(path.size() + 1);
        const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
        const auto digits = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
        rest.remove_prefix(digits.size());
        if (!digits.empty() && digits.size() < 9 && rest.starts_with(":"))
            return {std::stoi(std::string(digits)), std::string(trim(rest.substr(1)))};
        if (digits.empty())
            return {0, std::string(trim(rest))};
    }
    return {0, std::string(text)};
}

} // namespace postern
