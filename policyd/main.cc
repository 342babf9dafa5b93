// postern-policyd - the Postfix policy daemon: one question, one answer
#include "common/options.h"
#include "config/settings.h"
#include "policyd/explain_offline.h"
#include "policyd/greylist_tool.h"
#include "policyd/startup.h"

#include <exception>
#include <fmt/format.h>

namespace {

// The commands of `greylist`, for postern(1) to pass on.
class GreylistCommands {
public:
    explicit GreylistCommands(const postern::Command& program)
        : greylist_(program.add_command("greylist", "Look into the greylist's store, and change it"))
    {
        greylist_.require_command();
        add_filter(add("list", "Its mails: passed|waits FIRST LAST CLIENT SENDER RECIPIENT"), true);
        add_filter(add("clients", "Its clients: whitelisted|counted PASSES LAST CLIENT"), false);
        add_keys(add("show", "What is known of a mail, and what it would be told now"), true);
        add_keys(add("pass", "Let this mail in from now on, or all of a client"), false);
        add_keys(add("forget", "Have this mail, or all of a client, be unknown"), false);
        add("stats", "How many there are of what");
        add("report", "Who was told to come again, and did not: CLIENT COUNT FIRST LAST")
            .add_flag("--triplets", command_.with_triplets, "Each of the mails, too");
        add("export", "All rows as text");
        const auto import = add("import", "Take in rows; what is known already and worth more stays");
        const auto input = import.add_option("FILE", command_.input, "What export has written; -: stdin");
        const auto folder = import.add_option("--postgrey", command_.postgrey, "postgrey's folder of databases");
        const auto dump = import.add_option("--postgrey-dump", command_.postgrey_dump, "What db5.3_dump has written of them");
        folder.type_name("DIR").excludes(input).excludes(dump);
        dump.type_name("FILE").excludes(input);
        import.add_option("--postgrey-delay", command_.postgrey_delay, "The --delay that postgrey had, if it was another")
            .type_name("TIME");
    }

    bool is_wanted() const { return greylist_.is_given(); }
    const postern::GreylistCommand& command() const { return command_; }

private:
    postern::Command add(const std::string& name, const std::string& text)
    {
        const auto command = greylist_.add_command(name, text);
        command.then([this, name] { command_.name = name; });
        return command;
    }

    void add_filter(const postern::Command& command, bool of_mails)
    {
        command.add_option("--client", command_.client, "Only those whose client holds this");
        if (of_mails) {
            command.add_option("--sender", command_.sender, "Only those whose sender holds this");
            command.add_option("--recipient", command_.recipient, "Only those whose recipient holds this");
        }
        command.add_flag("--waiting", command_.waiting, "Only those that are not let in");
        command.add_flag("--passed", command_.passed, "Only those that are");
        command.add_option("--limit", command_.limit, "At most so many");
    }

    void add_keys(const postern::Command& command, bool wants_all)
    {
        command.add_option("CLIENT", command_.client, "An address, or @domain").required();
        const auto sender = command.add_option("SENDER", command_.sender, "The sender; \"\" for <>").required(wants_all);
        const auto recipient = command.add_option("RECIPIENT", command_.recipient, "The recipient").required(wants_all);
        sender.needs(recipient);
    }

    postern::Command greylist_;
    postern::GreylistCommand command_;
};

} // namespace

int main(int argc, char** argv)
{
    try {
        const postern::CommandLine line("Answers Postfix's check_policy_service: SPF and greylisting.", "postern-policyd");
        std::string config_path(postern::default_config_path);
        std::string path_to_check;
        std::string attributes;
        line.add_option("--config", config_path, "The configuration file").type_name("FILE");
        line.add_option("--check", path_to_check, "Read this configuration file, print its faults, and end")
            .type_name("FILE");
        line.add_option("--explain", attributes, "Say what would be answered to this request, and why, and end")
            .type_name("NAME=VALUE ...");
        line.set_version("postern-policyd " POSTERN_VERSION);
        const GreylistCommands greylist(line);
        if (const auto status = line.parse(argc, argv))
            return *status;

        if (greylist.is_wanted())
            return postern::run_greylist_command(config_path, greylist.command());
        if (!path_to_check.empty())
            return postern::check_policyd(path_to_check);
        if (!attributes.empty())
            return postern::explain_policyd(config_path, attributes);
        return postern::run_policyd(config_path);
    } catch (const std::exception& exception) {
        fmt::print(stderr, "postern-policyd: {}\n", exception.what());
        return 1;
    }
}
