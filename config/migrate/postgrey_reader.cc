#include "config/migrate/postgrey_reader.h"

#include "common/digits.h"
#include "common/text.h"
#include "config/migrate/list_reader.h"
#include "config/migrate/shell_text.h"
#include "config/old_programs.h"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::string_view defaults_file = "/etc/default/postgrey";
constexpr std::string_view default_database = "/var/lib/postgrey";
constexpr std::string_view client_files[] = {"/etc/postgrey/whitelist_clients",
                                             "/etc/postgrey/whitelist_clients.local"};
constexpr std::string_view recipient_files[] = {"/etc/postgrey/whitelist_recipients",
                                                "/etc/postgrey/whitelist_recipients.local"};

// Of a package, not of the operator.
bool is_shipped(std::string_view file)
{
    return file.starts_with("/lib/") || file.starts_with("/usr/lib/");
}

class PostgreyReader {
public:
    explicit PostgreyReader(Migration& migration)
        : migration_(migration)
        , start_(find_start(migration.host(), std::string(program)))
    {
    }

    void read()
    {
        const auto line = parse_postgrey_options(words());
        if (!is_here() && !is_asked(line.options))
            return;
        if (!migration_.postfix().config.parameters.empty() && !is_asked(line.options)) {
            migration_.tell({std::string(program), std::string(defaults_file)},
                            {Fate::changed,
                             "postgrey is installed and Postfix does not ask it: nothing is taken over, "
                             "and Postern does not greylist"});
            return;
        }
        for (const auto& fault : start_.faults)
            migration_.fault(fault.at, fault.what);
        for (const auto& fault : line.faults)
            migration_.fault(fault.at, fault.what);
        for (const auto& option : line.options)
            take(option);
        migration_.use_check("greylist");
        lists();
        database();
    }

private:
    static constexpr std::string_view program = "postgrey";

    bool is_here() const
    {
        const auto& host = migration_.host();
        return host.has("/usr/sbin/postgrey") || host.has(defaults_file) || !start_.commands.empty();
    }

    // Without a unit, those that Debian's init script would take.
    std::vector<StartWord> words() const
    {
        if (!start_.commands.empty()) {
            const auto& words = start_.commands.back();
            return {words.begin() + (words.empty() ? 0 : 1), words.end()};
        }
        std::vector<StartWord> words;
        if (const auto it = start_.variables.find("POSTGREY_OPTS"); it != start_.variables.end())
            for (auto& word : shell_words(it->second.value))
                words.push_back({std::move(word), it->second.at});
        if (const auto it = start_.variables.find("POSTGREY_TEXT"); it != start_.variables.end())
            words.push_back({"--greylist-text=" + it->second.value, it->second.at});
        return words;
    }

    bool is_asked(const std::vector<MetOption>& options) const
    {
        const auto fits = [&](std::string_view address) {
            const auto* const known = find_old_policy_service(address);
            return (known && known->duty == Duty::greylist)
                || std::any_of(options.begin(), options.end(), [&](const MetOption& option) {
                       const auto at = option.value.rfind(option.name == "--unix" ? '/' : ':');
                       const auto tail = at == std::string::npos ? ':' + option.value : option.value.substr(at);
                       return (option.name == "--unix" || option.name == "--inet") && address.ends_with(tail);
                   });
        };
        const auto& mentions = migration_.postfix().policy_services(program);
        return std::any_of(mentions.begin(), mentions.end(), [&](const auto& mention) { return fits(mention.text); });
    }

    void take(const MetOption& option)
    {
        const auto& name = option.name;
        if (name == "--delay")
            number(option, "greylist.delay", "s");
        else if (name == "--max-age")
            number(option, "greylist.max_age", "d");
        else if (name == "--retry-window")
            retry_window(option);
        else if (name == "--greylist-action")
            migration_.set(option, "greylist.action", to_lower(option.value));
        else if (name == "--greylist-text")
            text(option);
        else if (name == "--lookup-by-host")
            by_host(option);
        else if (name == "--ipv4cidr" || name == "--ipv6cidr")
            number(option, name == "--ipv4cidr" ? "greylist.ipv4_prefix" : "greylist.ipv6_prefix", "");
        else if (name == "--auto-whitelist-clients")
            number({option.at, option.text, name, option.value.empty() ? "5" : option.value},
                   "greylist.auto_whitelist_after", "");
        else if (name == "--whitelist-clients")
            clients_.push_back(option);
        else if (name == "--whitelist-recipients")
            recipients_.push_back(option);
        else if (name == "--x-greylist-header")
            header(option);
        else if (name == "--hostname")
            migration_.set(option, "greylist.hostname", option.value);
        else
            take_of_daemon(option);
    }

    // What is the daemon's own: Postern has it its way, so that both can run.
    void take_of_daemon(const MetOption& option)
    {
        const auto& name = option.name;
        if (name == "--verbose" || name == "--quiet")
            migration_.set(option, "log.level", name == "--verbose" ? "debug" : "warning");
        else if (name == "--unix" || name == "--inet")
            migration_.note(option,
                            {Fate::changed,
                             "Postern listens at a socket of its own, policyd.listen, so that both "
                             "can run; \"postern enable\" tells Postfix"});
        else if (name == "--socketmode")
            migration_.note(option,
                            {Fate::changed,
                             "Postern's socket has policyd.socket_mode, 0660, and the group of "
                             "policyd.socket_group"});
        else if (name == "--user" || name == "--group")
            migration_.note(option, {Fate::changed, "Postern runs as policyd.user and policyd.group, postern"});
        else if (name == "--dbdir")
            database_ = option;
        else if (name == "--privacy") {
            is_hashed_ = true;
            migration_.note(option,
                            {Fate::refused, "Postern stores keys as they are; a database of hashes can be imported"});
        } else
            migration_.note(option);
    }

    void number(const MetOption& option, std::string_view setting, std::string_view unit)
    {
        if (is_number(option.value, int_digits))
            migration_.set(option, setting, option.value + std::string(unit));
        else
            migration_.fault(option.at, fmt::format("\"{}\" is not a number", option.value), option.text);
    }

    void retry_window(const MetOption& option)
    {
        const auto is_hours = !option.value.empty() && to_lower(option.value.back()) == 'h';
        const auto count = option.value.substr(0, option.value.size() - (is_hours ? 1 : 0));
        if (is_number(count, int_digits))
            migration_.set(option, "greylist.retry_window", count + (is_hours ? "h" : "d"));
        else
            migration_.fault(option.at,
                             fmt::format("\"{}\" is not a number of days, or of hours with an h", option.value),
                             option.text);
    }

    void text(const MetOption& option)
    {
        if (is_shipped(option.at.file) || option.value.empty())
            migration_.note(option,
                            {Fate::changed,
                             "the package's text names a site that explains greylisting; Postern's "
                             "default names none. Your own text is greylist.text"});
        else
            migration_.set(option, "greylist.text", option.value);
    }

    void header(const MetOption& option) { migration_.set(option, "greylist.header", option.value); }

    void by_host(const MetOption& option)
    {
        migration_.set(option, "greylist.ipv4_prefix", "32");
        migration_.set(option, "greylist.ipv6_prefix", "128");
    }

    void lists()
    {
        list(clients_, client_files, "greylist.client_lists", ListOf::clients);
        list(recipients_, recipient_files, "greylist.recipient_lists", ListOf::recipients);
    }

    void list(const std::vector<MetOption>& options, std::span<const std::string_view> by_default,
              std::string_view setting, ListOf kind)
    {
        Texts files;
        for (const auto& option : options) {
            files.push_back(option.value);
            migration_.set(option, setting, files);
            if (!migration_.host().has(option.value))
                migration_.fault(option.at, option.value + ": is not there", option.text);
            else
                read_list(migration_, std::string(program), option.value, kind);
        }
        for (const auto file : by_default) {
            if (!options.empty() || !migration_.host().has(file))
                continue;
            migration_.tell({std::string(program), std::string(file)},
                            {Fate::kept,
                             "Postern reads it where it is. It goes when the package is purged: copy it first, "
                             "and name the copy"},
                            fmt::format("{} has it by default", setting));
            read_list(migration_, std::string(program), std::string(file), kind);
        }
    }

    void database()
    {
        const auto& host = migration_.host();
        const auto folder = database_.value.empty() ? std::string(default_database) : database_.value;
        const auto file = folder + "/postgrey.db";
        const OldLine at{std::string(program), file};
        if (!database_.value.empty())
            migration_.note(database_,
                            {Fate::changed, "the greylist is greylist.database now; the old one is imported"});
        if (!host.has(file)) {
            if (!database_.value.empty())
                migration_.fault(at, "is not there: nothing to import");
            return;
        }
        if (const auto real = host.real_path(file); ::access(real.c_str(), R_OK) != 0) {
            migration_.fault(at, "cannot be read: run this as root");
            return;
        }
        const auto* const hashed = is_hashed_ ? ". Its keys are hashes: they count for mails with the same network "
                                                "prefixes; the automatic whitelist counts only with "
                                                "greylist.auto_whitelist_by = \"address\""
                                              : "";
        const auto* const hint =
            host.root().empty() && !host.has("/usr/bin/db5.3_dump") ? " (install db5.3-util first)" : "";
        migration_.tell(
            at,
            {Fate::kept,
             fmt::format("postern greylist import --postgrey {}{}{}", host.real_path(folder), hint, hashed)});
    }

    Migration& migration_;
    ProgramStart start_;
    std::vector<MetOption> clients_, recipients_;
    MetOption database_;
    bool is_hashed_ = false;
};

} // namespace

void migrate_postgrey(Migration& migration)
{
    PostgreyReader(migration).read();
}

} // namespace postern
