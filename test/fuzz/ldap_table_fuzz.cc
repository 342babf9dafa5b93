#include "common/ldap/ldap_table.h"

#include <cstdint>
#include <cstdlib>

// A table that is taken can be asked: it has servers, and a filter that is one with any address.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto table = postern::parse_ldap_table({reinterpret_cast<const char*>(data), size}, "ldap.cf");
    if (!table)
        return table.error().empty() ? std::abort(), 0 : 0;
    const auto filter = table->options.filter.expand({"*)(\\", "b.c.d.e.f.g.h.i.j"});
    if (table->options.servers.empty() || !filter || !postern::check_ldap_filter(*filter))
        std::abort();
    return 0;
}
