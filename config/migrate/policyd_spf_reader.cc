#include "config/migrate/policyd_spf_reader.h"

#include "common/text.h"
#include "config/migrate/policyd_spf_conf.h"
#include "config/migrate/policyd_spf_settings.h"
#include "config/migrate/shell_text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::string_view default_conf = "/etc/postfix-policyd-spf-python/policyd-spf.conf";

// "user=x argv=/usr/bin/policyd-spf /etc/x.conf": the program and its arguments
std::vector<std::string> argv_of(const PostfixService& service)
{
    constexpr std::string_view argv = "argv=";
    const auto begin = service.arguments.find(argv);
    return begin == std::string::npos ? std::vector<std::string>()
                                      : shell_words(std::string_view(service.arguments).substr(begin + argv.size()));
}

bool holds(const std::vector<std::string>& words, std::string_view part)
{
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return to_lower(word).find(part) != std::string::npos; });
}

class SpfReader {
public:
    explicit SpfReader(Migration& migration)
        : migration_(migration)
    {
    }

    void read()
    {
        const auto& postfix = migration_.postfix();
        if (postfix.config.parameters.empty()) {
            if (migration_.host().has(default_conf))
                python(std::string(default_conf));
            return;
        }
        for (const auto& service : postfix.config.services)
            if (const auto argv = argv_of(service); service.program == "spawn" && is_spf(argv) && is_asked(service))
                take(service, argv);
        if (!is_found_ && migration_.host().has(default_conf))
            migration_.tell(at(default_conf),
                            {Fate::changed,
                             "policyd-spf is installed and Postfix does not ask it: "
                             "nothing is taken over, and Postern refuses nothing by SPF"});
    }

private:
    static constexpr std::string_view program = "policyd-spf";

    static OldLine at(std::string_view file, int line = 0)
    {
        return {std::string(program), std::string(file), line};
    }

    static bool is_spf(const std::vector<std::string>& argv)
    {
        return holds(argv, "policyd-spf") || holds(argv, "policy-spf") || holds(argv, "policyd_spf");
    }

    bool is_asked(const PostfixService& service) const
    {
        const auto mentions = migration_.postfix().policy_services(program);
        return std::any_of(mentions.begin(), mentions.end(), [&](const PostfixMention& mention) {
            return mention.text.ends_with("private/" + service.name) || mention.text.ends_with(':' + service.name);
        });
    }

    void take(const PostfixService& service, const std::vector<std::string>& argv)
    {
        is_found_ = true;
        const auto line = migration_.postfix().service_line(service.name, program);
        migration_.note({line, fmt::format("{} spawn {}", service.name, service.arguments), "started by spawn(8)"},
                        {Fate::changed,
                         "postern-policyd is a service of its own; \"postern enable\" puts it in the place "
                         "of this one in main.cf"});
        if (holds(argv, "perl"))
            perl(argv);
        else
            python(argv.size() > 1 && argv.back().starts_with('/') && !argv.back().ends_with("policyd-spf")
                       ? argv.back()
                       : std::string(default_conf));
    }

    void python(const std::string& file)
    {
        migration_.use_check("spf");
        const auto text = migration_.host().read(file);
        if (!text) {
            migration_.fault(
                at(file),
                fmt::format("{}: the defaults of policyd-spf are taken, which are Postern's", text.error().what));
            return;
        }
        const auto conf = parse_policyd_spf_conf(*text);
        for (const auto& fault : conf.faults)
            migration_.fault(at(file, fault.line), fault.what);
        for (const bool is_last : {false, true}) // what No_Mail says counts before HELO_reject and Mail_From_reject
            for (const auto& line : conf.lines)
                if ((line.name == "No_Mail") == is_last)
                    take_setting(file, line);
    }

    void take_setting(const std::string& file, const SpfConfLine& line)
    {
        const auto text = fmt::format("{} = {}", line.name, line.value);
        take_policyd_spf_setting(migration_, {at(file, line.line), text, line.name, line.value});
        if (line.name == "Per_User")
            users(line.value);
    }

    void users(const std::string& value) // "text,FILE"
    {
        const auto file = value.substr(std::min(value.find(',') + 1, value.size()));
        const auto text = migration_.host().read(file);
        if (!text) {
            migration_.fault(at(file), text.error().what);
            return;
        }
        for (const auto& user : parse_policyd_spf_users(*text))
            migration_.note({at(file, user.line), fmt::format("{},{}", user.user, user.settings), "Per_User"},
                            {Fate::refused,
                             fmt::format("one mail has one SPF result: to leave it out for {}, name a "
                                         "policy_context without spf in a restriction class of main.cf",
                                         user.user)});
    }

    void perl(const std::vector<std::string>& argv)
    {
        migration_.use_check("spf");
        const auto it = std::find_if(argv.begin(), argv.end(), [](const std::string& word) {
            return word.starts_with('/') && word.find("spf") != std::string::npos;
        });
        const auto path = it == argv.end() ? std::string() : *it;
        const auto text = migration_.host().read(path);
        if (!text)
            migration_.fault(at(path), fmt::format("{}: its exemptions cannot be read", text.error().what));
        const auto perl = text ? parse_perl_spf_program(*text) : PerlSpfProgram();
        migration_.set({at(path), "temporary errors defer", "Perl: temporary errors defer"}, "spf.defer_temperror",
                       "true", Said{Fate::kept, "the program does so always"});
        for (const auto& relay : perl.relays)
            relay_of(path, relay);
        for (const auto& entry : entries_of(perl.addresses_file))
            relay_of(perl.addresses_file, entry);
        for (const auto& entry : entries_of(perl.domains_file))
            migration_.add({at(perl.domains_file, entry.line), entry.value, "Perl: exempt domains"},
                           "spf.exempt_sender_domains", entry.value,
                           Said{Fate::kept, "anybody can write such a sender; better is spf.exempt_spf_domains"});
    }

    void relay_of(const std::string& file, const SpfConfLine& entry)
    {
        migration_.add({at(file, entry.line), entry.value, "Perl: exempt networks"}, "trust.relays",
                       without_mapped_address(entry.value),
                       Said{Fate::changed, "no check judges what trust.relays brings: it is not greylisted either"});
    }

    std::vector<SpfConfLine> entries_of(const std::string& file)
    {
        if (file.empty() || !migration_.host().has(file)) // as the program: then there are none
            return {};
        const auto text = migration_.host().read(file);
        if (!text)
            migration_.fault(at(file), text.error().what);
        return text ? parse_perl_exemptions(*text) : std::vector<SpfConfLine>();
    }

    Migration& migration_;
    bool is_found_ = false;
};

} // namespace

void migrate_policyd_spf(Migration& migration)
{
    SpfReader(migration).read();
}

} // namespace postern
