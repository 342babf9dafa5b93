#include "milterd/dkim_publication.h"

#include "test/dkim/make_key.h"
#include "test/fake/fake_log.h"
#include "test/fake/fake_resolver.h"
#include "test/scratch_folder.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

namespace postern {

TEST_CASE("look_at_publications warns of what is not published, and of nothing else")
{
    const ScratchFolder folder;
    std::vector<DkimDomain> domains;
    for (const auto* selector : {"good", "gone", "other", "silent", "broken"}) {
        const auto path = folder / selector;
        std::ofstream(path) << (std::string_view(selector) == "broken" ? "text" : make_ed25519_pem());
        std::filesystem::permissions(path, std::filesystem::perms(0600));
        domains.push_back({.domain = "example.org", .selector = selector, .key = path});
    }
    const auto keys = DkimKeys::load(domains).entries();
    FakeResolver resolver;
    resolver.set("good._domainkey.example.org", RrType::txt, found({keys[0].key->record()}));
    resolver.set("other._domainkey.example.org", RrType::txt, found({keys[0].key->record()}));
    resolver.set("silent._domainkey.example.org", RrType::txt, DnsReply{});
    FakeLog log;
    asio::io_context io;
    start_to_look_at_publications(keys, resolver, io.get_executor(), log);
    io.run();
    CHECK(log.lines
          == std::vector<std::string>{
              "dkim_key problem=gone._domainkey.example.org: missing: there is no such name; the key signs, but nobody "
              "can verify it",
              "dkim_key problem=other._domainkey.example.org: mismatch: another Ed25519 key; the key signs, but nobody "
              "can verify it"});
    CHECK(resolver.lookups == 4);
}

} // namespace postern
