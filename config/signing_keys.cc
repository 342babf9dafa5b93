#include "config/signing_keys.h"

#include <filesystem>

namespace postern {
namespace {

bool has_managed_keys(const std::string& folder)
{
    std::error_code error;
    for (auto it = std::filesystem::directory_iterator(folder, error); !error && it != std::filesystem::directory_iterator();
         it.increment(error)) {
        std::error_code ignored;
        if (std::filesystem::exists(it->path() / "state", ignored))
            return true;
    }
    return false;
}

} // namespace

bool has_signing_keys(const DkimSettings& dkim)
{
    return !dkim.domains.empty() || !dkim.signing_table.empty()
        || (!dkim.managed.empty() && has_managed_keys(dkim.managed));
}

} // namespace postern
