#include "config/commands/switch_over.h"

#include "common/text.h"
#include "config/check.h"
#include "config/commands/command_line.h"
#include "config/postfix_sessions.h"

#include <cstdio>
#include <filesystem>
#include <thread>
#include <unistd.h>
#include <utility>

namespace postern {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::minutes import_limit{30};
constexpr std::chrono::milliseconds between_looks{500};

// How long ago main.cf was written.
std::chrono::milliseconds since_change(const std::string& directory)
{
    std::error_code error;
    const auto written = std::filesystem::last_write_time(directory + "/main.cf", error);
    return error ? std::chrono::milliseconds(0)
                 : std::chrono::floor<std::chrono::milliseconds>(std::filesystem::file_time_type::clock::now() - written);
}

std::filesystem::path real(const std::string& path)
{
    std::error_code error;
    auto found = std::filesystem::weakly_canonical(path, error);
    return error ? std::filesystem::path(path) : found;
}

// The folders of this host's other Postfixes, as its first one names them.
std::vector<std::string> other_postfixes(const PostfixFiles::Run& run, const std::string& directory)
{
    std::vector<std::string> others;
    const auto answer = run({"postconf", "-h", "config_directory", "multi_instance_directories"});
    if (!answer || answer->status != 0) // there is no first one
        return others;
    for (const auto line : split(answer->text, '\n'))
        for (auto& other : line.starts_with('/') ? split_postfix_list(line) : std::vector<std::string>{}) // else a warning
            if (real(other) != real(directory))
                others.push_back(std::move(other));
    return others;
}

} // namespace

SwitchOver::SwitchOver(PostfixFiles files, PostfixFiles::Run run, SwitchOverOptions options)
    : files_(std::move(files))
    , run_(std::move(run))
    , options_(std::move(options))
    , services_(files_.directory(), run_)
{
}

Result<> SwitchOver::plan(PostfixChange enabled)
{
    enabled_ = std::move(enabled);
    auto old = left_behind(files_, enabled_);
    if (!old)
        return tl::unexpected(old.error());
    old_ = std::move(*old);
    auto removal = plan_removal(files_, enabled_, old_);
    if (!removal)
        return tl::unexpected(removal.error());
    removal_ = std::move(*removal);
    if (enabled_.now == removal_.wanted) // an earlier run has come that far
        enabled_.wanted = enabled_.now;
    auto difference = files_.difference(enabled_.now, removal_.wanted);
    if (!difference)
        return tl::unexpected(difference.error());
    difference_ = std::move(*difference);
    if (!old_.has(Duty::greylist))
        options_.postgrey.clear();
    else if (!options_.postgrey.empty() && ::access((options_.postgrey + "/postgrey.db").c_str(), F_OK) != 0)
        return fail("{0}/postgrey.db is not there. Where postgrey's folder is another, name it with --postgrey; without its "
                    "greylist (--without-greylist) every known sender would be put off once",
                    options_.postgrey);
    return leave_to_others();
}

Result<> SwitchOver::leave_to_others()
{
    for (const auto& directory : other_postfixes(run_, files_.directory())) {
        const PostfixFiles files(directory, run_);
        const auto texts = files.read();
        const auto config = texts ? files.understand(*texts) : tl::unexpected(texts.error());
        if (!config)
            return tl::unexpected(config.error());
        for (const auto* const asked : unused(*config, {}).programs) // all that it asks
            if (std::erase_if(old_.programs, [&](const auto* program) { return program->name == asked->name; }) > 0)
                going_on_.push_back(fmt::format("{} goes on: the Postfix of {} asks it.", asked->name, directory));
    }
    return {};
}

std::vector<std::string> SwitchOver::remarks() const
{
    auto remarks = enabled_.remarks;
    if (!old_.services.empty()) // it does
        std::erase_if(remarks, [](const auto& remark) { return remark.starts_with("May go from master.cf: "); });
    if (!options_.postgrey.empty())
        remarks.push_back(fmt::format("The greylist of {} will be taken over.", options_.postgrey));
    for (const auto* program : old_.programs)
        if (!program->unit.empty())
            remarks.push_back(fmt::format("{} will be stopped, and stays installed.", program->unit));
    remarks.insert(remarks.end(), going_on_.begin(), going_on_.end());
    return remarks;
}

int SwitchOver::carry_out() const
{
    if (const auto imported = import_greylist(); !imported)
        return print_faults({Error{"nothing was changed: " + imported.error().what}});
    const auto is_running = change_postfix();
    if (!is_running)
        return print_faults({is_running.error()});
    const auto is_alone = *is_running ? wait_for_sessions() : Result<bool>(true);
    if (!is_alone)
        return print_faults({is_alone.error()});
    if (!*is_alone)
        return print_faults({Error{"Postern is plugged in. Some sessions still ask the old programs, so these go on: run "
                                   "this again to stop them."}});
    if (const auto imported = import_greylist(); !imported)
        return print_faults({Error{"Postern is plugged in, and the old programs go on: " + imported.error().what}});
    if (removal_.wanted != removal_.now)
        if (const auto removed = make_change(files_, removal_); !removed)
            return print_faults({removed.error()});
    const auto stopped = services_.stop(old_);
    if (!stopped)
        return print_faults({stopped.error()});
    for (const auto& line : *stopped)
        fmt::print("{}\n", line);
    return print(fmt::format("Postern has taken over in {}. \"postern disable\" is the way back.\n", files_.directory()));
}

Result<> SwitchOver::import_greylist() const
{
    if (options_.postgrey.empty())
        return {};
    const auto daemon = find_daemon("postern-policyd");
    if (daemon.empty())
        return fail("postern-policyd: not installed here");
    const auto answer = run_program(
        {daemon, "--config", options_.config_path, "greylist", "import", "--postgrey", options_.postgrey}, import_limit);
    if (!answer)
        return tl::unexpected(answer.error());
    if (answer->status != 0)
        return fail("the greylist was not imported: {}", printable(trim(answer->text)));
    fmt::print("greylist: {}\n", printable(trim(answer->text)));
    return {};
}

Result<bool> SwitchOver::change_postfix() const
{
    if (enabled_.now == enabled_.wanted) {
        const auto status = run_({"postfix", "-c", files_.directory(), "status"});
        return status ? Result<bool>(status->status == 0) : tl::unexpected(status.error());
    }
    const auto changed = make_change(files_, enabled_);
    return changed ? Result<bool>(changed->was_reloaded) : tl::unexpected(changed.error());
}

Result<std::string> SwitchOver::queue_directory() const
{
    const auto answer = run_({"postconf", "-c", files_.directory(), "-h", "queue_directory"});
    if (!answer)
        return tl::unexpected(answer.error());
    return answer->status == 0 ? Result<std::string>(std::string(trim(answer->text))) : fail("postconf: {}", answer->text);
}

// Who begins from here on has the new lines: master(8) has read them within this second. Where an earlier run has
// changed them, a minute after that is enough.
Result<bool> SwitchOver::wait_for_sessions() const
{
    const auto queue = queue_directory();
    if (!queue)
        return tl::unexpected(queue.error());
    const bool is_fresh = enabled_.now != enabled_.wanted;
    if (is_fresh)
        std::this_thread::sleep_for(std::chrono::seconds(1));
    const auto ago = is_fresh ? std::chrono::milliseconds(0) : since_change(files_.directory()) - std::chrono::minutes(1);
    const auto moment = process_clock(ago);
    if (!moment)
        return tl::unexpected(moment.error());
    const auto end = SteadyClock::now() + options_.patience;
    for (bool is_told = false;; is_told = true) {
        const auto count = sessions_from_before(*queue, *moment);
        if (!count || *count == 0)
            return count ? Result<bool>(true) : tl::unexpected(count.error());
        if (!is_told)
            print(fmt::format("Waiting until {} sessions have ended that began with the old lines.\n", *count));
        if (SteadyClock::now() >= end)
            return false;
        std::this_thread::sleep_for(between_looks);
    }
}

} // namespace postern
