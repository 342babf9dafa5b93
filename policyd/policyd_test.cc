#include "policyd/policyd.h"

#include "config/settings.h"
#include "test/fake/fake_log.h"
#include "test/fake/policy_client.h"
#include "test/scratch_folder.h"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_future.hpp>
#include <atomic>
#include <doctest/doctest.h>
#include <fstream>
#include <thread>

namespace postern {
namespace {

// A configuration whose DNS nobody answers for, and with these lines more.
Config configuration(const ScratchFolder& folder, const std::string& lines)
{
    const auto path = folder / "postern.toml";
    std::ofstream(path) << "[dns]\nservers = [\"127.0.0.1:9\"]\ntimeout = \"100ms\"\ntries = 1\n"
                        << "[trust]\nnetworks = [\"192.0.2.0/24\"]\n"
                        << lines;
    const auto loaded = load_config(path, {});
    REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error()[0].what));
    return loaded->config;
}

FileDescriptor listen_at(const std::string& path)
{
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = unix_address(path);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket.get(), 10) == 0);
    return socket;
}

// The daemon on a thread of its own.
class Fixture {
public:
    explicit Fixture(const std::string& lines)
    {
        REQUIRE(policyd_.configure(configuration(folder_, lines)));
        policyd_.serve(listen_at(path()));
        thread_ = std::thread([this] { io_.run(); });
    }

    ~Fixture()
    {
        // Once drained, stop: the resolver would wait for its own time limits.
        asio::post(io_, [this] { policyd_.drain([this] { io_.stop(); }); });
        thread_.join();
    }

    template <class Work>
    std::invoke_result_t<Work> on_its_thread(Work work)
    {
        return asio::post(io_, asio::use_future(std::move(work))).get();
    }

    Result<> configure(const std::string& lines)
    {
        return on_its_thread([&] { return policyd_.configure(configuration(folder_, lines)); });
    }

    template <class Change>
    Result<> configure_with(Change change)
    {
        auto config = configuration(folder_, "");
        change(config);
        return on_its_thread([&] { return policyd_.configure(config); });
    }

    std::string status()
    {
        return on_its_thread([&] {
            Facts facts;
            policyd_.add_facts(facts);
            return write_status(facts);
        });
    }

    std::string explain(const std::string& attributes)
    {
        return asio::co_spawn(io_, policyd_.explain(*parse_explain_request(attributes)), asio::use_future).get();
    }

    std::string path() const { return folder_ / "policy"; }

    FakeLog log;

private:
    ScratchFolder folder_;
    asio::io_context io_;
    Policyd policyd_{io_, log};
    std::thread thread_;
};

// SPF says temperror of everybody, and that is a reason to defer.
constexpr auto deferring = "[policyd]\nchecks = [\"spf\"]\n[spf]\ndefer_temperror = true\n";
constexpr auto without_spf = "[policyd]\nchecks = [\"spf\"]\n[spf]\nenable = false\n";

std::string request_of(std::string_view client, std::string_view instance)
{
    auto request = rcpt_request("user@example.org", instance);
    const std::string_view usual = "client_address=192.0.2.1";
    return request.replace(request.find(usual), usual.size(), std::string("client_address=").append(client));
}

} // namespace

TEST_CASE("Policyd: the checks that are configured are asked")
{
    Fixture fixture(deferring);
    PolicyClient client(fixture.path());
    CHECK(client.ask(request_of("203.0.113.1", "1")).value_or("").starts_with("action=DEFER_IF_PERMIT 4.7.24 "));
    CHECK(client.ask(request_of("192.0.2.1", "2")) == "action=DUNNO");
}

TEST_CASE("Policyd: a new configuration is in force at once, on open connections too")
{
    Fixture fixture(deferring);
    PolicyClient client(fixture.path());
    CHECK(client.ask(request_of("203.0.113.1", "1")).value_or("").starts_with("action=DEFER_IF_PERMIT"));
    CHECK(fixture.configure(without_spf));
    CHECK(client.ask(request_of("203.0.113.1", "2")) == "action=DUNNO");
    CHECK(fixture.configure(deferring));
    CHECK(client.ask(request_of("203.0.113.1", "3")).value_or("").starts_with("action=DEFER_IF_PERMIT"));
}

TEST_CASE("Policyd: a request that has begun ends as it began")
{
    Fixture fixture(deferring);
    PolicyClient client(fixture.path());
    client.send(request_of("203.0.113.1", "1")); // the DNS takes its time
    while (fixture.status().find("requests 1\n") == std::string::npos)
        std::this_thread::yield();
    CHECK(fixture.configure(without_spf));
    CHECK(client.receive().value_or("").starts_with("action=DEFER_IF_PERMIT"));
}

TEST_CASE("Policyd: no request is lost while the configuration changes a hundred times")
{
    Fixture fixture(deferring);
    std::atomic<bool> is_over = false;
    std::atomic<int> deferred = 0, passed = 0, lost = 0;
    std::vector<std::thread> clients;
    for (int number = 0; number < 4; ++number)
        clients.emplace_back([&, number] {
            PolicyClient client(fixture.path());
            for (int i = 0; !is_over && lost == 0; ++i) {
                const auto instance = std::to_string(number) + "." + std::to_string(i);
                // The first takes the DNS's time, if SPF is asked; the other waits behind it.
                client.send(request_of("203.0.113.1", instance) + request_of("192.0.2.1", instance + "a"));
                const auto answer = client.receive().value_or("");
                deferred += answer.starts_with("action=DEFER_IF_PERMIT 4.7.24 ");
                passed += answer == "action=DUNNO";
                lost += answer.empty();
                lost += client.receive() != "action=DUNNO";
            }
        });
    for (int i = 0; i < 100; ++i) {
        CHECK(fixture.configure(i % 2 == 0 ? without_spf : deferring));
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    is_over = true;
    for (auto& client : clients)
        client.join();
    CHECK(lost == 0);
    CHECK(deferred > 0); // both configurations have answered
    CHECK(passed > 0);
}

TEST_CASE("Policyd: an explanation says what the answer would be, and changes nothing")
{
    const ScratchFolder folder;
    Fixture fixture(std::string("[policyd]\nchecks = [\"spf\", \"greylist\"]\n") + "[greylist]\ndatabase = \""
                    + (folder / "greylist") + "\"\n");
    const std::string mail = "client_address=203.0.113.1 sender=sender@example.net recipient=user@example.org";
    const auto first = fixture.explain(mail);
    CAPTURE(first);
    CHECK(first.find("\nspf        dunno ") != std::string::npos);
    CHECK(first.find("\n             mail_from example.net: temperror, ") != std::string::npos);
    CHECK(first.find("\ngreylist   defer_if_permit ") != std::string::npos);
    CHECK(first.find("\n             counts for 203.0.113.0") != std::string::npos);
    CHECK(first.find("\ndecided by greylist\nPostfix is told action=DEFER_IF_PERMIT 4.2.0 ") != std::string::npos);

    const auto second = fixture.explain(mail);
    CAPTURE(second);
    CHECK(second.find("  new\n") != std::string::npos); // nothing was learned from the first
    const auto status = fixture.status();
    CAPTURE(status);
    CHECK(status.find("requests 0\n") != std::string::npos);
    CHECK(status.find("messages 0 most=6000\n") != std::string::npos);
    CHECK(status.find("waiting_writes=0 ") != std::string::npos);
}

TEST_CASE("Policyd: a private address that is explained is not one of those that come")
{
    Fixture fixture(deferring);
    fixture.explain("client_address=10.0.0.1 recipient=user@example.org");
    CHECK(fixture.status().find("private_messages=0\n") != std::string::npos);
}

TEST_CASE("Policyd: a check that is observed changes nothing and is counted")
{
    Fixture fixture(std::string(deferring) + "observe = true\nheader = \"none\"\n");
    PolicyClient client(fixture.path());
    CHECK(client.ask(request_of("203.0.113.1", "1")) == "action=DUNNO");
    CHECK(fixture.status().find("check spf defer_if_permit=1 observed=1 mean_us=") != std::string::npos);
}

TEST_CASE("Policyd: status")
{
    Fixture fixture(deferring);
    PolicyClient client(fixture.path());
    client.ask(request_of("203.0.113.1", "1"));
    client.ask(request_of("192.0.2.1", "2"));
    const auto status = fixture.status();
    CAPTURE(status);
    for (const auto* line : {"function policyd state=ready\nfunction spf state=ready\n",
                             "connections open=1 accepted=1 displaced=0\n", "requests 2\n",
                             "answers dunno=1 defer_if_permit=1 headers=0 mean_us=", "check spf dunno=1 defer_if_permit=1 observed=0 ",
                             "messages 1 most=6000\n", "spf_cache hits=0 ", "dns hits="})
        CHECK(status.find(line) != std::string::npos);
}

TEST_CASE("Policyd: a reload makes room for the messages of more connections")
{
    Fixture fixture(deferring);
    CHECK(fixture.configure("[policyd]\nmax_connections = 10000\n"));
    CHECK(fixture.status().find("messages 0 most=30000\n") != std::string::npos);
}

TEST_CASE("Policyd: DNS lists are asked where some are named, and stay as they are if nothing changes")
{
    const std::string lists = "[policyd]\nchecks = [\"dnsbl\"]\n[dnsbl]\nsites = [\"bl.example.org*2\"]\n"
                              "[[dnsbl.zone]]\nsite = \"own.example.org\"\nself_test = false\n";
    Fixture fixture(lists);
    PolicyClient client(fixture.path());
    CHECK(client.ask(request_of("203.0.113.1", "1")) == "action=DUNNO"); // the DNS says nothing
    CHECK(client.ask(request_of("192.0.2.1", "2")) == "action=DUNNO");
    const auto asked = fixture.status();
    CAPTURE(asked);
    for (const auto* line : {"dnsbl_scores hits=0 misses=1 joined=0 refused=0 under_way=0 entries=1\n",
                             "dnsbl_list bl.example.org type=address state=untested asked=0 ",
                             "dnsbl_list own.example.org type=address state=ready asked=1 listed=0 errors=0 failures=1"})
        CHECK(asked.find(line) != std::string::npos);

    CHECK(fixture.configure(lists));
    CHECK(fixture.status().find("dnsbl_scores hits=0 misses=1 ") != std::string::npos);
    CHECK(fixture.configure(lists + "[[dnsbl.zone]]\nsite = \"other.example.org\"\n"));
    CHECK(fixture.status().find("dnsbl_scores hits=0 misses=0 ") != std::string::npos);
    CHECK(fixture.status().find("dnsbl_list own.example.org type=address state=ready asked=1 ") != std::string::npos);
    CHECK(fixture.configure(lists + "[spf]\nenable = false\n"));
    CHECK(fixture.configure("[policyd]\nchecks = [\"spf\"]\n[dnsbl]\nsites = [\"bl.example.org\"]\n"));
    CHECK(fixture.status().find("dnsbl_") == std::string::npos);
}

TEST_CASE("Policyd: a reload takes the table of recipients with everything else, under the name that it had")
{
    const ScratchFolder folder;
    const auto table = folder / "access", settings = "[policyd]\nchecks = [\"recipient\"]\n[recipient]\naccess = \"" + table + "\"\n";
    std::ofstream(table) << "user@example.org REJECT 5.2.1 gone\n";
    Fixture fixture(settings);
    PolicyClient client(fixture.path());
    CHECK(client.ask(request_of("203.0.113.1", "1")) == "action=REJECT 5.2.1 gone");

    std::ofstream(table) << "user@example.org DUNNO\n";
    CHECK(fixture.configure(settings));
    CHECK(client.ask(request_of("203.0.113.1", "2")) == "action=DUNNO"); // at once: the thread looks every other second
}

TEST_CASE("Policyd: a table of DNS lists that cannot be read changes nothing")
{
    Fixture fixture(deferring);
    const auto refused = fixture.configure("[dnsbl]\nsites = [\"bl.example.org\"]\nreply_map = \"/no/such/file\"\n");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what == "dnsbl.reply_map: /no/such/file: No such file or directory");
    CHECK(fixture.status().find("dnsbl_") == std::string::npos);
}

TEST_CASE("Policyd: greylist.allow_zones are called as [dnsbl] has it, whatever it asks itself")
{
    const ScratchFolder folder;
    std::ofstream(folder / "map") << "mapped.allow.example allow.example\n";
    const auto settings = "[policyd]\nchecks = [\"greylist\"]\n[greylist]\ndatabase = \"" + folder / "greylist.db" + "\"\n"
        "allow_zones = [\"mapped.allow.example\", \"set.allow.example\", \"aip7yig6sahg6ehsohn5shco3z.allow.example\"]\n"
        "[dnsbl]\nenable = false\nreply_map = \"" + folder / "map" + "\"\n"
        "[[dnsbl.zone]]\nsite = \"set.allow.example\"\npublic_name = \"other.example\"\n";
    Fixture fixture(settings);
    const auto explained = fixture.explain("client_address=203.0.113.1 helo_name=a sender=a@example.org recipient=user@example.org");
    CAPTURE(explained);
    CHECK(explained.find(" allow.example: not listed") != std::string::npos);
    CHECK(explained.find(" other.example: not listed") != std::string::npos);
    for (const auto* secret : {"mapped", "set.", "aip7"})
        CHECK(explained.find(secret) == std::string::npos);
}

TEST_CASE("Policyd: what cannot be built changes nothing")
{
    Fixture fixture(deferring);
    PolicyClient client(fixture.path());
    const auto refused = fixture.configure_with([](Config& config) {
        config.spf.enable = false;
        config.trust.networks = {"300.1.1.1"}; // the table lets none of this through
    });
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what.starts_with("trust.networks: "));
    CHECK(client.ask(request_of("203.0.113.1", "1")).value_or("").starts_with("action=DEFER_IF_PERMIT"));
}

} // namespace postern
