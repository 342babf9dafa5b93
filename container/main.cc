// postern-container, the image's own program: options here, the work in the files beside
#include "common/options.h"
#include "common/text.h"
#include "config/health/health.h"
#include "config/health/smtp_client.h"
#include "container/life.h"
#include "container/render.h"
#include "container/variable_table.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::chrono::seconds health_limit{15};

void say(const std::string& line)
{
    fmt::print(stderr, "[postern-container] {}\n", line);
}

int print(const std::string& text)
{
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0 ? 0 : 1;
}

// Of all, or of what is named alone. Before the others are there Postfix cannot answer; so the order is theirs.
int health(const std::string& only)
{
    const auto text = read_setting_file(fmt::format("{}/health", run_folder));
    const auto plan = text ? parse_health_plan(*text) : tl::unexpected(text.error());
    if (!plan) {
        print(plan.error().what + '\n');
        return 1;
    }
    int status = 0;
    const auto tell = [&](std::string_view name, const Result<>& result) {
        print(fmt::format("{}: {}\n", name, result ? "ok" : result.error().what));
        status = result ? status : 1;
    };
    const auto wants = [&](std::string_view name) { return only.empty() || only == name; };
    if (wants("policyd") && !plan->policyd.empty())
        tell("policyd", check_policyd(plan->policyd, health_limit));
    if (wants("milterd") && !plan->milterd.empty())
        tell("milterd", check_milterd(plan->milterd, health_limit));
    if (wants("smtp"))
        tell("smtp", check_smtp(*plan, health_limit));
    return status;
}

struct TestMailOptions {
    std::string server, port;
    TestMail mail;
};

int send(TestMailOptions options)
{
    char date[64];
    const auto now = std::time(nullptr);
    std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", std::gmtime(&now));
    options.mail.date = date;
    const bool is_ipv6 = options.server.find(':') != std::string::npos;
    const auto address = parse_socket_address(
        fmt::format("inet:{}{}{}:{}", is_ipv6 ? "[" : "", options.server, is_ipv6 ? "]" : "", options.port));
    auto connection = address ? Connection::open(*address, std::chrono::seconds(120)) : tl::unexpected(address.error());
    const auto sent = connection
        ? send_test_mail(*connection, options.mail, [](const SmtpReply& reply) { print(printable(reply.text) + '\n'); })
        : Result<>(tl::unexpected(connection.error()));
    if (!sent)
        say(sent.error().what);
    return sent ? 0 : 1;
}

// What a start would write, for a look at it.
int show(const Environment& environment)
{
    const auto image = render(environment, look_around(), read_setting_file);
    if (!image) {
        for (const auto& fault : image.error())
            say("error: " + fault.what);
        return 1;
    }
    for (const auto& warning : image->warnings)
        say("warning: " + warning);
    for (const auto& file : image->files)
        print(fmt::format("==== {} {:o}\n{}", file.path, file.mode, file.mode & 077 ? file.text : "(secret)\n"));
    return 0;
}

// opendkim-genkey's options are those of `postern dkim new`; its folder is the current one unless it is told another.
int make_key(int argc, char** argv)
{
    std::vector<std::string> words{"postern", "dkim", "new"};
    bool has_folder = false;
    for (int i = 1; i < argc; ++i) {
        words.emplace_back(argv[i]);
        has_folder = has_folder || words.back().starts_with("-D") || words.back().starts_with("--directory");
    }
    if (!has_folder)
        words.insert(words.end(), {"--directory", "."});
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    say(fmt::format("postern: {}", std::strerror(errno)));
    return 127;
}

void add_commands(const Command& program, int& status)
{
    static const auto environment = whole_environment(environ);
    program.add_command("start", "Render the configuration and become the supervisor").then([&] { status = start(environment, say); });
    program.add_command("watch", "Reload when certificates and secrets change").then([&] { status = watch(environment, say); });
    program.add_command("metrics", "Answer Prometheus on port 9154").then([&] { status = serve_metrics(say); });
    program.add_command("whitelist", "Fetch postgrey's list of clients, once a day").then([&] { status = fetch_whitelist(false, say); });
    program.add_command("show", "Print what a start would write").then([&] { status = show(environment); });
    program.add_command("variables", "Print the table of variables").then([&] { status = print(variable_table()); });
}

} // namespace
} // namespace postern

int main(int argc, char** argv)
{
    const auto name = std::filesystem::path(argv[0]).filename().string();
    if (name.starts_with("update_") || name == "check_recipient_access")
        return postern::update(name, postern::whole_environment(environ), postern::say);
    if (name == "opendkim-genkey")
        return postern::make_key(argc, argv);
    const postern::CommandLine line("The program of Postern's container image.");
    line.set_version("postern-container " POSTERN_VERSION);
    int status = 0;
    postern::TestMailOptions test_mail;
    std::string only;
    int seconds = 0;
    const auto add_test_mail = [&](const postern::Command& command) {
        command.add_option("SERVER", test_mail.server).required();
        command.add_option("PORT", test_mail.port).required();
        command.add_option("HELO", test_mail.mail.helo).required();
        command.add_option("FROM", test_mail.mail.from).required();
        command.add_option("TO", test_mail.mail.to).required();
    };
    if (name == "test_server") {
        add_test_mail(line);
        if (const auto end = line.parse(argc, argv))
            return *end;
        return postern::send(test_mail);
    }
    line.require_command();
    postern::add_commands(line, status);
    const auto health = line.add_command("health", "Ask the daemons and Postfix, as deep as RCPT TO");
    health.add_option("WHAT", only, "policyd, milterd or smtp alone");
    health.then([&] { status = postern::health(only); });
    const auto drain = line.add_command("drain", "Take no new mail, and wait until what has begun is done");
    drain.add_option("SECONDS", seconds, "No longer than that").required().between(0, 3600);
    drain.then([&] { status = postern::drain(std::chrono::seconds(seconds), postern::say); });
    const auto send = line.add_command("send", "Send a test mail, and show each reply");
    add_test_mail(send);
    send.then([&] { status = postern::send(test_mail); });
    return line.parse(argc, argv).value_or(status);
}
