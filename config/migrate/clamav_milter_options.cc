#include "config/migrate/old_options.h"

namespace postern {
namespace {

constexpr OldOption clamav_milter_rows[] = {
    {"`MilterSocket`", Fate::kept, "`milterd.listen`",
     "`unix:PATH`, `inet:HOST:PORT`, `inet:[ADDRESS]:PORT`; libmilter's `inet:PORT@HOST` is answered with how "
     "it is written here"},
    {"`MilterSocketGroup`, `MilterSocketMode`", Fate::changed, "`milterd.socket_group`, `milterd.socket_mode`",
     ""},
    {"`FixStaleSocket`", Fate::kept, "always so",
     "a socket that nobody listens at is replaced, one in use is not"},
    {"`User`", Fate::kept, "`milterd.user`, `milterd.group`", ""},
    {"`AllowSupplementaryGroups`", Fate::refused, "refused: deprecated there, too",
     "`milterd.group` is the one group"},
    {"`ReadTimeout`", Fate::kept, "`milterd.deadline`",
     "120s as well, for all that the end of one mail takes. `reload_wait` for a clamd that answers nobody"},
    {"`Foreground`, `PidFile`", Fate::refused, "refused: the supervisor's work",
     "the daemon stays in the foreground"},
    {"`Chroot`", Fate::refused, "refused: the unit's sandbox", "see the systemd unit"},
    {"`TemporaryDirectory`", Fate::kept, "always so: none",
     "mails are held in memory, at most `milterd.max_spooled` and `milterd.max_spooled_messages`"},
    {"`Example`", Fate::refused, "refused: there is no such line",
     "Postern starts without a file, and does not scan until `enable = true`"},
    {"`ClamdSocket`, repeated", Fate::kept, "`clamd = [\"unix:PATH\", \"inet:HOST:3310\"]`",
     "`tcp:HOST` is `inet:HOST:3310`. Those that are ready take turns; a scan that fails at one is tried at "
     "another. Over a Unix socket clamd is passed a descriptor"},
    {"`LocalNet`", Fate::kept, "`exempt_clients`",
     "networks, verified names, `.domain`; `local` for mail of sendmail(1) and bounces"},
    {"`AllowList`, `Whitelist`", Fate::kept, "`exempt_lists`",
     "the same file, read at start and reload: basic regular expressions, `From:`, `To:`, comments. A bad line "
     "is a fault with file and line, an empty pattern too. All recipients must match, or the sender. "
     "`^<user@...>$` and `^user@...$` both match"},
    {"`SkipAuthenticated REGEX`", Fate::kept, "`exempt_logins = [\"/REGEX/\"]`",
     "Perl's syntax, of which the extended one is a part; also plain names"},
    {"`SkipAuthenticated file:PATH`", Fate::kept, "`exempt_login_lists = [\"PATH\"]`", "the same file"},
    {"`MaxFileSize`", Fate::kept, "`max_size`",
     "decided while the mail comes, before anything is sent. 25M as Debian has it. `oversize` says what becomes "
     "of a larger one (accept, as there, by default). At start and by `postern check` compared with clamd's own "
     "MaxFileSize, MaxScanSize and StreamMaxLength, where clamd.conf can be read"},
    {"`OnClean`", Fate::refused, "refused: clean mail goes on",
     "for a trial: the EICAR test file, or `observe = true`"},
    {"`OnInfected Accept`, `Reject`, `Defer`, `Blackhole`, `Quarantine`", Fate::kept,
     "`infected = \"accept\"`, `\"reject\"`, `\"defer\"`, `\"discard\"`, `\"quarantine\"`",
     "default reject, there Quarantine. What trust.relays brought is put in quarantine instead of being "
     "rejected. `suspicious` for `PUA.*` and `Heuristics.*`, which are only marked by default"},
    {"`OnFail Accept`, `Reject`, `Defer`", Fate::kept, "`failure = \"accept\"`, `\"reject\"`, `\"defer\"`",
     "also `\"quarantine\"`; `own_failure` for our own clients. Before that, `wait` and `reload_wait`"},
    {"`RejectMsg`", Fate::kept, "`text`", "`%v` is the name, made printable; 550 5.7.1 stands before it"},
    {"`AddHeader No`", Fate::kept, "`header = \"none\"`", ""},
    {"`AddHeader Replace`, `Yes`", Fate::kept, "`header = \"replace\"`",
     "every forged field goes, not the first alone. If a DKIM signature names the field, the log says that it "
     "is broken now"},
    {"`AddHeader Add`", Fate::kept, "`header = \"add\"`",
     "the default is `\"found\"`: X-Virus-Status where something was found or the mail was not scanned"},
    {"`ReportHostname`", Fate::kept, "`hostname`", "empty: the host's name"},
    {"`VirusAction`", Fate::refused, "refused: no program is run",
     "it would hold up the mail, and a sender's text would be its arguments. A program can follow the log: "
     "`event=recipient` has queue id, sender, recipient and name"},
    {"`LogFile`, `LogSyslog`, `LogFacility`, `LogTime`", Fate::changed,
     "`log.target`, `log.path`, `log.format`",
     "the facility is mail; each line has its time, `us=` what the mail took and `clamav=\"... us\"` what the "
     "scan did"},
    {"`LogFileMaxSize`, `LogFileUnlock`, `LogRotate`", Fate::refused,
     "refused: logrotate(8)'s and the journal's work", "SIGHUP opens the file again"},
    {"`LogVerbose`", Fate::kept, "`log.level = \"debug\"`", ""},
    {"`LogInfected Off`, `Basic`, `Full`", Fate::kept, "`log_recipients = \"never\"`, `\"found\"`",
     "the mail's own line is always there, with all that Full has but Subject, Message-ID and Date; `queue_id` "
     "finds these in Postfix's log"},
    {"`LogClean`", Fate::kept, "`log_recipients = \"always\"`",
     "the mail's own line is always there; `log.level = \"warning\"` leaves it out"},
    {"`SupportMultipleRecipients`", Fate::kept, "always so",
     "one verdict a mail; a line for each recipient by `log_recipients`"},
    {"`-c FILE`, `--config-file`", Fate::kept, "`--config FILE`", ""},
    {"`--pid`", Fate::refused, "refused: the supervisor knows", ""},
    {"`X-Virus-Scanned`, `X-Virus-Status`", Fate::kept, "the same names",
     "`postern-milterd at HOST`; `Clean`, `Infected (NAME)`, and new: `Suspicious (NAME)`, `Unscanned (REASON)`"},
};

constexpr OldTable clamav_milter_tables[] = {{"old", clamav_milter_rows}};

} // namespace

constexpr OldOptions clamav_milter_options{
    "clamav-milter",
    "clamav-milter.conf of ClamAV 1.4",
    "Settings are of section `[clamav]` where no other is named. In main.cf, `postern main-cf` puts "
    "postern-milterd in the place of clamav-milter's socket.",
    clamav_milter_tables,
};

} // namespace postern
