#include "milterd/dkim_record_lookup.h"

#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <doctest/doctest.h>
#include <fmt/ranges.h>

namespace postern {
namespace {

constexpr auto name = "s._domainkey.example.org";

// A world with servers at addresses; each is a FakeResolver of its own.
struct Servers {
    FakeResolver resolver;
    std::map<std::string, FakeResolver> at; // by address; others are silent

    DkimRecordReplies ask(bool own = true)
    {
        class Borrowed final : public Resolver {
        public:
            explicit Borrowed(FakeResolver* of)
                : of_(of)
            {
            }
            asio::awaitable<DnsReply> lookup(std::string asked, RrType type, Deadline deadline) override
            {
                if (of_ == nullptr)
                    co_return DnsReply{};
                co_return co_await of_->lookup(std::move(asked), type, deadline);
            }

        private:
            FakeResolver* of_;
        };
        RecordLookup lookup{resolver, nullptr};
        if (own)
            lookup.server_at = [this](const IpAddress& address) -> std::unique_ptr<Resolver> {
                const auto found_at = at.find(address.text());
                return std::make_unique<Borrowed>(found_at == at.end() ? nullptr : &found_at->second);
            };
        return run(look_up_dkim_record(lookup, name));
    }
};

std::string told(const DkimRecordReplies& replies)
{
    std::vector<std::string> parts;
    for (const auto& [server, reply] : replies.servers)
        parts.push_back(server + " " + (reply.records.empty() ? "-" : reply.records.front()));
    return fmt::format("{}", fmt::join(parts, ", "));
}

Servers plain_world()
{
    Servers world;
    world.resolver.set(name, RrType::txt, found({"cached"}));
    world.resolver.set("example.org", RrType::ns, found({"ns2.example.net", "ns1.example.org"}));
    world.resolver.set("ns1.example.org", RrType::a, found({"192.0.2.1"}));
    world.resolver.set("ns2.example.net", RrType::a, found({"192.0.2.2"}));
    world.at["192.0.2.1"].set(name, RrType::txt, found({"one"}));
    world.at["192.0.2.2"].set(name, RrType::txt, found({"two"}));
    return world;
}

} // namespace

TEST_CASE("look_up_dkim_record asks the resolver and each of the zone's own servers")
{
    auto world = plain_world();
    const auto replies = world.ask();
    CHECK(replies.resolver.records == std::vector<std::string>{"cached"});
    CHECK(replies.has_asked_servers);
    CHECK(told(replies) == "ns1.example.org (192.0.2.1) one, ns2.example.net (192.0.2.2) two");
    CHECK(replies.trouble.empty());
}

TEST_CASE("look_up_dkim_record: the resolver alone where no other may be asked")
{
    auto world = plain_world();
    const auto replies = world.ask(false);
    CHECK(replies.resolver.records == std::vector<std::string>{"cached"});
    CHECK_FALSE(replies.has_asked_servers);
    CHECK(world.resolver.lookups == 1);
}

TEST_CASE("look_up_dkim_record follows aliases to the zone that has the record")
{
    auto world = plain_world();
    world.resolver.set(name, RrType::cname, found({"k1.provider.example"}));
    world.resolver.set("k1.provider.example", RrType::cname, found({"k.deep.provider.example"}));
    world.resolver.set("provider.example", RrType::ns, found({"ns.provider.example"}));
    world.resolver.set("ns.provider.example", RrType::a, found({"192.0.2.9"}));
    world.at["192.0.2.9"].set("k.deep.provider.example", RrType::txt, found({"theirs"}));
    CHECK(told(world.ask()) == "ns.provider.example (192.0.2.9) theirs");

    world.resolver.set("k.deep.provider.example", RrType::cname, found({name})); // a circle
    const auto replies = world.ask();
    CHECK(replies.servers.empty());
    CHECK(replies.trouble == "the zone's own name servers cannot be found: too many aliases");
}

TEST_CASE("look_up_dkim_record: the first address that answers speaks for a server")
{
    auto world = plain_world();
    world.resolver.set("ns1.example.org", RrType::a, found({"198.51.100.1"}));
    world.resolver.set("ns1.example.org", RrType::aaaa, found({"2001:db8::1"}));
    world.at["2001:db8::1"]; // answers that there is no such name
    CHECK(told(world.ask()) == "ns1.example.org (2001:db8::1) -, ns2.example.net (192.0.2.2) two");
    CHECK(world.ask().servers[0].reply.status == DnsStatus::nxdomain);

    world.resolver.set("ns1.example.org", RrType::aaaa, {DnsStatus::nodata, {}, {}});
    CHECK(world.ask().servers[0].reply.status == DnsStatus::tempfail);
    CHECK(told(world.ask()) == "ns1.example.org (198.51.100.1) -, ns2.example.net (192.0.2.2) two");
}

TEST_CASE("look_up_dkim_record: a DNS that does not answer is never \"not there\"")
{
    struct Case {
        const char* what;
        const char* name;
        RrType type;
        const char* want;
    };
    const Case cases[] = {
        {"the alias", name, RrType::cname, "s._domainkey.example.org is not answered"},
        {"the zone cut", "_domainkey.example.org", RrType::ns, "NS of _domainkey.example.org is not answered"},
        {"the zone", "example.org", RrType::ns, "NS of example.org is not answered"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.what);
        auto world = plain_world();
        world.resolver.set(c.name, c.type, DnsReply{});
        const auto replies = world.ask();
        CHECK(replies.servers.empty());
        CHECK(replies.trouble == std::string("the zone's own name servers cannot be found: ") + c.want);
    }
    auto world = plain_world();
    world.resolver.set("ns1.example.org", RrType::a, DnsReply{});
    CHECK(told(world.ask()) == "ns1.example.org (no address) -, ns2.example.net (192.0.2.2) two");
    world.resolver.set("example.org", RrType::ns, {DnsStatus::nxdomain, {}, {}});
    CHECK(world.ask().trouble == "the zone's own name servers cannot be found: there are none");
}

} // namespace postern
