#include "config/check.h"

#include "common/text.h"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace postern {
namespace {

class Checker {
public:
    Checker(const std::string& config_path, const FindProgram& find, const RunProgram& run)
        : config_path_(config_path)
        , find_(find)
        , run_(run)
    {
    }

    void fault(const std::string& line)
    {
        add(line);
        report_.is_good = false;
    }

    void warning(const std::string& line) { add("warning: " + line); }

    void ask(std::string_view daemon, std::string_view instance = {})
    {
        const auto program = find_(daemon);
        if (program.empty()) {
            warning(fmt::format("{}: not installed here; what it reads was not looked at", daemon));
            return;
        }
        std::vector<std::string> command{program, "--check", config_path_};
        if (!instance.empty())
            command.insert(command.end(), {"--instance", std::string(instance)});
        const auto answer = run_(command);
        if (!answer) {
            fault(answer.error().what);
            return;
        }
        for (const auto line : split(answer->text, '\n'))
            if (!line.empty())
                add(std::string(line));
        if (answer->status != 0) {
            report_.is_good = false;
            if (trim(answer->text).empty())
                add(fmt::format("{}: ended with status {} and said nothing", fmt::join(command, " "), answer->status));
        }
    }

    CheckReport report() { return std::move(report_); }

private:
    // Each once: a daemon repeats what the configuration itself is warned of.
    void add(const std::string& line)
    {
        const auto same = [&](const std::string& other) { return other == line || other == "warning: " + line; };
        if (std::none_of(report_.lines.begin(), report_.lines.end(), same))
            report_.lines.push_back(line);
    }

    const std::string& config_path_;
    const FindProgram& find_;
    const RunProgram& run_;
    CheckReport report_;
};

} // namespace

CheckReport check(const std::string& config_path, const Environment& environment, const FindProgram& find,
                  const RunProgram& run)
{
    Checker checker(config_path, find, run);
    const auto loaded = load_config(config_path, environment);
    if (!loaded) {
        for (const auto& error : loaded.error())
            checker.fault(error.what);
        return checker.report();
    }
    for (const auto& warning : loaded->warnings)
        checker.warning(warning);
    checker.ask("postern-policyd");
    checker.ask("postern-milterd");
    for (const auto& instance : loaded->instances)
        checker.ask("postern-milterd", instance);
    return checker.report();
}

std::string find_daemon(std::string_view name)
{
    namespace fs = std::filesystem;
    std::error_code error;
    const auto own = fs::read_symlink("/proc/self/exe", error).parent_path();
    const auto folder = name.substr(name.rfind('-') + 1); // postern-policyd is built in policyd/
    const fs::path places[] = {own, own / "../sbin", own / ".." / folder, "/usr/local/sbin", "/usr/sbin"};
    for (const auto& place : places)
        if (const auto program = (place / name).lexically_normal(); ::access(program.c_str(), X_OK) == 0)
            return program;
    return "";
}

} // namespace postern
