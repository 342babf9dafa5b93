// The real libmilter, over a real socket. It serves one listener a process and cannot be stopped, so
// every case gets a process of its own, forked before this one has any thread.
#include "milterd/milter.h"

#include "test/fake/fake_filter.h"
#include "test/fake/milter_client.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

namespace postern {
namespace {

using namespace std::chrono_literals;

class StderrLog final : public Log {
public:
    bool wants(LogLevel level) const override { return level >= LogLevel::warning; }
    void write(LogLevel, std::string_view event, const LogRecord& fields) override
    {
        std::string line(event);
        for (const auto field : fields)
            line += fmt::format(" {}={}", field.name, field.value);
        std::fprintf(stderr, "%s\n", line.c_str());
    }
};

// A milter in a process of its own, with one fake filter. It must not end by itself, nor may a
// sanitizer find anything in it.
class MilterProcess {
public:
    explicit MilterProcess(FakeFilter::Script script, SessionLimits limits = {})
    {
        char folder[] = "/tmp/postern-milter-test-XXXXXX";
        folder_ = ::mkdtemp(folder);
        socket = folder_ + "/milter";

        FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
        REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(listener.get(), 1024) == 0);

        pid = ::fork();
        REQUIRE(pid >= 0);
        if (pid == 0) {
            REQUIRE(std::freopen((folder_ + "/stderr").c_str(), "w", stderr));
            serve(std::move(listener), std::move(script), limits);
            std::_Exit(1);
        }
    }

    ~MilterProcess()
    {
        if (pid > 0) {
            CHECK(is_alive());
            kill_it();
        }
        std::ifstream file(folder_ + "/stderr");
        const std::string said{std::istreambuf_iterator<char>(file), {}};
        CAPTURE(said);
        CHECK(said.find("Sanitizer") == std::string::npos);
        CHECK(said.find("runtime error") == std::string::npos);
        std::filesystem::remove_all(folder_);
    }

    void kill_it()
    {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        pid = -1;
    }

    bool is_alive() const { return ::waitpid(pid, nullptr, WNOHANG) == 0; }

    MilterClient client()
    {
        MilterClient client(socket);
        REQUIRE(client.is_connected());
        REQUIRE(client.negotiate());
        return client;
    }

    std::string socket;
    pid_t pid = -1;

private:
    static void serve(FileDescriptor listener, FakeFilter::Script script, SessionLimits limits)
    {
        sigset_t ours;
        ::sigemptyset(&ours);
        ::sigaddset(&ours, SIGHUP);
        ::signal(SIGHUP, [](int) {}); // what common/service does with it does not matter here

        static StderrLog log;
        std::vector<ChainedFilter> filters;
        filters.push_back({std::make_unique<FakeFilter>("fake", std::move(script))});
        auto chain = std::make_shared<FilterChain>(std::move(filters), ChainSettings{10s}, log);
        auto host = std::make_shared<SessionHost>(std::move(chain), limits, log);
        std::thread([&] {
            ::pthread_sigmask(SIG_BLOCK, &ours, nullptr);
            const auto ended = run_milter(std::move(listener), host);
            std::fprintf(stderr, "%s\n", ended.error().what.c_str());
            std::_Exit(2);
        }).detach();
        for (;;)
            ::pause();
    }

    std::string folder_;
};

FilterVerdict verdict_of(FilterAction action, std::string text = {}, std::string status = "7.1")
{
    return {action, 0, std::move(status), std::move(text), "because", {}};
}

template <class Mails>
std::vector<std::chrono::milliseconds> timed(MilterProcess& milter, std::size_t count, Mails mail)
{
    std::vector<std::chrono::milliseconds> took(count);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < count; ++i)
        threads.emplace_back([&, i] {
            const auto start = std::chrono::steady_clock::now();
            mail(milter);
            took[i] = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
        });
    for (auto& thread : threads)
        thread.join();
    return took;
}

} // namespace

TEST_CASE("milter: what it asks of Postfix")
{
    MilterProcess milter({});
    auto client = milter.client();
    CHECK(client.actions == 0x131); // add, change headers, quarantine; its own list of macros
    CHECK((client.steps & 0x3f & ~0x0) == 0); // every step of a mail
    CHECK((client.steps & 0x400) == 0); // never skip
    CHECK((client.steps & 0x100000) != 0); // the blank after the colon
    CHECK((client.steps & 0x1000) == 0); // connect and MAIL are answered: they may be deferred
    CHECK((client.steps & 0x4000) == 0);
    CHECK(client.symbol_lists.find("{auth_authen}") != std::string::npos);

    MilterClient old(milter.socket);
    CHECK_FALSE(old.negotiate(0x1ff, 0xfffff)); // Postfix before 2.6
    MilterClient poor(milter.socket);
    CHECK_FALSE(poor.negotiate(0x1, 0x1fffff));
}

TEST_CASE("milter: decisions reach Postfix")
{
    struct Case {
        const char* name;
        FilterVerdict verdict;
        char want_reply;
        std::string want_text;
    };
    const Case cases[] = {
        {"accept", {}, 'c', ""},
        {"reject", verdict_of(FilterAction::reject, "No"), 'y', "550 5.7.1 No"},
        {"defer", verdict_of(FilterAction::defer, "Later", "3.0"), 'y', "451 4.3.0 Later"},
        {"discard", verdict_of(FilterAction::discard), 'd', ""},
        {"a per cent sign is doubled", verdict_of(FilterAction::reject, "100%s"), 'y', "550 5.7.1 100%%s"},
        {"line ends are harmless", verdict_of(FilterAction::reject, "a\r\n250 b"), 'y', "550 5.7.1 a??250 b"},
        {"a text of nothing but per cent signs", verdict_of(FilterAction::reject, std::string(3000, '%')), 'y',
         "550 5.7.1 " + std::string(960, '%')},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        MilterProcess milter({c.verdict});
        auto client = milter.client();
        const auto outcome = client.send_mail({});
        CHECK(outcome.reply == c.want_reply);
        CHECK(outcome.text == c.want_text);
        CHECK(outcome.edits.empty());
    }
}

TEST_CASE("milter: edits reach Postfix, removals from the last to the first and before insertions")
{
    FilterVerdict verdict = verdict_of(FilterAction::quarantine);
    verdict.edits = {{HeaderEdit::Kind::insert, "X-One", "a\r\n\tb", 0},
                     {HeaderEdit::Kind::remove, "Subject", "", 1},
                     {HeaderEdit::Kind::remove, "Subject", "", 3},
                     {HeaderEdit::Kind::insert, "X-Two", "c\nX-Three: d", 0},
                     {HeaderEdit::Kind::remove, "subject", "", 3}};
    MilterProcess milter({verdict});
    auto client = milter.client();
    const auto outcome = client.send_mail({});
    CHECK(outcome.reply == 'c');
    const std::vector<std::string> want = {"change 3 subject:", "change 1 subject:", "insert 0 X-One: a\n\tb",
                                           "insert 0 X-Two: c\n\tX-Three: d", "quarantine postern fake: because"};
    CHECK(outcome.edits == want);
}

TEST_CASE("milter: several mails on one connection, and aborts between them")
{
    MilterProcess milter({verdict_of(FilterAction::reject, "No")});
    auto client = milter.client();
    CHECK(client.connect_and_greet({}) == 'c');
    CHECK(client.send_transaction({}).text == "550 5.7.1 No");
    CHECK(client.send_envelope({}) == 'c');
    CHECK(client.abort());
    CHECK(client.send_transaction({}).text == "550 5.7.1 No");
    CHECK(client.send_envelope({}) == 'c');
    CHECK(client.send_content({}) == 'c');
    CHECK(client.abort());
    CHECK(client.send_transaction({}).text == "550 5.7.1 No");
}

TEST_CASE("milter: a new client on an old connection")
{
    MilterProcess milter({});
    auto client = milter.client();
    CHECK(client.send_mail({}).reply == 'c');
    CHECK(client.quit_new_connection()); // SMFIC_QUIT_NC
    CHECK(client.send_mail({}).reply == 'c');
}

TEST_CASE("milter: a thousand recipients, a thousand fields, a long field, 3 MB of body")
{
    MilterProcess milter({{}, {}, FakeFilter::Step::none, false, [](const Message& message, const Findings&, Deadline) {
                              if (message.recipients.size() != 1000 || message.header.size() != 1001
                                  || message.body_size != 3'000'000 || message.header.back().value.size() != 100'001)
                                  throw std::runtime_error("the mail did not arrive whole");
                          }});
    MilterMail mail;
    mail.recipients.assign(1000, "bob@example.com");
    mail.header.assign(1000, {"Received", " from somewhere\n\tby elsewhere"});
    mail.header.emplace_back("X-Long", " " + std::string(100'000, 'x'));
    mail.body.assign(3'000'000, 'x');
    auto client = milter.client();
    const auto outcome = client.send_mail(mail);
    CHECK(outcome.reply == 'c');
    CHECK(outcome.text == "");
}

TEST_CASE("milter: a filter's exception defers, and the connection lives on")
{
    MilterProcess milter({{}, {}, FakeFilter::Step::body});
    auto client = milter.client();
    CHECK(client.send_mail({}).text == "451 4.3.0 Internal fault, try again later");
    CHECK(client.send_transaction({}).text == "451 4.3.0 Internal fault, try again later");
}

TEST_CASE("milter: connections above the limit are deferred, then served again")
{
    SessionLimits limits;
    limits.max_connections = 2;
    MilterProcess milter({}, limits);
    auto first = milter.client();
    auto second = milter.client();
    CHECK(first.connect_and_greet({}) == 'c');
    CHECK(second.connect_and_greet({}) == 'c');
    auto third = milter.client();
    CHECK(third.connect_and_greet({}) == 'y');
    CHECK(third.last_text == std::string("451 4.7.1 Service unavailable, try again later") + '\0');

    MilterMail bounce; // as cleanup(8) presents it
    bounce.client_name = "localhost";
    bounce.client_address = "127.0.0.1";
    bounce.port = 0;
    auto fourth = milter.client();
    CHECK(fourth.send_mail(bounce).reply == 'c');

    MilterClient fifth(milter.socket); // four sessions: twice the limit
    CHECK_FALSE(fifth.negotiate());

    first.disconnect();
    third.disconnect();
    fourth.disconnect();
    char answer = 0;
    for (int tries = 0; answer != 'c' && tries < 100; ++tries) {
        std::this_thread::sleep_for(20ms);
        auto later = milter.client();
        answer = later.connect_and_greet({});
    }
    CHECK(answer == 'c');
}

TEST_CASE("milter: what is no milter client does no harm")
{
    MilterProcess milter({});
    for (int i = 0; i < 300; ++i)
        MilterClient{milter.socket}; // connects and closes, as monitors do
    for (int i = 0; i < 50; ++i) {
        MilterClient stranger(milter.socket);
        stranger.send_raw("GET / HTTP/1.0\r\n\r\n");
    }
    std::vector<MilterClient> silent;
    for (int i = 0; i < 50; ++i) {
        silent.emplace_back(milter.socket);
        if (i % 2)
            silent.back().send_raw(std::string("\0\0\0\x0dO", 5)); // the beginning of a packet
    }
    for (int i = 0; i < 50; ++i) { // gone in the middle of a mail
        auto client = milter.client();
        client.connect_and_greet({});
        client.send_envelope({});
        if (i % 2)
            client.send_content({});
        client.flush();
    }
    {
        auto confused = milter.client(); // steps out of order
        confused.send('N', "");
        confused.send('E', "");
        confused.send('B', "body");
        confused.send('L', std::string("a\0b\0", 4));
        confused.flush();
    }
    auto client = milter.client();
    CHECK(client.send_mail({}).reply == 'c');
    CHECK(milter.is_alive());
}

TEST_CASE("milter: a thousand connections, most of them idle")
{
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 4096));
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);

    SessionLimits limits;
    limits.max_connections = 1100;
    MilterProcess milter({}, limits);
    std::vector<MilterClient> idle;
    for (int i = 0; i < 1000; ++i) {
        idle.push_back(milter.client());
        CHECK(idle.back().connect_and_greet({}) == 'c');
    }
    auto client = milter.client();
    CHECK(client.send_mail({}).reply == 'c');
    for (auto& other : idle)
        CHECK(other.send_transaction({}).reply == 'c');
}

TEST_CASE("milter: SIGHUP, SIGINT and SIGTERM are not libmilter's")
{
    MilterProcess milter({});
    auto client = milter.client();
    CHECK(client.send_mail({}).reply == 'c');
    for (int i = 0; i < 2000; ++i)
        ::kill(milter.pid, SIGHUP);
    std::this_thread::sleep_for(200ms);
    CHECK(client.send_transaction({}).reply == 'c');
    CHECK(milter.client().send_mail({}).reply == 'c');
}

TEST_CASE("milter: a verdict that is waited for holds up nobody else")
{
    constexpr auto judging = 2000ms;
    MilterProcess milter({{}, {}, FakeFilter::Step::none, false, [=](const Message&, const Findings&, Deadline) {
                              std::this_thread::sleep_for(judging);
                          }});
    for (int round = 0; round < 2; ++round)
        for (const auto took : timed(milter, 12, [](MilterProcess& process) {
                 auto client = process.client();
                 CHECK(client.send_mail({}).reply == 'c');
             })) {
            CHECK(took >= judging);
            CHECK(took < 2 * judging - 100ms);
        }
}

TEST_CASE("milter: killed in the middle of a mail, the client sees the connection end")
{
    MilterProcess milter({});
    auto client = milter.client();
    CHECK(client.connect_and_greet({}) == 'c');
    CHECK(client.send_envelope({}) == 'c');
    milter.kill_it();
    CHECK(client.end_message("4XyZ12").reply == 0);
}

} // namespace postern
