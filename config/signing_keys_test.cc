#include "config/signing_keys.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

namespace postern {

TEST_CASE("has_signing_keys: named, in tables or managed")
{
    const ScratchFolder folder;
    DkimSettings dkim;
    CHECK_FALSE(has_signing_keys(dkim));
    dkim.managed = folder / "dkim";
    CHECK_FALSE(has_signing_keys(dkim)); // there is no such folder
    std::filesystem::create_directories(folder / "dkim/example.org");
    std::ofstream(folder / "dkim/untold") << "";
    CHECK_FALSE(has_signing_keys(dkim));
    std::ofstream(folder / "dkim/example.org/state") << "domain example.org\n";
    CHECK(has_signing_keys(dkim));

    dkim.managed.clear();
    dkim.signing_table = "refile:/etc/opendkim/signing";
    CHECK(has_signing_keys(dkim));
    dkim.signing_table.clear();
    dkim.domains.emplace_back();
    CHECK(has_signing_keys(dkim));
}

} // namespace postern
