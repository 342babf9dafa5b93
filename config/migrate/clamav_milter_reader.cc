#include "config/migrate/clamav_milter_reader.h"

#include "common/text.h"
#include "config/migrate/clamav_conf.h"
#include "config/migrate/milter_mentions.h"
#include "config/migrate/start_command.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>

namespace postern {
namespace {

// Debian's, and that of who compiles it
constexpr std::string_view folders[] = {"/etc/clamav", "/usr/local/etc"};
constexpr std::string_view default_max_size = "25M"; // clamav-milter.conf(5), MaxFileSize

std::string usual_file(const OldHost& host, std::string_view name)
{
    for (const auto folder : folders)
        if (auto path = fmt::format("{}/{}", folder, name); host.has(path))
            return path;
    return fmt::format("{}/{}", folders[0], name);
}

// "unix:/run/clamav/clamd.ctl", "tcp:HOST[:PORT]", "tcp:[ADDRESS]:PORT"; empty: neither.
std::string clamd_address(std::string_view socket)
{
    if (socket.starts_with("unix:"))
        return std::string(socket);
    if (!socket.starts_with("tcp:"))
        return {};
    const auto host = socket.substr(4);
    const auto end_of_host = host.starts_with('[') ? host.find(']') : 0;
    const bool has_port = host.find(':', end_of_host == host.npos ? 0 : end_of_host) != host.npos;
    return fmt::format("inet:{}{}", host, has_port ? "" : ":3310");
}

struct OldWord {
    std::string_view old, ours;
};

constexpr OldWord of_infected[] = {{"Accept", "accept"}, {"Reject", "reject"}, {"Defer", "defer"}, {"Blackhole", "discard"},
                                   {"Quarantine", "quarantine"}};
constexpr OldWord of_failure[] = {{"Accept", "accept"}, {"Reject", "reject"}, {"Defer", "defer"}};
constexpr OldWord of_log[] = {{"Off", "never"}, {"Basic", "found"}, {"Full", "found"}};

class ClamavMilterReader {
public:
    explicit ClamavMilterReader(Migration& migration)
        : migration_(migration)
        , start_(find_start(migration.host(), std::string(program)))
        , file_(named_file())
    {
    }

    void read()
    {
        const auto& host = migration_.host();
        if (host.has(file_))
            read_file();
        if (!is_here() || !is_asked())
            return leave_off();
        for (const auto& fault : start_.faults)
            migration_.fault(fault.at, fault.what);
        if (!host.has(file_))
            migration_.fault(at(file_), "is not there; the defaults are taken");
        for (const auto& fault : conf_.faults)
            migration_.fault(at(file_, fault.line), fault.what);
        migration_.set({at(file_), "", "enable"}, "clamav.enable", "true", Said{Fate::kept, "Postfix asks clamav-milter"});
        for (const auto& line : conf_.lines)
            take(line);
        set_what_is_not_said();
        compare_with_clamd();
    }

private:
    static constexpr std::string_view program = "clamav-milter";

    static OldLine at(std::string_view file, int line = 0)
    {
        return {std::string(program), std::string(file), line};
    }

    // -c FILE, --config-file FILE, --config-file=FILE
    std::string named_file() const
    {
        if (!start_.commands.empty()) {
            const auto& words = start_.commands.back();
            for (std::size_t i = 1; i < words.size(); ++i) {
                const auto& word = words[i].text;
                if ((word == "-c" || word == "--config-file") && i + 1 < words.size())
                    return words[i + 1].text;
                if (word.starts_with("--config-file="))
                    return word.substr(word.find('=') + 1);
            }
        }
        return usual_file(migration_.host(), "clamav-milter.conf");
    }

    void read_file()
    {
        const auto text = migration_.host().read(file_);
        if (text)
            conf_ = parse_clamav_conf(*text);
        else
            conf_.faults.push_back({0, text.error().what});
    }

    bool is_here() const
    {
        const auto& host = migration_.host();
        return host.has("/usr/sbin/clamav-milter") || host.has(file_) || is_named_milter(migration_.postfix(), program);
    }

    bool is_asked() const
    {
        const auto* const socket = conf_.find("MilterSocket");
        return is_asked_milter(migration_.postfix(), program, socket ? socket->value : "");
    }

    void leave_off()
    {
        if (is_here())
            migration_.tell(at(file_), {Fate::changed, "clamav-milter is installed and Postfix does not ask it: nothing is "
                                                       "taken over, and Postern does not scan"});
    }

    MetOption option(const ClamavLine& line) const
    {
        return {at(file_, line.line), fmt::format("{} {}", line.name, line.value), line.name, line.value};
    }

    bool is(const ClamavLine& line, std::initializer_list<std::string_view> names) const
    {
        return std::find(names.begin(), names.end(), line.name) != names.end();
    }

    void take(const ClamavLine& line)
    {
        const bool may_repeat = is(line, {"ClamdSocket", "LocalNet", "SkipAuthenticated"});
        if (!may_repeat && conf_.find(line.name) != &line)
            return migration_.note(option(line), {Fate::kept, fmt::format("is set before, in line {}, and that counts",
                                                                          conf_.find(line.name)->line)});
        if (!take_list(line) && !take_word(line) && !take_value(line))
            migration_.note(option(line));
    }

    // What may be there several times, or names a file.
    bool take_list(const ClamavLine& line)
    {
        if (line.name == "ClamdSocket")
            take_clamd(line);
        else if (line.name == "LocalNet")
            migration_.add(option(line), "clamav.exempt_clients", line.value);
        else if (is(line, {"AllowList", "Whitelist"}))
            take_file(line, "clamav.exempt_lists", line.value);
        else if (line.name == "SkipAuthenticated" && line.value.starts_with("file:"))
            take_file(line, "clamav.exempt_login_lists", line.value.substr(5));
        else if (line.name == "SkipAuthenticated")
            migration_.add(option(line), "clamav.exempt_logins", fmt::format("/{}/", line.value));
        else
            return false;
        return true;
    }

    void take_clamd(const ClamavLine& line)
    {
        auto address = clamd_address(line.value);
        if (address.empty())
            return migration_.fault(at(file_, line.line), "is neither unix:PATH nor tcp:HOST:PORT", option(line).text);
        clamds_.push_back(std::move(address));
        migration_.set(option(line), "clamav.clamd", clamds_);
    }

    void take_file(const ClamavLine& line, std::string_view setting, const std::string& file)
    {
        if (const auto text = migration_.host().read(file); !text)
            migration_.fault(at(file_, line.line), text.error().what, option(line).text);
        else
            migration_.add(option(line), setting, file);
    }

    // What is one of some words.
    bool take_word(const ClamavLine& line)
    {
        if (line.name == "OnInfected")
            return take_one_of(line, of_infected, "clamav.infected");
        if (line.name == "OnFail")
            return take_one_of(line, of_failure, "clamav.failure");
        if (line.name == "LogInfected")
            return take_one_of(line, of_log, "clamav.log_recipients");
        if (line.name == "AddHeader")
            return take_header(line);
        if (line.name == "OnClean" && equals_ignoring_case(line.value, "Accept")) {
            migration_.note(option(line), {Fate::kept, "clean mail goes on"});
            return true;
        }
        return false;
    }

    bool take_one_of(const ClamavLine& line, std::span<const OldWord> words, std::string_view setting)
    {
        const auto it = std::find_if(words.begin(), words.end(),
                                     [&](const OldWord& word) { return equals_ignoring_case(word.old, line.value); });
        if (it == words.end())
            migration_.fault(at(file_, line.line), fmt::format("{} has no such value", line.name), option(line).text);
        else
            migration_.set(option(line), setting, std::string(it->ours));
        return true;
    }

    bool take_header(const ClamavLine& line)
    {
        const auto flag = clamav_flag(line.value);
        const bool adds = equals_ignoring_case(line.value, "Add"), replaces = equals_ignoring_case(line.value, "Replace") || flag == true;
        if (adds || replaces || flag == false)
            migration_.set(option(line), "clamav.header", adds ? "add" : replaces ? "replace" : "none");
        else
            migration_.fault(at(file_, line.line), "AddHeader has no such value", option(line).text);
        if (adds || replaces)
            migration_.tell(at(file_, line.line), {Fate::changed, "X-Virus-Scanned names postern-milterd, where clamav-milter wrote "
                                                                  "its own name and version"});
        return true;
    }

    bool take_value(const ClamavLine& line)
    {
        if (line.name == "MaxFileSize")
            take_size(line);
        else if (line.name == "ReadTimeout")
            take_timeout(line);
        else if (line.name == "RejectMsg")
            migration_.set(option(line), "clamav.text", line.value);
        else if (line.name == "ReportHostname")
            migration_.set(option(line), "clamav.hostname", line.value);
        else if (line.name == "LogClean")
            take_log_clean(line);
        else if (is(line, {"MilterSocket", "User"}))
            migration_.note(option(line), {Fate::changed, "Postern has a socket and a user of its own, so that both programs can run "
                                                          "side by side"});
        else if (is(line, {"Foreground", "PidFile", "Chroot", "AllowSupplementaryGroups", "LogFileMaxSize", "LogFileUnlock",
                           "LogRotate"}))
            migration_.note(option(line), {Fate::changed, std::string(row_note(line))});
        else
            return false;
        return true;
    }

    // The row refuses it, and there is nothing to do for the operator.
    std::string_view row_note(const ClamavLine& line) const
    {
        const auto* const row = find_old_option(program, line.name, line.value);
        return row && !row->note.empty() ? row->note : "the supervisor's work";
    }

    void take_size(const ClamavLine& line)
    {
        const auto octets = clamav_octets(line.value);
        if (!octets)
            return migration_.fault(at(file_, line.line), "is no size", option(line).text);
        if (*octets == 0)
            return migration_.set(option(line), "clamav.max_size", "2G",
                                  Said{Fate::changed, "no limit there; clamd itself reads no more than 2 GiB"});
        migration_.set(option(line), "clamav.max_size", std::to_string(*octets));
    }

    void take_timeout(const ClamavLine& line)
    {
        if (line.value == "0")
            return migration_.note(option(line), {Fate::changed, "no limit there; here the end of a mail takes at most "
                                                                 "milterd.deadline"});
        migration_.set(option(line), "milterd.deadline", line.value + "s");
    }

    void take_log_clean(const ClamavLine& line)
    {
        if (equals_ignoring_case(line.value, "Off"))
            migration_.note(option(line), {Fate::kept, ""});
        else
            migration_.set(option(line), "clamav.log_recipients", "always");
    }

    // Where clamav-milter's default is not ours.
    void set_what_is_not_said()
    {
        const auto unless = [&](std::string_view name, std::string_view setting, std::string value) {
            if (!conf_.find(name))
                migration_.set({at(file_), fmt::format("{} (its default)", name), std::string(name)}, setting, std::move(value),
                               Said{Fate::kept, fmt::format("{} is not set, and this is its default", name)});
        };
        unless("OnInfected", "clamav.infected", "quarantine");
        unless("AddHeader", "clamav.header", "none");
        unless("LogInfected", "clamav.log_recipients", "never");
        if (const auto* const infected = conf_.find("OnInfected");
            infected && equals_ignoring_case(infected->value, "Reject") && !conf_.find("RejectMsg"))
            migration_.tell(at(file_), {Fate::changed, "RejectMsg is not set: clamav-milter says 5.7.1 Command rejected, Postern "
                                                       "5.7.1 and what was found"},
                            "clamav.text");
        if (!conf_.find("ClamdSocket"))
            migration_.fault(at(file_), "ClamdSocket is not set; clamav.clamd has its default, Debian's socket");
        migration_.tell(at(file_), {Fate::changed, "finds of PUA.* and Heuristics.* are only marked; clamav.suspicious = "
                                                   "\"reject\" or \"quarantine\" treats them as viruses, as clamav-milter did"},
                        "clamav.suspicious");
    }

    // clamd calls clean what is larger than its own limits (MaxFileSize), or hangs up (StreamMaxLength).
    void compare_with_clamd()
    {
        const auto clamd_file = usual_file(migration_.host(), "clamd.conf");
        const auto text = migration_.host().read(clamd_file);
        if (!text)
            return;
        const auto clamd = parse_clamav_conf(*text);
        for (const auto& fault : clamd.faults)
            migration_.fault(at(clamd_file, fault.line), fault.what);
        const auto* const own = conf_.find("MaxFileSize");
        const auto limit = clamav_octets(own ? own->value : default_max_size);
        for (const auto name : {"StreamMaxLength", "MaxFileSize", "MaxScanSize"}) {
            const auto* const line = clamd.find(name);
            const auto octets = line ? clamav_octets(line->value) : std::nullopt;
            if (octets && *octets > 0 && limit && (*limit == 0 || *octets < *limit))
                migration_.tell(at(clamd_file, line->line),
                                {Fate::changed, fmt::format("clamd's {} is {}, less than what it is sent: raise it, or lower "
                                                            "clamav.max_size", name, line->value)},
                                "clamav.max_size");
        }
    }

    Migration& migration_;
    ProgramStart start_;
    std::string file_;
    ClamavConf conf_;
    Texts clamds_;
};

} // namespace

void migrate_clamav_milter(Migration& migration)
{
    ClamavMilterReader(migration).read();
}

} // namespace postern
