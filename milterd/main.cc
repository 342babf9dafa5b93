// postern-milterd - the combined milter: one message, one verdict, some headers
#include "common/options.h"
#include "config/settings.h"
#include "milterd/dkim_commands.h"
#include "milterd/explain_offline.h"
#include "milterd/startup.h"

#include <exception>
#include <fmt/format.h>

int main(int argc, char** argv)
{
    try {
        const postern::CommandLine line("Postfix's milter: DKIM, SPF, DMARC and viruses, in one pass over each message.",
                                        "postern-milterd");
        std::string config_path(postern::default_config_path);
        std::string path_to_check;
        std::string instance;
        line.add_option("--config", config_path, "The configuration file").type_name("FILE");
        line.add_option("--instance", instance, "Read [milterd.NAME] and the like over [milterd]").type_name("NAME");
        line.add_option("--check", path_to_check, "Read this configuration file, print its faults, and end")
            .type_name("FILE");
        std::string envelope;
        std::string mail_path;
        const auto explain = line.add_option("--explain", envelope,
                                             "Say what would become of a mail of this client, and why, and end");
        const auto mail = line.add_option("--message", mail_path, "The mail for --explain").type_name("FILE");
        explain.type_name("NAME=VALUE ...").needs(mail);
        mail.needs(explain);
        line.set_version("postern-milterd " POSTERN_VERSION);
        const postern::DkimCommands dkim(line);
        if (const auto status = line.parse(argc, argv))
            return *status;

        if (dkim.is_wanted())
            return postern::run_dkim_command(config_path, dkim.command());
        if (!path_to_check.empty())
            return postern::check_milterd(path_to_check, instance);
        if (!envelope.empty())
            return postern::explain_milterd(config_path, instance, envelope, mail_path);
        return postern::run_milterd(config_path, instance);
    } catch (const std::exception& exception) {
        fmt::print(stderr, "postern-milterd: {}\n", exception.what());
        return 1;
    }
}
