#include "common/ldap/ldap_connection.h"

#include "common/module.h"

namespace postern {
namespace {

Result<ModuleFunction> ldap_module()
{
    return load_module("postern_ldap.so");
}

} // namespace

void LdapConnection::initialize()
{
    (void)ldap_module(); // open() will say what is wrong
}

Result<std::unique_ptr<LdapConnection>> LdapConnection::open(const LdapOptions& options, const LdapUrl& url, LdapStop& stop)
{
    const auto module = ldap_module();
    if (!module)
        return tl::unexpected(module.error());
    return reinterpret_cast<Open*>(*module)(options, url, stop);
}

} // namespace postern
