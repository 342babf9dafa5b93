#include "milterd/dkim_key_change.h"

#include "milterd/dkim_key_view.h"
#include "milterd/dkim_private_key.h"
#include "test/dkim/make_key.h"
#include "test/fake/fake_clock.h"
#include "test/fake/fake_resolver.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace postern {
namespace {

using std::chrono::hours;

std::string content_of(const std::string& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// An operator with a folder of keys and a DNS; commands are run as a timer would, each on its own.
struct Operator {
    ScratchFolder folder;
    FakeClock clock;
    std::map<std::string, DnsReply> dns; // by name; what is not there does not exist
    bool dns_is_dead = false;
    std::vector<DkimKeyEntry> named{};
    bool daemon_refuses = false;
    int reloads = 0;
    std::string said{}, complaints{};

    DkimAdminParts parts(bool now = false)
    {
        said.clear();
        complaints.clear();
        DkimAdminParts made{.store = DkimKeyStore(folder / "dkim"), .named = named};
        made.rules = {hours(24 * 180), hours(1), hours(24 * 7), now};
        made.now = clock.now();
        made.look_up = [this](const std::string& name) {
            DkimRecordReplies replies;
            replies.has_asked_servers = true;
            const auto at = dns.find(name);
            const DnsReply reply = dns_is_dead ? DnsReply{}
                : at == dns.end()              ? DnsReply{DnsStatus::nxdomain, {}, {}}
                                               : at->second;
            replies.resolver = reply;
            replies.servers.push_back({"ns1", reply});
            return replies;
        };
        made.tell_daemons = [this]() -> Result<> {
            ++reloads;
            return daemon_refuses ? fail("no") : Result<>();
        };
        made.print = [this](std::string_view text) { said += text; };
        made.complain = [this](std::string_view line) { complaints.append(line).append("\n"); };
        return made;
    }

    int make(DkimNewKeys wanted)
    {
        auto with = parts();
        return DkimKeyChange(with).make(wanted);
    }

    int rotate(const std::string& domain = "", bool now = false)
    {
        auto with = parts(now);
        return DkimKeyChange(with).rotate(domain);
    }

    // What the zone file of a key says, published.
    void publish(const std::string& selector)
    {
        const auto key = load_dkim_key(folder / ("dkim/example.org/" + selector + ".private"));
        REQUIRE(key.has_value());
        dns[selector + "._domainkey.example.org"] = found({key->key->record()});
    }

    std::string states() const
    {
        std::string text;
        const auto domain = DkimKeyStore(folder / "dkim").load("example.org");
        REQUIRE(domain.has_value());
        if (*domain)
            for (const auto& key : (*domain)->keys)
                text += (text.empty() ? "" : ", ") + key.selector + " " + std::string(word_of(key.state));
        return text;
    }
};

const DkimNewKeys ed25519{.domain = "example.org", .selector = "s1", .types = {DkimKeyType::ed25519}};

} // namespace

TEST_CASE("new: a pair, its records in three forms, and nothing signs yet")
{
    Operator admin;
    CHECK(admin.make({.domain = "Example.ORG"}) == 0);
    CHECK(admin.states() == "20231114 new, 20231114-ed25519 new");
    CHECK(admin.reloads == 0);
    for (const auto* selector : {"20231114", "20231114-ed25519"}) {
        CAPTURE(selector);
        const auto stem = admin.folder / (std::string("dkim/example.org/") + selector);
        const auto key = load_dkim_key(stem + ".private");
        REQUIRE(key.has_value());
        const DkimRecord record{"example.org", selector, key->key->record()};
        CHECK(content_of(stem + ".txt") == dkim_record_zone_text(record, {.has_domain = false}));
        CHECK(admin.said.find(dkim_record_line(record)) != std::string::npos);
        CHECK(admin.said.find(dkim_record_zone_text(record)) != std::string::npos);
        CHECK(admin.said.find(dkim_record_form(record)) != std::string::npos);
    }
    // Once more on the same day: other selectors, and the first keys stay.
    const auto before = content_of(admin.folder / "dkim/example.org/20231114.private");
    CHECK(admin.make({.domain = "example.org"}) == 0);
    CHECK(admin.states() == "20231114 new, 20231114-ed25519 new, 20231114b new, 20231114b-ed25519 new");
    CHECK(content_of(admin.folder / "dkim/example.org/20231114.private") == before);
}

TEST_CASE("new: a key that is there is never overwritten")
{
    Operator admin;
    CHECK(admin.make(ed25519) == 0);
    const auto path = admin.folder / "dkim/example.org/s1.private";
    const auto before = content_of(path);
    CHECK(admin.make(ed25519) == 1);
    CHECK(admin.complaints.find("exists already") != std::string::npos);
    CHECK(content_of(path) == before);
    CHECK(admin.states() == "s1 new");

    // Files that a crash has left without a line in the state: the name counts as taken.
    std::ofstream(admin.folder / "dkim/example.org/20231114.private") << "half";
    CHECK(admin.make({.domain = "example.org", .types = {DkimKeyType::ed25519}}) == 0);
    CHECK(admin.states() == "s1 new, 20231114b new");
}

TEST_CASE("new: what is no domain, selector or size")
{
    Operator admin;
    CHECK(admin.make({.domain = ""}) == 1);
    CHECK(admin.make({.domain = "a/b"}) == 1);
    CHECK(admin.make({.domain = "example.org", .selector = "../s"}) == 1);
    CHECK(admin.make({.domain = "example.org", .bits = 8192, .types = {DkimKeyType::rsa}}) == 1);
    CHECK(admin.states().empty());
    CHECK(admin.make({.domain = "example.org", .selector = "S", .bits = 1024, .types = {DkimKeyType::rsa}}) == 0);
    CHECK(admin.complaints == "1024 bits are too few for a new key (RFC 8301): it gets 2048\n");
    CHECK(load_dkim_key(admin.folder / "dkim/example.org/s.private")->key->bits() == 2048);
}

TEST_CASE("new, as opendkim-genkey: two files in a directory, not managed")
{
    Operator admin;
    DkimNewKeys wanted{.domain = "example.org", .types = {DkimKeyType::ed25519}, .directory = admin.folder.path()};
    wanted.tags.is_for_mail_only = true;
    CHECK(admin.make(wanted) == 0);
    CHECK(admin.states().empty());
    const auto key = load_dkim_key(admin.folder / "default.private");
    REQUIRE(key.has_value());
    const DkimRecord record{"example.org", "default", with_dkim_tags(key->key->record(), {"s=email"})};
    CHECK(content_of(admin.folder / "default.txt") == dkim_record_zone_text(record, {.has_domain = false}));
    CHECK(admin.said.find("key = \"" + admin.folder / "default.private" + "\"") != std::string::npos);
    CHECK(admin.make(wanted) == 1);

    wanted.selector = "whole";
    wanted.appends_domain = true;
    CHECK(admin.make(wanted) == 0);
    CHECK(content_of(admin.folder / "whole.txt").starts_with("whole._domainkey.example.org.\tIN\tTXT\t( "));
}

TEST_CASE("rotate: a whole life, run after run")
{
    Operator admin;
    REQUIRE(admin.make(ed25519) == 0);
    CHECK(admin.rotate() == 0);
    CHECK(admin.said == "example.org: to do: publish s1._domainkey.example.org (resolver: there is no such name)\n");
    CHECK(admin.states() == "s1 new");

    admin.publish("s1");
    CHECK(admin.rotate("example.org") == 0);
    CHECK(admin.states() == "s1 published");
    CHECK(admin.said.find("s1 signs in 1h00m at the earliest") != std::string::npos);
    CHECK(admin.reloads == 0);
    admin.clock.advance(hours(1));
    CHECK(admin.rotate() == 0);
    CHECK(admin.states() == "s1 active");
    CHECK(admin.reloads == 1);
    CHECK(admin.rotate() == 0); // nothing more to do, and nothing to say
    CHECK(admin.said.empty());
    CHECK(admin.reloads == 1);

    CHECK(admin.rotate("", true) == 0);
    CHECK(admin.states() == "s1 active, 20231114 new");
    CHECK(admin.said.find("20231114._domainkey.example.org. TXT v=DKIM1; k=ed25519; p=") != std::string::npos);
    CHECK(admin.rotate("", true) == 0); // asked for again: one is under way
    CHECK(admin.states() == "s1 active, 20231114 new");

    admin.publish("20231114");
    CHECK(admin.rotate() == 0);
    admin.clock.advance(hours(2));
    CHECK(admin.rotate() == 0);
    CHECK(admin.states() == "s1 retiring, 20231114 active");
    CHECK(admin.said.find("s1._domainkey.example.org must stay published for 168h00m more") != std::string::npos);
    CHECK(admin.reloads == 2);

    admin.clock.advance(hours(24 * 7));
    CHECK(admin.rotate() == 0);
    CHECK(admin.states() == "s1 retired, 20231114 active");
    CHECK(admin.said.find("to do: take s1._domainkey.example.org out of the DNS") != std::string::npos);
    CHECK(admin.reloads == 2);

    admin.dns.erase("s1._domainkey.example.org");
    CHECK(admin.rotate() == 0);
    CHECK(admin.states() == "20231114 active");
    CHECK_FALSE(std::filesystem::exists(admin.folder / "dkim/example.org/s1.private"));
    CHECK_FALSE(std::filesystem::exists(admin.folder / "dkim/example.org/s1.txt"));
}

TEST_CASE("rotate: a dead DNS moves nothing, in no state")
{
    Operator admin;
    const DkimKeyStore store(admin.folder / "dkim");
    const auto long_ago = admin.clock.now() - hours(24 * 30);
    ManagedDkimDomain domain{"example.org", false, {}};
    REQUIRE(store.lock("example.org").has_value());
    for (const auto state : {DkimKeyState::new_key, DkimKeyState::published, DkimKeyState::active,
                             DkimKeyState::retiring, DkimKeyState::retired}) {
        const std::string selector(word_of(state));
        REQUIRE(store.add_files("example.org", selector, make_ed25519_pem(), "").has_value());
        domain.keys.push_back({selector, DkimKeyType::ed25519, state, long_ago, long_ago, {}});
    }
    REQUIRE(store.save(domain).has_value());
    const auto before = content_of(admin.folder / "dkim/example.org/state");
    admin.dns_is_dead = true;
    CHECK(admin.rotate() == 0);
    CHECK(content_of(admin.folder / "dkim/example.org/state") == before);
    CHECK(admin.said.find("stays active: the DNS does not say") != std::string::npos);
    CHECK(admin.reloads == 0);
}

TEST_CASE("rotate: a daemon that was not told is told by the next run")
{
    Operator admin;
    REQUIRE(admin.make(ed25519) == 0);
    admin.publish("s1");
    CHECK(admin.rotate() == 0);
    admin.clock.advance(hours(1));
    admin.daemon_refuses = true;
    CHECK(admin.rotate() == 1);
    CHECK(admin.complaints == "the keys are changed, and the daemon does not take them yet: no\n");
    CHECK(admin.states() == "s1 active");
    CHECK(admin.rotate() == 1);
    admin.daemon_refuses = false;
    CHECK(admin.rotate() == 0);
    CHECK(admin.reloads == 3);
    CHECK(admin.rotate() == 0);
    CHECK(admin.reloads == 3);
}

TEST_CASE("rotate: what signs and is not published is a fault, and signs on")
{
    Operator admin;
    REQUIRE(admin.make(ed25519) == 0);
    admin.publish("s1");
    CHECK(admin.rotate() == 0);
    admin.clock.advance(hours(1));
    CHECK(admin.rotate() == 0);
    admin.dns.clear();
    CHECK(admin.rotate() == 1);
    CHECK(admin.complaints
          == "example.org: s1 signs, and its record is not as it must be: resolver: there is no such name\n");
    CHECK(admin.states() == "s1 active");
}

TEST_CASE("rotate: one domain's fault stops no other")
{
    Operator admin;
    REQUIRE(admin.make(ed25519) == 0);
    admin.publish("s1");
    const auto broken = admin.folder / "dkim/a.example";
    std::filesystem::create_directories(broken);
    std::ofstream(broken + "/state") << "nonsense\n";
    CHECK(admin.rotate() == 1);
    CHECK(admin.complaints == "a.example: " + broken + "/state:1: the domain must stand first\n");
    CHECK(admin.states() == "s1 published");
    CHECK(content_of(broken + "/state") == "nonsense\n");

    const auto lock = DkimKeyStore(admin.folder / "dkim").lock("example.org");
    CHECK(admin.rotate("example.org") == 1);
    CHECK(admin.complaints.find("another postern dkim is at work") != std::string::npos);
    CHECK(admin.rotate("example.net") == 1);
    CHECK(admin.complaints.find("has no managed keys") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(admin.folder / "dkim/example.net"));
}

TEST_CASE("rotate: a key whose file is gone does not move")
{
    Operator admin;
    REQUIRE(admin.make(ed25519) == 0);
    admin.publish("s1");
    std::filesystem::remove(admin.folder / "dkim/example.org/s1.private");
    CHECK(admin.rotate() == 1);
    CHECK(admin.states() == "s1 new");
}

TEST_CASE("check, list, zone: the managed keys and the named ones")
{
    Operator admin;
    auto wanted = ed25519;
    wanted.tags.is_testing = true;
    REQUIRE(admin.make(wanted) == 0);
    std::ofstream(admin.folder / "named.pem") << make_ed25519_pem();
    std::filesystem::permissions(admin.folder / "named.pem", std::filesystem::perms(0600));
    const std::vector<DkimDomain> domains{
        {.domain = "example.net", .selector = "n1", .key = admin.folder / "named.pem"}};
    admin.named = DkimKeys::load(domains).entries();
    const auto named_record = admin.named[0].key->record();
    const auto view = [&](auto work) {
        auto with = admin.parts();
        DkimKeyView looks(with);
        return work(looks);
    };

    CHECK(view([](auto& looks) { return looks.list({}); }) == 0);
    CHECK(admin.said
          == "example.net n1 ed25519 named - " + admin.folder / "named.pem" + "\n"
              + "example.org s1 ed25519 new 2023-11-14T22:13:20Z " + admin.folder / "dkim/example.org/s1.private" + "\n");

    CHECK(view([](auto& looks) { return looks.zone({"n1"}, 60); }) == 0);
    CHECK(admin.said == dkim_record_zone_text({"example.net", "n1", named_record}, {.ttl = 60}));
    CHECK(view([](auto& looks) { return looks.zone({"example.org"}, {}); }) == 0);
    CHECK(admin.said.find("\"v=DKIM1; k=ed25519; t=y; \"") != std::string::npos);

    CHECK(view([](auto& looks) { return looks.check({}); }) == 1);
    CHECK(admin.said
          == "n1._domainkey.example.net (ed25519, named): missing: resolver: there is no such name\n"
             "  resolver: missing: there is no such name\n  ns1: missing: there is no such name\n"
             "s1._domainkey.example.org (ed25519, new): missing: resolver: there is no such name\n"
             "  resolver: missing: there is no such name\n  ns1: missing: there is no such name\n");
    admin.dns["n1._domainkey.example.net"] = found({named_record});
    CHECK(view([](auto& looks) { return looks.check({"example.net"}); }) == 0);
    CHECK(view([](auto& looks) { return looks.check({"s1"}); }) == 1);
    CHECK(view([](auto& looks) { return looks.check({"nobody"}); }) == 1);
    CHECK(admin.complaints == "there is no such key\n");
    admin.publish("s1");
    CHECK(view([](auto& looks) { return looks.check({}); }) == 0);
    admin.dns_is_dead = true;
    CHECK(view([](auto& looks) { return looks.check({}); }) == 75);

    admin.dns_is_dead = false;
    const auto path = admin.folder / "named.pem";
    CHECK(view([&](auto& looks) { return looks.check_file({"", "example.net", "n1"}, path); }) == 0);
    CHECK(view([&](auto& looks) { return looks.check_file({"", "example.org", "s1"}, path); }) == 1);
    CHECK(admin.said.find("another Ed25519 key") != std::string::npos);
    CHECK(view([&](auto& looks) { return looks.check_file({"", "example.org", ""}, path); }) == 1);
}

} // namespace postern
