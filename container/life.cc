#include "container/life.h"

#include "common/http_server.h"
#include "common/listen_socket.h"
#include "common/metrics.h"
#include "common/text.h"
#include "common/whole_file.h"
#include "config/health/connection.h"
#include "config/health/health.h"
#include "config/run_program.h"
#include "container/drain.h"
#include "container/queue_metrics.h"
#include "container/render.h"
#include "container/volumes.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace postern {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto watch_interval = 5s;
constexpr auto drain_interval = 100ms;
constexpr auto whitelist_interval = 24h;
constexpr auto whitelist_retry = 1h;
constexpr int signals_to_end[] = {SIGTERM, SIGINT, SIGQUIT};
constexpr const char* entrypoint_folder = "/etc/entrypoint.d";
constexpr const char* told_path = "/var/spool/postfix/postern/volumes"; // the report as it was told last
constexpr const char* whitelist_url = "https://postgrey.schweikert.ch/pub/postgrey_whitelist_clients";

// With our own stdout and stderr; as long as it takes.
int run_and_wait(std::vector<std::string> command)
{
    std::vector<char*> arguments;
    for (auto& word : command)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t pid = 0;
    if (::posix_spawnp(&pid, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0)
        return 127;
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// run-parts(8) leaves out whose name holds a dot, and who may not be executed, without a word.
void tell_of_scripts_that_do_not_run(const Say& say)
{
    const auto answer = run_program({"run-parts", "--test", entrypoint_folder});
    const auto run = split(answer ? std::string_view(answer->text) : std::string_view(), '\n');
    std::error_code error;
    for (fs::directory_iterator it(entrypoint_folder, error), end; !error && it != end; it.increment(error))
        if (const auto path = it->path().string(); std::find(run.begin(), run.end(), path) == run.end())
            say(fmt::format("warning: {}: is not run: its name may hold letters, digits, - and _ alone, and it must be executable", printable(path)));
}

int say_faults(const std::vector<Error>& faults, const Say& say)
{
    for (const auto& fault : faults)
        say("error: " + fault.what);
    return 1;
}

// Rendered anew and written; the folders are there.
bool write_again(const Environment& environment, const Say& say)
{
    auto image = render(environment, look_around(), read_setting_file);
    if (!image) {
        say_faults(image.error(), say);
        return false;
    }
    // Only the supervisor's tree stays as it is: s6 holds it.
    auto& files = image->files;
    std::erase_if(files, [](const auto& file) { return file.path.starts_with(service_folder); });
    const auto written = write_image(*image, say);
    if (!written)
        say("error: " + written.error().what);
    return written.has_value();
}

bool reload(const Environment& environment, const Say& say)
{
    if (std::error_code error; fs::exists(stopping_mark, error)) { // it would open the ports again
        say("error: this container is about to end");
        return false;
    }
    if (!write_again(environment, say))
        return false;
    const auto text = read_setting_file(std::string(run_folder) + "/health");
    const auto plan = text ? parse_health_plan(*text) : tl::unexpected(text.error());
    std::vector<std::vector<std::string>> commands;
    if (plan && !plan->policyd.empty())
        commands.push_back({"postern", "reload", "policyd"});
    if (plan && !plan->milterd.empty())
        commands.push_back({"postern", "reload", "milterd"});
    commands.push_back({"postfix", "reload"});
    bool is_good = true;
    for (const auto& command : commands) {
        const auto answer = run_program(command);
        for (const auto line : answer ? split(answer->text, '\n') : std::vector<std::string_view>{})
            if (!trim(line).empty())
                say(printable(line));
        is_good = is_good && answer && answer->status == 0;
    }
    return is_good;
}

// What another image has left in the volumes: told once, and again when it is something else.
void tell_of_volumes(const Environment& environment, const Image& image, const Say& say)
{
    const auto values = read_values(environment, read_setting_file).values; // render() has found no fault in them
    const auto text = report_on_volumes(values, image, OldHost());
    const auto told = read_setting_file(told_path);
    if (text.empty() || (told && *told == text))
        return;
    for (const auto line : split(text, '\n'))
        if (!line.empty())
            say(std::string(line));
    if (const auto written = replace_file(told_path, text, {0640}); !written)
        say(written.error().what + ": all this is told again at the next start");
}

// From now on the ports say no to who is new.
Result<> close_ports(std::chrono::milliseconds limit)
{
    // Who watches files would write the other master.cf again.
    if (const auto watch = concat({service_folder, "/watch"}); fs::exists(watch))
        (void)run_program({"s6-svc", "-wd", "-T", "1000", "-d", watch});
    const auto text = read_setting_file(std::string(closing_master_cf));
    const auto written = text ? replace_file(concat({postfix_folder, "/master.cf"}), *text, {0644}) : tl::unexpected(text.error());
    if (!written)
        return written;
    const auto answer = run_program({"postfix", "reload"}, limit);
    if (!answer)
        return tl::unexpected(answer.error());
    return answer->status == 0 ? Result<>{} : fail("{}", printable(trim(answer->text)));
}

// A mail that was under way at the reload is skipped, and looked at again, as one that was delivered, after minutes.
void look_at_incoming_mail()
{
    if (auto queue_manager = Connection::open(SocketAddress{"/var/spool/postfix/public/qmgr", {}, 0}, drain_interval))
        (void)queue_manager->write("I"); // qmgr(8), TRIGGERS
}

// What a file holds, as a number: what is overwritten in place or replaced is seen, whatever its times say.
using Stamps = std::map<std::string, std::size_t>;

Stamps stamps_of(const std::vector<std::string>& paths)
{
    Stamps stamps;
    for (const auto& path : paths) {
        const auto text = read_setting_file(path);
        stamps[path] = text ? std::hash<std::string>{}(*text) : 0;
    }
    return stamps;
}

} // namespace

int start(const Environment& environment, const Say& say)
{
    for (const int number : signals_to_end) // which nobody hears by himself, as the first process of a container
        std::signal(number, [](int) { ::_exit(0); });
    if (fs::is_directory(entrypoint_folder)) {
        tell_of_scripts_that_do_not_run(say);
        if (const int status = run_and_wait({"run-parts", "--exit-on-error", entrypoint_folder}); status != 0) {
            say(fmt::format("error: {}: a script ended with status {}", entrypoint_folder, status));
            return status;
        }
    }
    std::error_code error;
    for (const auto left : {stopping_mark, std::string_view("/run/postern/status"), service_folder})
        fs::remove_all(left, error); // of the same container's last run
    for (const auto& table : table_files())
        if (const auto taken = take_table(table.name); !taken)
            return say_faults({taken.error()}, say);
    const auto image = render(environment, look_around(), read_setting_file);
    if (!image)
        return say_faults(image.error(), say);
    for (const auto& warning : image->warnings)
        say("warning: " + warning);
    for (const auto& step : {make_folders(*image, say), write_image(*image, say)})
        if (!step)
            return say_faults({step.error()}, say);
    tell_of_volumes(environment, *image, say);
    sigset_t held; // what comes from here on is for s6-svscan, when it listens
    sigemptyset(&held);
    for (const int number : signals_to_end)
        sigaddset(&held, number);
    ::sigprocmask(SIG_BLOCK, &held, nullptr);
    const std::string folder(service_folder);
    ::execlp("s6-svscan", "s6-svscan", folder.c_str(), nullptr);
    say(fmt::format("error: s6-svscan: {}", std::strerror(errno)));
    return 127;
}

int drain(std::chrono::seconds limit, const Say& say)
{
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const auto end = now() + limit;
    if (limit == 0s)
        return 0;
    if (const auto closed = close_ports(limit); !closed) {
        say(fmt::format("stopping at once: {}", closed.error().what));
        return 1;
    }
    UnderWay left;
    do {
        std::this_thread::sleep_for(drain_interval); // also until Postfix has read it
        left = what_is_under_way("/proc", "/var/spool/postfix");
        if (left.deliveries == 0 && left.has_mail)
            look_at_incoming_mail();
    } while (!left.is_nothing() && now() < end);
    say(left.is_nothing() ? std::string("stopping: all that had begun is done")
                          : fmt::format("stopping after {} s: {} left; who sent it tries again, and the queue stays", limit.count(), left.text()));
    return 0;
}

int update(std::string_view command, const Environment& environment, const Say& say)
{
    if (command == "check_recipient_access")
        command = "update_recipient_access";
    // The operator's own lists are taken up also where the other cannot be fetched.
    const bool is_fetched = command != "update_postgrey_whitelist" || fetch_whitelist(true, say) == 0;
    for (const auto& table : table_files())
        if (table.command == command)
            if (const auto taken = take_table(table.name); !taken)
                return say_faults({taken.error()}, say);
    return reload(environment, say) && is_fetched ? 0 : 1;
}

int watch(const Environment& environment, const Say& say)
{
    const auto image = render(environment, look_around(), read_setting_file);
    if (!image)
        return say_faults(image.error(), say);
    auto known = stamps_of(image->watched);
    auto seen = known;
    for (;;) {
        std::this_thread::sleep_for(watch_interval);
        const auto now = stamps_of(image->watched);
        const bool is_settled = now == seen; // a pair of files may take a moment to be whole
        seen = now;
        if (now == known || !is_settled)
            continue;
        for (const auto& [path, stamp] : now)
            if (stamp != known[path])
                say(fmt::format("{} has changed", path));
        known = now;
        say(reload(environment, say) ? "reloaded" : "error: not reloaded; what was there goes on");
    }
}

int serve_metrics(const Say& say)
{
    auto listener = open_listen_socket({.address = SocketAddress{{}, "::", 9154}});
    if (!listener)
        listener = open_listen_socket({.address = SocketAddress{{}, "0.0.0.0", 9154}}); // no IPv6 here
    if (!listener) {
        say("error: " + listener.error().what);
        return 1;
    }
    const auto server = start_http_server(std::move(*listener), [](const std::string& path) -> HttpAnswer {
        if (path != "/metrics")
            return {404, "text/plain", "/metrics\n"};
        return {200, std::string(metrics_content_type), metrics_page()};
    });
    if (!server) {
        say("error: " + server.error().what);
        return 1;
    }
    for (;;)
        ::pause();
}

int fetch_whitelist(bool once, const Say& say)
{
    for (;;) {
        const auto fresh = std::string(fetched_client_list) + ".new";
        const auto answer = run_program({"curl", "-fsS", "--max-time", "50", "--max-filesize", "1000000", "-o", fresh, whitelist_url});
        const bool is_good = answer && answer->status == 0 && ::rename(fresh.c_str(), std::string(fetched_client_list).c_str()) == 0;
        if (!is_good)
            say(fmt::format("cannot fetch {}: {}; the list as it was goes on", whitelist_url,
                            printable(answer ? trim(answer->text) : answer.error().what)));
        if (once)
            return is_good ? 0 : 1;
        std::this_thread::sleep_for(is_good ? std::chrono::seconds(whitelist_interval) : whitelist_retry);
    }
}

} // namespace postern
