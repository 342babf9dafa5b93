#include "common/redis/redis_client.h"

#include "common/redis/redis_slots.h"
#include "test/scratch_redis.h"

#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <doctest/doctest.h>
#include <map>

namespace postern {
namespace {

using namespace std::chrono_literals;

// A client whose loop the test turns by hand.
struct Setup {
    explicit Setup(RedisOptions options)
    {
        auto made = RedisClient::create(io, options, [this] { ++changes; });
        REQUIRE(made);
        client = std::move(*made);
    }

    static RedisOptions to(const SocketAddress& address)
    {
        RedisOptions options;
        options.servers = {address};
        options.times = {5s, 5s};
        return options;
    }

    void turn_until(const std::function<bool()>& done)
    {
        const auto limit = std::chrono::steady_clock::now() + 60s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > limit)
                FAIL("waited in vain: ", client->trouble());
            io.restart();
            io.run_for(2ms);
        }
    }

    // "+OK", "-ERR ...", the text, "nil"; "failed: ..." where there was no answer.
    std::string ask(const std::string& key, const std::string& command)
    {
        std::optional<std::string> got;
        client->ask(key, command, [&got](const Result<RedisReply>& reply) { got = shown(reply); });
        turn_until([&] { return got.has_value(); });
        return *got;
    }
    std::string set(const std::string& key, const std::string& value) { return ask(key, redis_command({"SET", key, value})); }
    std::string get(const std::string& key) { return ask(key, redis_command({"GET", key})); }

    static std::string shown(const Result<RedisReply>& reply)
    {
        if (!reply)
            return "failed: " + reply.error().what;
        return reply->kind == RedisReply::Kind::nil ? "nil" : (reply->is_error() ? "-" : "") + reply->text;
    }

    std::string trouble()
    {
        turn_until([&] { return client->is_settled(); });
        return client->trouble();
    }

    asio::io_context io;
    int changes = 0;
    std::unique_ptr<RedisClient> client;
};

bool holds(const std::string& text, std::string_view part)
{
    INFO(text);
    return text.find(part) != std::string::npos;
}

// Takes connections and answers the n-th time that something arrives with the n-th of `script`, then hangs up;
// PORT in it is its own.
class ScriptedServer {
public:
    ScriptedServer(asio::io_context& io, std::vector<std::string> script)
        : script_(std::move(script))
        , acceptor_(io, {asio::ip::address_v4::loopback(), 0})
    {
        for (auto& text : script_)
            if (const auto at = text.find("PORT"); at != std::string::npos)
                text.replace(at, 4, std::to_string(acceptor_.local_endpoint().port()));
        accept();
    }

    SocketAddress address() const { return {"", "127.0.0.1", acceptor_.local_endpoint().port()}; }
    int connections = 0;

private:
    struct Peer {
        asio::ip::tcp::socket socket;
        std::size_t step = 0;
        std::array<char, 65536> buffer{};
    };

    void accept()
    {
        acceptor_.async_accept([this](asio::error_code error, asio::ip::tcp::socket socket) {
            if (error)
                return;
            ++connections;
            read(std::make_shared<Peer>(Peer{std::move(socket)}));
            accept();
        });
    }

    void read(const std::shared_ptr<Peer>& peer)
    {
        peer->socket.async_read_some(asio::buffer(peer->buffer), [this, peer](asio::error_code error, std::size_t) {
            if (error)
                return;
            asio::error_code ignored;
            asio::write(peer->socket, asio::buffer(script_[peer->step++]), ignored);
            if (peer->step < script_.size())
                read(peer);
        });
    }

    std::vector<std::string> script_;
    asio::ip::tcp::acceptor acceptor_;
};

constexpr auto pong_and_role = "+PONG\r\n*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";

} // namespace

TEST_CASE("redis: one server, by port and by socket")
{
    const ScratchRedis redis;
    for (const auto& address : {redis.address(), redis.socket()}) {
        CAPTURE(address.text());
        Setup setup(Setup::to(address));
        CHECK(setup.set("a key", "v\r\n1") == "OK"); // asked before it is connected
        CHECK(setup.get("a key") == "v\r\n1");
        CHECK(setup.get("other") == "nil");
        CHECK(holds(setup.ask("", redis_command({"NOSUCH"})), "-ERR unknown command"));
        CHECK(setup.client->trouble().empty());
        CHECK(setup.client->servers() == 1);
    }
}

TEST_CASE("redis: many questions at once are answered each by its own")
{
    const ScratchRedis redis;
    Setup setup(Setup::to(redis.address()));
    int answered = 0, right = 0;
    for (int i = 0; i < 5000; ++i) {
        const auto text = std::to_string(i);
        setup.client->ask("", redis_command({"ECHO", text}), [&, text](const Result<RedisReply>& reply) {
            ++answered;
            right += reply && reply->text == text;
        });
    }
    setup.turn_until([&] { return answered == 5000; });
    CHECK(right == 5000);
}

TEST_CASE("redis: logins")
{
    const ScratchRedis redis({.lines = "requirepass secret\nuser postern on >other ~postern:* +ping +get +set"});
    struct Case {
        const char* name;
        RedisLogin login;
        const char* want; // of what is wrong; empty: nothing
    };
    const Case cases[] = {
        {"password", {"", "secret", 0}, ""},
        {"database", {"", "secret", 3}, ""},
        {"user", {"postern", "other", 0}, ""},
        {"none", {}, "NOAUTH"},
        {"wrong password", {"", "guess", 0}, "WRONGPASS"},
        {"wrong user", {"nobody", "secret", 0}, "WRONGPASS"},
        {"no such database", {"", "secret", 77}, "out of range"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto options = Setup::to(redis.address());
        options.login = c.login;
        Setup setup(options);
        CHECK(holds(setup.trouble(), c.want));
        CHECK(setup.trouble().empty() == (*c.want == '\0'));
        CHECK(holds(setup.set("postern:x", "1"), *c.want == '\0' ? "OK" : c.want));
    }
    CHECK(redis.tell("-a secret -n 3 get postern:x").find("1") != std::string::npos);
}

TEST_CASE("redis: a server that is away, and comes")
{
    ScratchRedis redis;
    redis.stop();
    Setup setup(Setup::to(redis.address()));
    CHECK(holds(setup.get("a"), "failed: inet:127.0.0.1:"));
    CHECK(holds(setup.trouble(), "Connection refused"));
    CHECK(holds(setup.get("a"), "Connection refused")); // at once
    redis.start();
    setup.turn_until([&] { return setup.client->trouble().empty(); });
    CHECK(setup.set("a", "1") == "OK");
}

TEST_CASE("redis: killed and restarted under load")
{
    ScratchRedis redis;
    Setup setup(Setup::to(redis.address()));
    int asked = 0, answered = 0, failed = 0;
    const auto ask = [&] {
        ++asked;
        setup.client->ask("", redis_command({"INCR", "n"}), [&](const Result<RedisReply>& reply) {
            ++answered;
            failed += !reply;
        });
    };
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 500; ++i)
            ask();
        setup.turn_until([&] { return answered > asked - 400; });
        redis.stop();
        setup.turn_until([&] { return !setup.client->trouble().empty() || answered == asked; });
        for (int i = 0; i < 100; ++i)
            ask();
        setup.turn_until([&] { return answered == asked; });
        redis.start();
        setup.turn_until([&] { ask(); return setup.client->trouble().empty() && setup.get("n") != "nil"; });
    }
    setup.turn_until([&] { return answered == asked; });
    CHECK(failed > 0);
    CHECK(failed < asked);
}

TEST_CASE("redis: a server that falls silent")
{
    ScratchRedis redis;
    auto options = Setup::to(redis.address());
    options.times = {300ms, 300ms};
    Setup setup(options);
    CHECK(setup.set("a", "1") == "OK");
    redis.silence();
    CHECK(holds(setup.get("a"), "failed: inet:127.0.0.1:"));
    CHECK(holds(setup.trouble(), "does not answer"));
    setup.turn_until([&] { return holds(setup.client->trouble(), "in time"); }); // the system connects, Redis says nothing
    redis.speak();
    setup.turn_until([&] { return setup.client->trouble().empty(); });
    CHECK(setup.get("a") == "1");
}

TEST_CASE("redis: what waits is bounded")
{
    ScratchRedis redis;
    Setup setup(Setup::to(redis.address()));
    CHECK(setup.trouble().empty());
    redis.silence();
    std::size_t refused = 0;
    for (std::size_t i = 0; i < RedisConnection::most_waiting + 500; ++i)
        setup.client->ask("", redis_command({"GET", "a"}), [&](const Result<RedisReply>& reply) {
            refused += !reply && holds(reply.error().what, "too many");
        });
    CHECK(refused == 500);
    redis.speak();
}

TEST_CASE("redis: TLS")
{
    const ScratchRedis redis({.tls = true});
    const ScratchRedis stranger({.tls = true});
    struct Case {
        const char* name;
        SocketAddress address;
        RedisTlsOptions tls;
        const char* want; // of what is wrong; empty: nothing
    };
    const Case cases[] = {
        {"by its address", redis.tls_address(), {true, redis.ca(), "", "", ""}, ""},
        {"by its name", redis.tls_address("localhost"), {true, redis.ca(), "", "", ""}, ""},
        {"by another name", redis.tls_address(), {true, redis.ca(), "", "", "redis.example.org"}, "certificate"},
        {"by the name that is wanted", redis.tls_address(), {true, redis.ca(), "", "", "localhost"}, ""},
        {"another authority", redis.tls_address(), {true, stranger.ca(), "", "", ""}, "certificate"},
        {"the system's authorities", redis.tls_address(), {true, "", "", "", ""}, "certificate"},
        {"not looked at", redis.tls_address(), {false, "", "", "", ""}, ""},
        {"no TLS there", redis.address(), {true, redis.ca(), "", "", ""}, "in time"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto options = Setup::to(c.address);
        options.tls = c.tls;
        options.times = {2s, 2s};
        Setup setup(options);
        const bool is_good = *c.want == '\0';
        CHECK(holds(setup.trouble(), c.want));
        CHECK((setup.set("key", std::string(100'000, 'x')) == "OK") == is_good);
        CHECK((setup.get("key").size() == 100'000) == is_good);
    }
    auto options = Setup::to(redis.tls_address());
    Setup plain(options);
    CHECK(!plain.trouble().empty());
}

TEST_CASE("redis: files of TLS that cannot be used")
{
    asio::io_context io;
    const ScratchFolder folder;
    std::ofstream(folder / "bad.pem") << "nonsense\n";
    for (const auto& tls : {RedisTlsOptions{true, folder / "none.pem", "", "", ""},
                            RedisTlsOptions{true, folder / "bad.pem", "", "", ""},
                            RedisTlsOptions{true, "", folder / "bad.pem", folder / "bad.pem", ""}}) {
        auto options = Setup::to({"", "127.0.0.1", 1});
        options.tls = tls;
        const auto made = RedisClient::create(io, options, {});
        REQUIRE(!made);
        CHECK(holds(made.error().what, folder.path()));
    }
}

TEST_CASE("redis: a replica is not good enough, the next server is asked")
{
    const ScratchRedis master;
    const ScratchRedis replica({.lines = "replicaof 127.0.0.1 " + std::to_string(master.port())});
    auto options = Setup::to(replica.address());
    Setup alone(options);
    CHECK(holds(alone.trouble(), "the server is a slave"));
    options.servers.push_back(master.address());
    Setup both(options);
    both.turn_until([&] { return both.client->is_settled() && both.client->trouble().empty(); });
    CHECK(both.set("a", "1") == "OK");
}

TEST_CASE("redis: what breaks the protocol")
{
    struct Case {
        const char* name;
        std::vector<std::string> script;
        const char* want;
    };
    const Case cases[] = {
        {"another protocol", {"220 mail.example.org ESMTP\r\n"}, "no reply"},
        {"no more clients", {"-ERR max number of clients reached\r\n"}, "max number of clients"},
        {"still loading", {"-LOADING Redis is loading\r\n"}, "LOADING"},
        {"hangs up", {pong_and_role, "$10\r\nabc"}, "closed"},
        {"more than was asked for", {pong_and_role, "+a\r\n+b\r\n"}, "no question"},
        {"too much", {pong_and_role, "*2000000000\r\n"}, "too many items"},
        {"turned into a replica", {pong_and_role, "-READONLY You can't write against a read only replica.\r\n"}, "replica"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Setup setup(Setup::to({"", "127.0.0.1", 1}));
        ScriptedServer server(setup.io, c.script);
        auto made = RedisClient::create(setup.io, Setup::to(server.address()), {});
        REQUIRE(made);
        setup.client = std::move(*made);
        int answered = 0;
        setup.client->ask("", redis_command({"GET", "a"}), [&](const Result<RedisReply>&) { ++answered; });
        setup.turn_until([&] { return !setup.client->trouble().empty() && answered == 1; });
        CHECK(holds(setup.client->trouble(), c.want));
        setup.turn_until([&] { // it is tried again
            setup.client->ask("", redis_command({"GET", "a"}), [](const Result<RedisReply>&) {});
            return server.connections > 2;
        });
    }
}

TEST_CASE("redis: Sentinel names the master, and the next one after a failover")
{
    ScratchRedis first;
    const ScratchRedis second({.lines = "replicaof 127.0.0.1 " + std::to_string(first.port())});
    const auto monitor = "sentinel monitor greylist 127.0.0.1 " + std::to_string(first.port()) + " 2\n"
        + "sentinel down-after-milliseconds greylist 500\nsentinel failover-timeout greylist 3000\n";
    const ScratchRedis a({.lines = monitor, .sentinel = true}), b({.lines = monitor, .sentinel = true});
    auto dead = std::make_unique<ScratchRedis>(ScratchRedisOptions{.lines = monitor, .sentinel = true});

    auto options = Setup::to(dead->address());
    options.mode = RedisOptions::Mode::sentinel;
    options.servers.push_back(a.address());
    options.servers.push_back(b.address());
    options.sentinel_master = "greylist";
    dead.reset();
    Setup setup(options);
    setup.turn_until([&] { return setup.set("a", "1") == "OK"; });
    setup.turn_until([&] { return a.tell("sentinel replicas greylist").find(std::to_string(second.port())) != std::string::npos
                               && b.tell("sentinel replicas greylist").find(std::to_string(second.port())) != std::string::npos
                               && a.tell("sentinel sentinels greylist").find(std::to_string(b.port())) != std::string::npos
                               && second.tell("get a") == "1"; });
    first.stop();
    setup.turn_until([&] { return !setup.client->trouble().empty(); });
    setup.turn_until([&] { return setup.set("a", "2") == "OK"; });
    CHECK(second.tell("get a") == "2");

    options.sentinel_master = "nobody";
    Setup nobody(options);
    CHECK(holds(nobody.trouble(), "no sentinel names the master nobody"));
    CHECK(holds(nobody.trouble(), "knows no master of this name"));
}

TEST_CASE("redis: a cluster of three")
{
    ScratchRedisCluster cluster;
    auto options = Setup::to(cluster.b.address()); // the others are learnt
    options.mode = RedisOptions::Mode::cluster;
    Setup setup(options);
    int answered = 0, right = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto key = "key" + std::to_string(i);
        setup.client->ask(key, redis_command({"SET", key, "1"}), [&](const Result<RedisReply>& reply) {
            ++answered;
            right += reply && reply->text == "OK";
        });
    }
    setup.turn_until([&] { return answered == 1000; });
    CHECK(right == 1000);
    CHECK(setup.client->servers() == 3);
    CHECK(setup.client->is_settled());
    for (const auto* node : {&cluster.a, &cluster.b, &cluster.c})
        CHECK(std::stoi(node->tell("dbsize")) > 200);

    SUBCASE("a slot on its way: ASK, then MOVED")
    {
        const auto slot = std::to_string(redis_slot("{m}here"));
        auto& from = cluster.owner("{m}here");
        auto& to = &from == &cluster.a ? cluster.b : cluster.a;
        const auto from_id = from.tell("cluster myid"), to_id = to.tell("cluster myid");
        CHECK(setup.set("{m}here", "old") == "OK");
        to.tell("cluster setslot " + slot + " importing " + from_id);
        from.tell("cluster setslot " + slot + " migrating " + to_id);
        CHECK(setup.get("{m}here") == "old");    // still at its old place
        CHECK(setup.set("{m}new", "1") == "OK"); // ASK
        CHECK(setup.get("{m}new") == "1");
        CHECK(holds(from.tell("get '{m}new'"), "ASK"));
        from.tell("migrate 127.0.0.1 " + std::to_string(to.port()) + " '{m}here' 0 5000");
        CHECK(setup.get("{m}here") == "old"); // ASK
        to.tell("cluster setslot " + slot + " node " + to_id);
        from.tell("cluster setslot " + slot + " node " + to_id);
        CHECK(setup.get("{m}here") == "old"); // MOVED
        CHECK(to.tell("get '{m}here'") == "old");
        CHECK(setup.client->trouble().empty());
    }
    SUBCASE("a server that is killed: only its own slots fail")
    {
        std::string at_a, at_b;
        for (int i = 0; at_a.empty() || at_b.empty(); ++i) {
            const auto key = "key" + std::to_string(i);
            auto& owner = cluster.owner(key);
            if (&owner != &cluster.c)
                (&owner == &cluster.a ? at_a : at_b) = key;
        }
        for (const auto* node : {&cluster.b, &cluster.c}) // or the others would refuse, too
            node->tell("config set cluster-require-full-coverage no");
        cluster.a.stop();
        setup.turn_until([&] { return !setup.client->trouble().empty(); });
        CHECK(holds(setup.get(at_a), "failed: "));
        CHECK(setup.get(at_b) == "1");
        cluster.a.start();
        setup.turn_until([&] { return setup.get(at_a) == "1" && setup.client->trouble().empty(); });
    }
}

TEST_CASE("redis: no cluster, and a circle of servers that send on")
{
    const ScratchRedis redis;
    auto options = Setup::to(redis.address());
    options.mode = RedisOptions::Mode::cluster;
    Setup alone(options);
    CHECK(holds(alone.trouble(), "cluster support disabled"));
    CHECK(holds(alone.get("a"), "cluster support disabled"));

    Setup setup(Setup::to({"", "127.0.0.1", 1}));
    std::vector<std::string> script = {"+PONG\r\n", "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:PORT\r\n"};
    script.resize(20, "-MOVED 15495 :PORT\r\n");
    ScriptedServer server(setup.io, script);
    options = Setup::to(server.address());
    options.mode = RedisOptions::Mode::cluster;
    auto made = RedisClient::create(setup.io, options, {});
    REQUIRE(made);
    setup.client = std::move(*made);
    CHECK(holds(setup.get("a"), "-MOVED 15495"));
}

} // namespace postern
