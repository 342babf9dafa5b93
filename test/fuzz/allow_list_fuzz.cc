// A list of addresses, and one of logins, of any text, asked about its own
// lines: nothing may crash or take long, and there is an end to what is read.
#include "common/list_file.h"
#include "milterd/allow_list.h"

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace postern;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    AllowList list;
    std::vector<Error> faults, login_faults;
    std::vector<std::string> logins;
    parse_allow_list(text, "list", list, faults);
    parse_login_list(text, "list", logins, login_faults);
    if (faults.size() > most_list_faults + 1 || login_faults.size() > most_list_faults + 1
        || list.senders.size() + list.recipients.size() > most_allow_entries)
        __builtin_trap();
    const auto address = text.substr(0, 400);
    (void)AllowList::matches(list.senders, address);
    (void)AllowList::matches(list.recipients, address);
    return 0;
}
