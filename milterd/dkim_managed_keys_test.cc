#include "milterd/dkim_managed_keys.h"

#include "milterd/dkim_key_store.h"
#include "test/dkim/make_key.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

namespace postern {
namespace {

void manage(const DkimKeyStore& store, const ManagedDkimDomain& domain)
{
    REQUIRE(store.lock(domain.domain).has_value());
    for (const auto& key : domain.keys)
        REQUIRE(store.add_files(domain.domain, key.selector, make_ed25519_pem(), "").has_value());
    REQUIRE(store.save(domain).has_value());
}

ManagedDkimKey key(std::string selector, DkimKeyState state)
{
    return {std::move(selector), DkimKeyType::ed25519, state, {}, {}, {}};
}

std::string selectors(const DkimKeys& keys, std::string_view author)
{
    std::string text;
    for (const auto& entry : keys.for_author(author))
        text += (text.empty() ? "" : " ") + entry.selector;
    return text;
}

Config config_of(const ScratchFolder& folder)
{
    Config config;
    config.dkim.managed = folder / "dkim";
    return config;
}

} // namespace

TEST_CASE("load_dkim_keys: of the managed keys, those that are active")
{
    const ScratchFolder folder;
    auto config = config_of(folder);
    CHECK(load_dkim_keys(config).value().entries().empty()); // no folder, no keys

    const DkimKeyStore store(config.dkim.managed);
    manage(store, {"example.org", true,
                   {key("n", DkimKeyState::new_key), key("p", DkimKeyState::published), key("a1", DkimKeyState::active),
                    key("g", DkimKeyState::retiring), key("d", DkimKeyState::retired), key("a2", DkimKeyState::active)}});
    manage(store, {"alone.example", false, {key("s", DkimKeyState::active)}});
    manage(store, {"new.example", false, {key("s", DkimKeyState::new_key)}});
    const auto keys = load_dkim_keys(config);
    REQUIRE(keys.has_value());
    CHECK(keys->faults().empty());
    CHECK(selectors(*keys, "example.org") == "a1 a2");
    CHECK(selectors(*keys, "sub.example.org") == "a1 a2");
    CHECK(selectors(*keys, "alone.example") == "s");
    CHECK(selectors(*keys, "sub.alone.example").empty());
    CHECK(selectors(*keys, "new.example").empty()); // not yet, and its mail is not held up

    config.dkim.managed.clear();
    CHECK(load_dkim_keys(config).value().entries().empty());
}

TEST_CASE("load_dkim_keys: what the configuration names signs, too, and once")
{
    const ScratchFolder folder;
    auto config = config_of(folder);
    const DkimKeyStore store(config.dkim.managed);
    manage(store, {"example.org", false, {key("s1", DkimKeyState::active), key("s2", DkimKeyState::active)}});
    config.dkim.domains.push_back({.domain = "Example.ORG", .selector = "S1", .key = store.key_path("example.org", "s1")});
    const auto keys = load_dkim_keys(config);
    REQUIRE(keys.has_value());
    CHECK(keys->faults().empty());
    CHECK(selectors(*keys, "example.org") == "s1 s2");
}

TEST_CASE("load_dkim_keys: a domain whose state cannot be read is held up, and no other")
{
    const ScratchFolder folder;
    const auto config = config_of(folder);
    const DkimKeyStore store(config.dkim.managed);
    manage(store, {"good.example", false, {key("s", DkimKeyState::active)}});
    manage(store, {"bad.example", false, {key("s", DkimKeyState::active)}});
    std::ofstream(folder / "dkim/bad.example/state") << "domain bad.example\nkey\n";
    const auto keys = load_dkim_keys(config);
    REQUIRE(keys.has_value());
    const auto fault = folder / "dkim/bad.example/state" + ":2: a key has a selector, an algorithm, a state and two times";
    CHECK(keys->faults() == std::vector<std::string>{fault});
    REQUIRE(keys->for_author("bad.example").size() == 1);
    CHECK(keys->for_author("bad.example")[0].key == nullptr);
    CHECK(keys->for_author("bad.example")[0].fault == fault);
    CHECK(keys->for_author("good.example")[0].key != nullptr);
}

TEST_CASE("load_dkim_keys: an active key without its file holds up its domain")
{
    const ScratchFolder folder;
    const auto config = config_of(folder);
    const DkimKeyStore store(config.dkim.managed);
    manage(store, {"example.org", false, {key("s", DkimKeyState::active)}});
    std::filesystem::remove(store.key_path("example.org", "s"));
    const auto keys = load_dkim_keys(config);
    REQUIRE(keys.has_value());
    CHECK(keys->faults().size() == 1);
    CHECK(keys->for_author("example.org").at(0).key == nullptr);
}

TEST_CASE("load_dkim_keys: a folder that cannot be read is no folder without keys")
{
    const ScratchFolder folder;
    const auto config = config_of(folder);
    std::ofstream(config.dkim.managed) << "a file";
    const auto keys = load_dkim_keys(config);
    REQUIRE_FALSE(keys.has_value());
    CHECK(keys.error().what == "dkim.managed: " + config.dkim.managed + ": Not a directory");
}

} // namespace postern
