// The tree of services for s6-svscan(8): who runs, as whom, in which order, and whose death ends the container
#include "common/text.h"
#include "container/plan.h"

#include <fmt/ranges.h>

namespace postern {
namespace {

constexpr std::string_view shell = "#!/bin/sh\nexec 2>&1\n";

// A critical service that has ended by itself takes the container with it, with its own status.
constexpr std::string_view critical_finish = R"(#!/bin/sh
exec 2>&1
[ ! -e /run/postern/stopping ] || exit 0
status=$1
[ "$status" != 256 ] || status=$((128 + $2))
echo "$3 ended with status $1, signal $2: stopping the container"
[ -e /run/postern/status ] || echo "$status" >/run/postern/status
: >/run/postern/stopping
s6-svc -d /run/postern/service/postfix
exec s6-svscanctl -t /run/postern/service
)";

// Postfix goes first, when what has begun is done or its time is over: what it asks is there until it has ended.
// Who says it a second time will not wait.
std::string stop(std::string_view seconds)
{
    return fmt::format(R"(#!/bin/sh
if [ ! -e {0} ]; then
    : >{0}
    postern-container drain {1}
fi
s6-svc -wD -T 2000 -d {2}/postfix
exec s6-svscanctl -t {2}
)",
                       stopping_mark, seconds, service_folder);
}

// For who does not end when told to, such as a clamd that reads its signatures
constexpr std::string_view most_milliseconds_to_end = "1500\n";

constexpr std::string_view last_words = R"(#!/bin/sh
status=0
[ ! -r /run/postern/status ] || read -r status </run/postern/status
exit "$status"
)";

std::string import_postgrey()
{
    return fmt::format(R"(#!/bin/sh
exec 2>&1
mark={}
if [ -e {} ] && [ ! -e $mark ]; then
    postern greylist --config /run/postern/postern.toml import --postgrey /var/spool/postfix/postgrey && : >$mark
fi
exec s6-svc -O .
)",
                       postgrey_import_mark, postgrey_database);
}

// clamd without signatures ends at once: it is started when freshclam has brought the first.
constexpr std::string_view clamd = R"(#!/bin/sh
exec 2>&1
for file in /var/lib/clamav/*.c[vlu]d /var/lib/clamav/*.?db; do
    [ ! -e "$file" ] || exec s6-setuidgid clamav clamd --config-file=/run/postern/clamd.conf
done
echo "no signatures yet; mail waits at its sender, or as clamav.failure says"
exec sleep 5
)";

struct Service {
    std::string name;
    std::string run;
    bool is_critical = false;
    std::string check{}; // is it ready? asked until it says 0
};

class Services {
public:
    explicit Services(const Plan& plan)
        : plan_(plan)
    {
    }

    void add_all()
    {
        for (const auto* const signal : {"SIGTERM", "SIGINT", "SIGQUIT"})
            put(concat({".s6-svscan/", signal}), stop(plan_.values.text("POSTFIX_DRAIN_TIME", "7")));
        put(".s6-svscan/finish", last_words);
        if (plan_.asks_policyd)
            add_daemon("policyd");
        if (plan_.asks_milterd)
            add_daemon("milterd");
        if (plan_.values.flag("ENABLE_CLAMAV", false)) {
            add({"clamd", std::string(clamd)});
            add({"freshclam", concat({shell, "exec s6-setuidgid clamav freshclam --daemon --foreground --stdout "
                                             "--config-file=/run/postern/freshclam.conf\n"})});
        }
        if (plan_.config.greylist.enable) {
            add({"import", import_postgrey()});
            if (plan_.values.flag("POSTGREY_WHITELIST_UPDATE", true))
                add({"whitelist", concat({shell, "exec s6-setuidgid postfix postern-container whitelist\n"})});
        }
        if (plan_.values.flag("CONFIG_RELOADER_ENABLED", true))
            add({"watch", concat({shell, "exec postern-container watch\n"})});
        if (plan_.has_exporter())
            add({"metrics", concat({shell, "exec s6-setuidgid postern postern-container metrics\n"})});
        add_postfix();
    }

private:
    void put(std::string_view name, std::string_view text, int mode = 0755)
    {
        plan_.image.files.push_back({concat({service_folder, "/", name}), std::string(text), mode});
    }

    void add(const Service& service)
    {
        put(service.name + "/run", service.run);
        put(service.name + "/log/run", log_of(service.name));
        put(service.name + "/timeout-kill", most_milliseconds_to_end, 0644);
        if (service.is_critical)
            put(service.name + "/finish", critical_finish);
        if (!service.check.empty()) {
            put(service.name + "/notification-fd", "3\n", 0644);
            put(service.name + "/data/check", service.check);
        }
    }

    static std::string when_ready(std::string_view command)
    {
        return concat({"exec s6-notifyoncheck -d -s 100 -t 2000 -n 300 -w 100 ", command, "\n"});
    }

    void add_daemon(const std::string& name)
    {
        const auto command = fmt::format("s6-setuidgid postern postern-{} --config {}/postern.toml", name, run_folder);
        add({name, concat({shell, when_ready(command)}), true,
             fmt::format("#!/bin/sh\nexec postern-container health {} >/dev/null 2>&1\n", name)});
        daemons_ += fmt::format(" {}/{}", service_folder, name);
    }

    void add_postfix()
    {
        std::string run(shell);
        if (!daemons_.empty()) // s6-svwait(8) does not wait for who is not yet supervised
            run += fmt::format("for service in{0}; do\n    tries=0\n"
                               "    until [ -e $service/supervise/status ] || [ $tries = 100 ]; do sleep 0.1; tries=$((tries + 1)); done\n"
                               "done\ns6-svwait -U -a -t 60000{0} || exit 111\n",
                               daemons_);
        run += fmt::format("export MAIL_CONFIG={} MAIL_LOGTAG=postfix POSTLOG_SERVICE=postlog\n"
                           "export POSTLOG_HOSTNAME=\"$(hostname)\"\n"
                           "postfix check || exit 1\n"
                           "{}",
                           postfix_folder, when_ready("/usr/lib/postfix/sbin/master -s"));
        add({"postfix", run, true, "#!/bin/sh\nexec postern-container health smtp >/dev/null 2>&1\n"});
    }

    // Each line with its service before it, on the container's stdout; Postfix's also in the file that
    // its users read (always there, as the manual has it, and empty where LOGOUTPUT is another), and without what is
    // less urgent than was asked for.
    std::string log_of(std::string_view name) const
    {
        const bool is_postfix = name == "postfix";
        const auto priority = plan_.values.text("SYSLOG_PRIORITY", "6");
        std::string select;
        if (is_postfix && priority <= "4")
            select = fmt::format(" -.* '+: ({}): '", priority == "4" ? "warning|error|fatal|panic"
                                                     : priority == "3" ? "error|fatal|panic"
                                                                       : "fatal|panic");
        const auto* const file = is_postfix && plan_.surroundings.can_keep_log ? " n3 s10000000 /var/log/s6-maillog" : "";
        return fmt::format("#!/bin/sh\nexec s6-log -b --{} 'p[{}]' 1{}\n", select, name, file);
    }

    const Plan& plan_;
    std::string daemons_;
};

} // namespace

void render_services(const Plan& plan)
{
    Services(plan).add_all();
    auto& files = plan.image.files;
    std::string sockets;
    if (plan.asks_policyd)
        sockets += fmt::format("policyd {}\n", plan.config.policyd.listen);
    if (plan.asks_milterd)
        sockets += fmt::format("milterd {}\n", plan.config.milterd.listen);
    sockets += fmt::format("recipient postmaster@{}\n", plan.host_name);
    if (plan.values.flag("POSTFIX_PROXY_PROTOCOL", false))
        sockets += "proxy haproxy\n";
    files.push_back({concat({run_folder, "/health"}), std::move(sockets)});
}

} // namespace postern
