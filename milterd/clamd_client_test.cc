#include "milterd/clamd_client.h"

#include "milterd/body_spool.h"
#include "test/fake/fake_clamd.h"
#include "test/scratch_clamd.h"

#include <doctest/doctest.h>
#include <future>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Kind = ScanOutcome::Kind;
using SteadyClock = std::chrono::steady_clock;

// A folder for a socket.
class ClamdFolder {
public:
    ClamdFolder()
    {
        std::string name = std::filesystem::temp_directory_path() / "postern-clamd-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~ClamdFolder() { std::filesystem::remove_all(path_); }

    std::string socket() const { return path_ / "clamd"; }

private:
    std::filesystem::path path_;
};

SocketAddress at(const ClamdFolder& folder)
{
    return {folder.socket(), "", 0};
}

std::unique_ptr<BodySpool> spooled(std::string_view text)
{
    auto spool = std::make_unique<BodySpool>(std::make_shared<SpoolBudget>(64 << 20), 64 << 20, "test");
    spool->write(text);
    return spool;
}

ClamdOptions impatient(const SocketAddress& address)
{
    ClamdOptions options;
    options.addresses = {address};
    options.wait = 300ms;
    options.reload_wait = 300ms;
    options.silence = 50ms;
    return options;
}

ScanOutcome scan(ClamdClient& client, std::string_view text, std::chrono::milliseconds limit = 30s,
                 ScanPatience patience = ScanPatience::usual)
{
    const auto spool = spooled(text);
    ClamdScan scan(client, {spool->descriptor(), spool->size()}, patience);
    return scan.wait(SteadyClock::now() + limit);
}

ClamdReaction clean(const ClamdRequest&)
{
    return clamd_says("stream: OK");
}

} // namespace

TEST_CASE("ClamdScan: what clamd says, and what is made of it")
{
    struct Case {
        const char* name;
        FakeClamd::React react;
        FakeClamd::Options options;
        Kind want;
        const char* want_text;
        int want_connections;
        const char* want_commands; // of the requests that came whole
    };
    const auto first = [](ClamdReaction reaction) {
        return [reaction](const ClamdRequest& request) { return request.number == 1 ? reaction : clean(request); };
    };
    const auto always = [](ClamdReaction reaction) { return [reaction](const ClamdRequest&) { return reaction; }; };
    const Case cases[] = {
        {"clean", clean, {}, Kind::clean, "", 1, "FILDES"},
        {"virus", always(clamd_says("fd[7]: Eicar FOUND")), {}, Kind::infected, "Eicar", 1, "FILDES"},
        {"late, but there", always({"fd[7]: OK" + std::string(1, '\0'), 100ms}), {}, Kind::clean, "", 1, "FILDES"},
        {"takes no descriptor", clean, {.takes_descriptors = false}, Kind::clean, "", 2, "FILDES INSTREAM"},
        {"may not read it", first(clamd_says("fd[7]: Access denied. ERROR")), {}, Kind::clean, "", 2,
         "FILDES INSTREAM"},
        {"error, either way", always(clamd_says("Can't allocate memory ERROR")), {}, Kind::failed,
         "clamd error: Can't allocate memory", 3, "FILDES INSTREAM INSTREAM"},
        {"nonsense once", first(clamd_says("PONG")), {}, Kind::clean, "", 2, "FILDES FILDES"},
        {"nonsense", always(clamd_says("PONG")), {}, Kind::failed, "clamd said \"PONG\"", 2, "FILDES FILDES"},
        {"nonsense without end", always({std::string(100'000, 'x')}), {}, Kind::failed,
         "clamd closed the connection", 2, "FILDES FILDES"},
        {"closes once", first({}), {}, Kind::clean, "", 2, "FILDES FILDES"},
        {"closes", always({}), {}, Kind::failed, "clamd closed the connection", 2, "FILDES FILDES"},
        {"closes before it reads", clean, {.closes_at_once = true}, Kind::failed, "clamd closed the connection", 0, ""},
        {"half an answer is none", always({"stream: OK"}), {}, Kind::failed, "clamd closed the connection", 2,
         "FILDES FILDES"},
        {"file limit", always(clamd_says("fd[7]: Heuristics.Limits.Exceeded.MaxFileSize FOUND")), {}, Kind::too_large,
         "Heuristics.Limits.Exceeded.MaxFileSize", 1, "FILDES"},
        {"stream limit", clean, {.stream_limit = 100, .takes_descriptors = false}, Kind::too_large,
         "INSTREAM size limit exceeded. ERROR", 2, "FILDES"},
        {"silent", always({"", 0ms, true}), {.pongs = false}, Kind::failed, "clamd silent", 1, ""},
    };
    const std::string text(1000, 'm');
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const ClamdFolder folder;
        auto options = c.options;
        options.path = folder.socket();
        std::string commands;
        {
            FakeClamd clamd(options, c.react);
            ClamdClient client(impatient(at(folder)));
            const auto outcome = scan(client, text);
            CHECK(outcome.kind == c.want);
            CHECK(outcome.text == c.want_text);
            CHECK(clamd.connections() == c.want_connections);
            CHECK(client.waiting() == 0);
            if (std::string_view(c.want_text) == "clamd silent")
                continue;
            for (const auto& request : clamd.requests()) {
                commands += (commands.empty() ? "" : " ") + request.command;
                CHECK((request.content == text || request.content == "not passed"));
            }
        }
        CHECK(commands == c.want_commands);
    }
}

TEST_CASE("ClamdScan streams over TCP, as much as there is")
{
    for (const std::size_t size : {0U, 1U, 65'536U, 65'537U, 3'000'000U}) {
        CAPTURE(size);
        std::string text(size, 'x');
        for (std::size_t i = 0; i < size; i += 997)
            text[i] = static_cast<char>(i);
        FakeClamd clamd({}, clean);
        ClamdClient client(impatient({"", "127.0.0.1", clamd.port()}));
        CHECK(scan(client, text).kind == Kind::clean);
        REQUIRE(clamd.requests().size() == 1);
        CHECK(clamd.requests().front().command == "INSTREAM");
        CHECK((clamd.requests().front().content == text));
    }
}

TEST_CASE("ClamdScan reads why a stream was cut off")
{
    FakeClamd clamd({.stream_limit = 100'000}, clean);
    ClamdClient client(impatient({"", "127.0.0.1", clamd.port()}));
    CHECK(scan(client, std::string(8'000'000, 'x')).kind == Kind::too_large);
    CHECK(clamd.connections() == 1);
}

TEST_CASE("a host name is tried at each of its addresses")
{
    FakeClamd clamd({}, clean); // listens on 127.0.0.1 alone
    auto options = impatient({"", "clamd.example", clamd.port()});
    options.wait = 30s;
    std::promise<std::vector<IpAddress>> answer;
    options.look_up = [&](const std::string& host) {
        CHECK(host == "clamd.example");
        return answer.get_future();
    };
    {
        ClamdClient client(options);
        auto outcome = std::async(std::launch::async, [&] { return scan(client, "x"); });
        while (client.waiting() == 0)
            std::this_thread::sleep_for(1ms);
        answer.set_value({IpAddress::v4({127, 0, 0, 2}), IpAddress::v4({127, 0, 0, 1})});
        CHECK(outcome.get().kind == Kind::clean);
    }
    options.wait = 300ms;
    std::promise<std::vector<IpAddress>> silence; // no mail waits for it, and neither does the end
    options.look_up = [&](const std::string&) { return silence.get_future(); };
    options.servers = nullptr;
    ClamdClient lost(options);
    CHECK(scan(lost, "x").text == "clamd unavailable");
}

TEST_CASE("a refused descriptor is remembered")
{
    const ClamdFolder folder;
    FakeClamd clamd({.path = folder.socket(), .takes_descriptors = false}, clean);
    ClamdClient client(impatient(at(folder)));
    CHECK(scan(client, "x").kind == Kind::clean);
    CHECK(scan(client, "x").kind == Kind::clean);
    CHECK(clamd.connections() == 3);
}

TEST_CASE("handing over does not wait")
{
    const ClamdFolder folder;
    FakeClamd clamd({.path = folder.socket()}, [](const ClamdRequest&) {
        return ClamdReaction{std::string("stream: OK") + '\0', 1s};
    });
    ClamdClient client({.addresses = {at(folder)}});
    const auto spool = spooled("x");
    const auto start = SteadyClock::now();
    ClamdScan first(client, {spool->descriptor(), spool->size()});
    ClamdScan second(client, {spool->descriptor(), spool->size()});
    CHECK(SteadyClock::now() - start < 1s);
    CHECK(first.wait(start + 30s).kind == Kind::clean);
    CHECK(second.wait(start + 30s).kind == Kind::clean);
    CHECK(SteadyClock::now() - start >= 1s);
    CHECK(client.state() == ClamdState::ready);
}

TEST_CASE("absent: nobody listens")
{
    const ClamdFolder folder;
    ClamdClient client(impatient(at(folder)));
    auto start = SteadyClock::now();
    CHECK(scan(client, "x").text == "clamd unavailable");
    CHECK(SteadyClock::now() - start >= 300ms);
    CHECK(client.state() == ClamdState::down);

    auto at_once = impatient(at(folder));
    at_once.wait = 0ms;
    ClamdClient hasty(at_once);
    CHECK(scan(hasty, "x").text == "clamd unavailable");

    auto patient = impatient(at(folder));
    patient.wait = 60s;
    ClamdClient bound(patient); // the deadline comes first
    start = SteadyClock::now();
    CHECK(scan(bound, "x", 200ms).text == "clamd unavailable");
    CHECK(SteadyClock::now() - start < 20s);
}

TEST_CASE("absent: it comes back while we wait")
{
    const ClamdFolder folder;
    auto options = impatient(at(folder));
    options.wait = 30s;
    ClamdClient client(options);
    auto outcome = std::async(std::launch::async, [&] { return scan(client, "x"); });
    while (client.waiting() == 0)
        std::this_thread::sleep_for(1ms);
    CHECK(client.state() == ClamdState::down);
    FakeClamd clamd({.path = folder.socket()}, clean);
    CHECK(outcome.get().kind == Kind::clean);
    CHECK(client.state() == ClamdState::ready);
    CHECK(client.waiting() == 0);
}

TEST_CASE("broken: it is restarted in the middle of a scan")
{
    const ClamdFolder folder;
    auto options = impatient(at(folder));
    options.wait = 30s;
    options.reload_wait = 30s;
    ClamdClient client(options);
    auto clamd = std::make_unique<FakeClamd>(FakeClamd::Options{.path = folder.socket()},
                                             [](const ClamdRequest&) { return ClamdReaction{"", 0ms, true}; });
    auto outcome = std::async(std::launch::async, [&] { return scan(client, "x"); });
    while (clamd->requests().empty())
        std::this_thread::sleep_for(1ms);
    clamd.reset();
    std::this_thread::sleep_for(50ms);
    FakeClamd again({.path = folder.socket()}, [](const ClamdRequest&) { return clamd_says("fd[9]: Late FOUND"); });
    CHECK(outcome.get().text == "Late");
}

TEST_CASE("silent: the queue of connections is full")
{
    const ClamdFolder folder;
    FakeClamd clamd({.path = folder.socket(), .accepts = false, .backlog = 0}, clean);
    ClamdClient client(impatient(at(folder)));
    const auto spool = spooled("x");
    std::vector<std::unique_ptr<ClamdScan>> scans;
    for (int i = 0; i < 4; ++i)
        scans.push_back(std::make_unique<ClamdScan>(client, ClamdContent{spool->descriptor(), spool->size()}));
    const auto start = SteadyClock::now();
    CHECK(scans.back()->wait(start + 30s).text == "clamd silent");
    CHECK(SteadyClock::now() - start >= 250ms);
    CHECK(client.state() == ClamdState::warming);
}

TEST_CASE("a long scan is no silence while others are answered")
{
    const ClamdFolder folder;
    FakeClamd clamd({.path = folder.socket()}, [](const ClamdRequest& request) {
        return ClamdReaction{std::string("stream: OK") + '\0', request.content == "long" ? 1500ms : 0ms};
    });
    auto options = impatient(at(folder));
    options.silence = 400ms;
    options.reload_wait = 700ms;
    options.max_waiting = 0;
    ClamdClient client(options);
    auto outcome = std::async(std::launch::async, [&] { return scan(client, "long"); });
    while (outcome.wait_for(50ms) != std::future_status::ready)
        CHECK(scan(client, "short").kind == Kind::clean);
    CHECK(outcome.get().kind == Kind::clean);
}

TEST_CASE("no more than max_waiting wait, be it absent or silent")
{
    for (const bool is_silent : {false, true}) {
        CAPTURE(is_silent);
        const ClamdFolder folder;
        std::unique_ptr<FakeClamd> clamd;
        if (is_silent)
            clamd = std::make_unique<FakeClamd>(FakeClamd::Options{.path = folder.socket(), .pongs = false},
                                                [](const ClamdRequest&) { return ClamdReaction{"", 0ms, true}; });
        auto options = impatient(at(folder));
        options.wait = options.reload_wait = 60s;
        options.max_waiting = 2;
        ClamdClient client(options);
        std::vector<std::future<ScanOutcome>> patient;
        for (int i = 0; i < 2; ++i)
            patient.push_back(std::async(std::launch::async, [&] { return scan(client, "x", 1s); }));
        while (client.waiting() < 2)
            std::this_thread::sleep_for(1ms);
        const std::string reason = is_silent ? "clamd silent" : "clamd unavailable";
        CHECK(scan(client, "x").text == reason + ", too many wait");
        for (auto& outcome : patient)
            CHECK(outcome.get().text == reason);
        CHECK(client.waiting() == 0);
    }
}

TEST_CASE("who has no patience does not wait, but asks everyone")
{
    for (const bool is_silent : {false, true}) {
        CAPTURE(is_silent);
        const ClamdFolder folder;
        std::unique_ptr<FakeClamd> clamd;
        if (is_silent)
            clamd = std::make_unique<FakeClamd>(FakeClamd::Options{.path = folder.socket(), .pongs = false},
                                                [](const ClamdRequest&) { return ClamdReaction{"", 0ms, true}; });
        auto options = impatient(at(folder));
        options.wait = options.reload_wait = 60s;
        ClamdClient client(options);
        CHECK(scan(client, "x", 30s, ScanPatience::none).text == (is_silent ? "clamd silent" : "clamd unavailable"));

        FakeClamd second({}, clean);
        options.addresses.push_back({"", "127.0.0.1", second.port()});
        ClamdClient two(options);
        CHECK(scan(two, "x", 30s, ScanPatience::none).kind == Kind::clean);
    }
}

TEST_CASE("of several clamds those that are ready take turns")
{
    const ClamdFolder folder, other;
    FakeClamd first({.path = folder.socket()}, clean), second({.path = other.socket()}, clean);
    auto options = impatient(at(folder));
    options.addresses.push_back(at(other));
    ClamdClient client(options);
    for (const auto& server : client.servers())
        while (server->state() != ClamdState::ready)
            std::this_thread::sleep_for(1ms);
    for (int i = 0; i < 10; ++i)
        CHECK(scan(client, "x").kind == Kind::clean);
    CHECK(first.requests().size() == 5);
    CHECK(second.requests().size() == 5);
    CHECK(client.servers()[0]->scans() == 5);
    CHECK(client.servers()[0]->failures() == 0);
}

TEST_CASE("a scan that fails at one clamd is tried at another")
{
    struct Case {
        const char* name;
        FakeClamd::React react; // of the first; the second finds a virus
        FakeClamd::Options options;
        bool is_killed; // after it was ready
    };
    const auto always = [](ClamdReaction reaction) { return [reaction](const ClamdRequest&) { return reaction; }; };
    const Case cases[] = {
        {"killed", clean, {}, true},
        {"closes", always({}), {}, false},
        {"closes at once", clean, {.closes_at_once = true}, false},
        {"nonsense", always(clamd_says("PONG")), {}, false},
        {"complains", always(clamd_says("Can't allocate memory ERROR")), {}, false},
        {"silent", always({"", 0ms, true}), {.pongs = false}, false},
        {"queue is full", clean, {.accepts = false, .backlog = 0}, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const ClamdFolder folder, other;
        auto first_options = c.options;
        first_options.path = folder.socket();
        auto first = std::make_unique<FakeClamd>(first_options, c.react);
        FakeClamd second({.path = other.socket()}, [](const ClamdRequest&) { return clamd_says("fd[9]: Eicar FOUND"); });
        auto options = impatient(at(folder));
        options.wait = options.reload_wait = 30s;
        options.max_waiting = 0; // nobody has to wait
        options.addresses.push_back(at(other));
        ClamdClient client(options);
        const auto wait_for = [&](std::size_t server) {
            while (client.servers()[server]->state() != ClamdState::ready)
                std::this_thread::sleep_for(1ms);
        };
        wait_for(1);
        if (c.is_killed) {
            wait_for(0);
            first.reset();
        }
        for (int i = 0; i < 3; ++i)
            CHECK(scan(client, "x").text == "Eicar");
        CHECK(client.servers()[1]->scans() == 3);
        CHECK(client.state() == ClamdState::ready);
    }
}

TEST_CASE("a mail that breaks clamd breaks no more than two")
{
    const ClamdFolder folders[3];
    std::vector<std::unique_ptr<FakeClamd>> clamds;
    auto options = impatient(at(folders[0]));
    options.addresses.clear();
    for (const auto& folder : folders) {
        clamds.push_back(std::make_unique<FakeClamd>(FakeClamd::Options{.path = folder.socket()},
                                                     [](const ClamdRequest&) { return ClamdReaction{}; }));
        options.addresses.push_back(at(folder));
    }
    ClamdClient client(options);
    CHECK(scan(client, "x").text == "clamd closed the connection");
    std::size_t asked = 0;
    for (const auto& clamd : clamds)
        asked += clamd->requests().size();
    CHECK(asked == 2);
}

TEST_CASE("who waits for a silent clamd goes to another as soon as that is ready")
{
    const ClamdFolder folder, other;
    FakeClamd silent({.path = folder.socket(), .pongs = false},
                     [](const ClamdRequest&) { return ClamdReaction{"", 0ms, true}; });
    auto options = impatient(at(folder));
    options.wait = options.reload_wait = 60s;
    options.addresses.push_back(at(other));
    ClamdClient client(options);
    auto outcome = std::async(std::launch::async, [&] { return scan(client, "x"); });
    while (client.waiting() == 0)
        std::this_thread::sleep_for(1ms);
    FakeClamd comes({.path = other.socket()}, [](const ClamdRequest&) { return clamd_says("fd[9]: Late FOUND"); });
    CHECK(outcome.get().text == "Late");
}

TEST_CASE("the real clamd")
{
    ScratchClamd clamd("StreamMaxLength 1M\nMaxFileSize 2M\n");
    auto options = impatient({clamd.socket_path(), "", 0});
    options.wait = options.reload_wait = 30s;
    ClamdClient by_descriptor(options);
    options.addresses = {{"", "127.0.0.1", clamd.port()}};
    ClamdClient by_stream(options);
    for (auto* const client : {&by_descriptor, &by_stream}) {
        CAPTURE((client == &by_stream));
        CHECK(scan(*client, "harmless").kind == Kind::clean);
        CHECK(scan(*client, "").kind == Kind::clean);
        const auto infected = scan(*client, eicar());
        CHECK(infected.kind == Kind::infected);
        CHECK(infected.text == "Test.Eicar.UNOFFICIAL");
        CHECK(scan(*client, std::string(900'000, 'x') + eicar()).kind == Kind::infected);
    }
    CHECK(scan(by_stream, std::string(3'000'000, 'x')).kind == Kind::too_large);
    // The trap that clamd_limits is about: it has not read this.
    CHECK(scan(by_descriptor, std::string(3'000'000, 'x') + eicar()).kind == Kind::clean);

    clamd.stop(); // leaves its socket behind
    auto outcome = std::async(std::launch::async, [&] { return scan(by_descriptor, eicar()); });
    while (by_descriptor.waiting() == 0)
        std::this_thread::sleep_for(1ms);
    clamd.start();
    CHECK(outcome.get().kind == Kind::infected);
}

} // namespace postern
