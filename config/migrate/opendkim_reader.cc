#include "config/migrate/opendkim_reader.h"

#include "common/text.h"
#include "config/migrate/milter_mentions.h"
#include "config/migrate/opendkim_conf.h"
#include "config/migrate/opendkim_settings.h"
#include "config/migrate/shell_text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::string_view default_file = "/etc/opendkim.conf";
constexpr int most_nested = 5; // opendkim.conf(5), Include

class OpendkimReader {
public:
    explicit OpendkimReader(Migration& migration)
        : migration_(migration)
        , start_(find_start(migration.host(), std::string(program)))
        , line_(parse_opendkim_command_line(words()))
        , file_(line_.file.empty() ? std::string(default_file) : line_.file)
    {
    }

    void read()
    {
        if (migration_.host().has(file_))
            read_file(file_, 0);
        else if (!line_.file.empty())
            faults_.push_back({at(file_), "is not there"});
        options_.insert(options_.end(), line_.options.begin(), line_.options.end());
        if (!is_here() || !is_asked())
            return leave_off();
        for (const auto& fault : start_.faults)
            migration_.fault(fault.at, fault.what);
        for (const auto& fault : line_.faults)
            migration_.fault(fault.at, fault.what);
        for (const auto& fault : faults_)
            migration_.fault(fault.at, fault.what);
        take_options();
    }

private:
    static constexpr std::string_view program = "opendkim";

    static OldLine at(const std::string& file, int line = 0)
    {
        return {std::string(program), file, line};
    }

    bool is_here() const
    {
        const auto& host = migration_.host();
        return host.has("/usr/sbin/opendkim") || host.has(file_) || is_named_milter(migration_.postfix(), program);
    }

    // Without a unit, those that Debian's init script would take.
    std::vector<StartWord> words() const
    {
        if (!start_.commands.empty()) {
            const auto& words = start_.commands.back();
            return {words.begin() + (words.empty() ? 0 : 1), words.end()};
        }
        std::vector<StartWord> words;
        if (const auto it = start_.variables.find("DAEMON_OPTS"); it != start_.variables.end())
            for (auto& word : shell_words(it->second.value))
                words.push_back({std::move(word), it->second.at});
        if (const auto it = start_.variables.find("SOCKET"); it != start_.variables.end() && !it->second.value.empty())
            words.insert(words.end(), {{"-p", it->second.at}, {it->second.value, it->second.at}});
        return words;
    }

    bool is_asked() const
    {
        const auto& postfix = migration_.postfix();
        const auto is_it = [&](const MetOption& option) {
            return equals_ignoring_case(option.name, "Socket") && is_asked_milter(postfix, program, option.value);
        };
        return is_asked_milter(postfix, program, "") || std::any_of(options_.begin(), options_.end(), is_it);
    }

    // Then nobody here has judged or signed mail by DKIM so far.
    void leave_off()
    {
        if (is_here())
            migration_.tell(at(file_), {Fate::changed, "opendkim is installed and Postfix does not ask it: nothing is taken "
                                                       "over, and Postern does not verify DKIM"});
        const Said said{Fate::kept, "no opendkim is asked so far; true has Postern verify signatures and judge by DMARC"};
        migration_.set({{"postern-milterd", "dkim.verify"}, "", "verify"}, "dkim.verify", "false", said);
        migration_.set({{"postern-milterd", "dmarc.enable"}, "", "enable"}, "dmarc.enable", "false", said);
    }

    void read_file(const std::string& file, int depth)
    {
        const auto text = migration_.host().read(file);
        if (!text) {
            faults_.push_back({at(file), text.error().what});
            return;
        }
        const auto conf = parse_opendkim_conf(*text);
        for (const auto& fault : conf.faults)
            faults_.push_back({at(file, fault.line), fault.what});
        for (const auto& line : conf.lines) {
            options_.push_back({at(file, line.line), fmt::format("{} {}", line.name, line.value), line.name, line.value});
            if (equals_ignoring_case(line.name, "Include"))
                include(line, file, depth);
        }
    }

    void include(const OpendkimLine& line, const std::string& file, int depth)
    {
        if (depth + 1 >= most_nested)
            faults_.push_back({at(file, line.line), fmt::format("{}: more than {} files inside each other", line.value,
                                                                most_nested)});
        else // a relative one is looked for where the daemon runs, which is /
            read_file(line.value.starts_with('/') ? line.value : "/" + line.value, depth + 1);
    }

    void take_options()
    {
        OpendkimSettings settings(migration_);
        for (auto it = options_.begin(); it != options_.end(); ++it) {
            const auto later = std::find_if(options_.rbegin(), std::make_reverse_iterator(it + 1), [&](const MetOption& other) {
                return equals_ignoring_case(other.name, it->name);
            });
            const bool is_last = later == std::make_reverse_iterator(it + 1) || equals_ignoring_case(it->name, "Include");
            if (is_last)
                settings.take(*it);
            else
                migration_.note(*it, {Fate::kept, fmt::format("is set again, {}: {}, and that counts", later->at.where(),
                                                              later->text)});
        }
        settings.finish(at(file_));
    }

    Migration& migration_;
    ProgramStart start_;
    OpendkimCommandLine line_;
    std::string file_;
    std::vector<MetOption> options_;
    std::vector<StartFault> faults_;
};

} // namespace

void migrate_opendkim(Migration& migration)
{
    OpendkimReader(migration).read();
}

} // namespace postern
