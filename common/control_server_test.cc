#include "common/control_server.h"

#include "common/control_client.h"
#include "common/listen_socket.h"
#include "test/scratch_folder.h"

#include <algorithm>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>
#include <future>
#include <grp.h>
#include <optional>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <vector>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock;

asio::awaitable<Result<std::string>> answer(asio::io_context& io, std::string command, std::string arguments)
{
    if (command == "echo")
        co_return arguments;
    if (command == "long")
        co_return std::string(2'000'000, 'x') + "\nend";
    if (command == "throw")
        throw std::runtime_error("broken\nin two lines");
    if (command == "wait") {
        asio::steady_timer timer(io, 300ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return "waited";
    }
    co_return fail("no such command: {}", command);
}

// A server that runs on a thread of its own.
class RunningServer {
public:
    explicit RunningServer(ControlLimits limits = {})
    {
        auto listener = open_listen_socket({.address = {path(), "", 0}});
        REQUIRE(listener);
        server_.emplace(io_, std::move(*listener),
                        [this](std::string command, std::string arguments) {
                            return answer(io_, std::move(command), std::move(arguments));
                        },
                        limits);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~RunningServer()
    {
        asio::post(io_, [this] { server_.reset(); });
        work_.reset();
        thread_.join();
    }

    std::string path() const { return folder_ / "control"; }

private:
    ScratchFolder folder_;
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    std::optional<ControlServer> server_;
    std::thread thread_;
};

FileDescriptor connect_to(const std::string& path)
{
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto name = unix_sockaddr(path);
    REQUIRE(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
    return socket;
}

void send_text(const FileDescriptor& socket, std::string_view text)
{
    CHECK(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

std::string receive_until_close(const FileDescriptor& socket)
{
    std::string text;
    char buffer[4096];
    for (ssize_t size; (size = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;)
        text.append(buffer, static_cast<std::size_t>(size));
    return text;
}

} // namespace

TEST_CASE("may_control")
{
    struct Case {
        const char* name;
        PeerCredentials peer;
        std::vector<gid_t> supplementary;
        bool want;
    };
    constexpr gid_t daemon_group = 120;
    const Case cases[] = {
        {"root", {0, 0}, {}, true},
        {"root in another group", {0, 7}, {7}, true},
        {"primary group", {1000, daemon_group}, {}, true},
        {"supplementary group", {1000, 1000}, {4, daemon_group, 27}, true},
        {"stranger", {1000, 1000}, {4, 27}, false},
        {"user with the number of the group", {daemon_group, 1000}, {}, false},
        {"group root is not root", {1000, 0}, {0}, false},
        {"not a Unix socket", {static_cast<uid_t>(-1), static_cast<gid_t>(-1)}, {}, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(may_control(c.peer, c.supplementary, daemon_group) == c.want);
    }
}

TEST_CASE("commands and their answers")
{
    RunningServer server;
    const auto long_argument = std::string(control_line_limit - std::string_view("echo \n").size(), 'a');
    CHECK(ask_control(server.path(), "echo") == "");
    CHECK(ask_control(server.path(), "echo  a b ") == " a b ");
    CHECK(ask_control(server.path(), "echo j\xc3\xb6rg@example.org") == "j\xc3\xb6rg@example.org");
    CHECK(ask_control(server.path(), "echo " + long_argument) == long_argument);
    CHECK(ask_control(server.path(), "nonsense").error().what == "no such command: nonsense");
    CHECK(ask_control(server.path(), "throw").error().what == "broken?in two lines");
    const auto text = ask_control(server.path(), "long");
    REQUIRE(text);
    CHECK(text->size() == 2'000'004);
    CHECK(text->ends_with("x\nend"));
}

TEST_CASE("requests that are none")
{
    struct Case {
        const char* name;
        std::string request;
        std::string_view want;
    };
    const Case cases[] = {
        {"empty", "\n", "error: the request names no command\n"},
        {"blank", " echo\n", "error: the request names no command\n"},
        {"tab", "echo\ta\n", "error: the request holds control characters\n"},
        {"NUL", std::string("echo \0\n", 7), "error: the request holds control characters\n"},
        {"CR", "echo a\r\n", "error: the request holds control characters\n"},
        {"too long", std::string(control_line_limit, 'x'), "error: the request is longer than 4096 octets\n"},
        {"a second line is not read", "echo a\necho b\n", "ok\na"},
    };
    RunningServer server;
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto socket = connect_to(server.path());
        send_text(socket, c.request);
        CHECK(receive_until_close(socket) == c.want);
    }
}

TEST_CASE("a request that ends without a line feed is not run")
{
    RunningServer server;
    const auto socket = connect_to(server.path());
    send_text(socket, "echo a");
    ::shutdown(socket.get(), SHUT_WR);
    CHECK(receive_until_close(socket) == "error: the request does not end in a line feed\n");
}

TEST_CASE("a client that says nothing, and one that does not listen, are closed in time")
{
    RunningServer server({.idle_limit = 500ms});
    const auto begin = Time::now();
    const auto silent = connect_to(server.path());
    const auto half = connect_to(server.path());
    send_text(half, "echo");
    const auto deaf = connect_to(server.path());
    send_text(deaf, "long\n");
    CHECK(receive_until_close(silent) == "");
    CHECK(receive_until_close(half) == "");
    pollfd closed{deaf.get(), 0, 0};
    CHECK(::poll(&closed, 1, 10'000) == 1);
    CHECK(receive_until_close(deaf).size() < 2'000'000); // what the kernel held
    CHECK(Time::now() - begin >= 500ms);
    CHECK(Time::now() - begin < 10s);
    CHECK(ask_control(server.path(), "echo still here") == "still here");
}

TEST_CASE("no more than max_connections at one time")
{
    RunningServer server({.idle_limit = 10s, .max_connections = 2});
    auto first = connect_to(server.path());
    const auto second = connect_to(server.path());
    CHECK(ask_control(server.path(), "echo").error().what == "too many connections");
    send_text(first, "echo done\n");
    CHECK(receive_until_close(first) == "ok\ndone");
    Result<std::string> got = fail("");
    for (int i = 0; i < 100 && !got; ++i) // until the server has seen to the end of the first
        got = ask_control(server.path(), "echo room");
    CHECK(got == "room");
}

TEST_CASE("a command that waits does not hold up another")
{
    RunningServer server;
    auto waiting = std::async(std::launch::async, [&] { return ask_control(server.path(), "wait"); });
    CHECK(ask_control(server.path(), "echo meanwhile") == "meanwhile");
    CHECK(waiting.get() == "waited");
}

TEST_CASE("the end of the server ends its clients")
{
    auto server = std::make_unique<RunningServer>(ControlLimits{.idle_limit = 10s});
    const auto silent = connect_to(server->path());
    CHECK(ask_control(server->path(), "echo") == ""); // by now the silent one is served, too
    const auto begin = Time::now();
    server.reset();
    CHECK(receive_until_close(silent) == "");
    CHECK(Time::now() - begin < 5s);
}

TEST_CASE("strangers are refused, members of the daemon's group are not")
{
    if (::geteuid() != 0)
        return;
    RunningServer server;
    std::filesystem::permissions(std::filesystem::path(server.path()).parent_path(), std::filesystem::perms(0711));
    std::filesystem::permissions(server.path(), std::filesystem::perms(0666)); // so that only the credentials count

    const auto ask_as_nobody = [&](std::vector<gid_t> groups) {
        const gid_t own_group = ::getpwnam("nobody")->pw_gid;
        const uid_t user = ::getpwnam("nobody")->pw_uid;
        const auto path = server.path();
        const auto child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            if (::setgroups(groups.size(), groups.data()) != 0 || ::setgid(own_group) != 0 || ::setuid(user) != 0)
                ::_exit(2);
            const auto got = ask_control(path, "echo");
            ::_exit(got ? 0 : got.error().what == "only root and members of the daemon's group may ask" ? 1 : 3);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFEXITED(status));
        return WEXITSTATUS(status);
    };
    std::vector<gid_t> many(100);
    for (std::size_t i = 0; i < many.size(); ++i)
        many[i] = static_cast<gid_t>(100'000 + i);
    CHECK(ask_as_nobody({}) == 1);
    CHECK(ask_as_nobody(many) == 1);
    many.push_back(::getegid());
    CHECK(ask_as_nobody(many) == 0);
}

TEST_CASE("ask_control says why it got no answer")
{
    const ScratchFolder folder;
    CHECK(ask_control(folder / "none", "ping").error().what
          == "nobody listens on " + folder / "none: is the daemon running?");
    CHECK(ask_control("/" + std::string(200, 'x'), "ping").error().what.ends_with(" is no path of a Unix socket"));
    CHECK(ask_control(folder / "none", "a\nb").error().what == "the command is not one line of less than 4096 octets");
    CHECK_FALSE(ask_control(folder / "none", std::string(5000, 'x')));

    const auto deaf = open_listen_socket({.address = {folder / "deaf", "", 0}}); // nobody accepts
    REQUIRE(deaf);
    CHECK(ask_control(folder / "deaf", "ping", 50ms).error().what == "no answer in time");
}

TEST_CASE("ask_control bears an answer that is none")
{
    struct Case {
        const char* name;
        std::string_view answer;
        std::string_view want;
    };
    const Case cases[] = {
        {"nothing", "", "the daemon closed the connection without an answer"},
        {"half a line", "ok", "the daemon closed the connection without an answer"},
        {"another protocol", "220 mail ESMTP\r\n", "the daemon closed the connection without an answer"},
        {"an empty error", "error: \n", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const ScratchFolder folder;
        const auto listener = open_listen_socket({.address = {folder / "s", "", 0}});
        REQUIRE(listener);
        std::thread daemon([&] {
            const FileDescriptor client(::accept(listener->get(), nullptr, nullptr));
            char buffer[16];
            (void)!::recv(client.get(), buffer, sizeof buffer, 0);
            send_text(client, c.answer);
        });
        const auto got = ask_control(folder / "s", "ping");
        daemon.join();
        REQUIRE_FALSE(got);
        CHECK(got.error().what == c.want);
    }
}

} // namespace postern
