#include "config/migrate/old_options.h"

namespace postern {
namespace {

constexpr OldOption postgrey_rows[] = {
    {"`--unix=PATH`, `-u`", Fate::kept, "`policyd.listen = \"unix:PATH\"`", "one socket for all checks"},
    {"`--inet=[HOST:]PORT`, `-i`", Fate::kept, "`policyd.listen = \"inet:HOST:PORT\"`",
     "the host must be named: `inet:127.0.0.1:10023`"},
    {"`--socketmode=MODE`", Fate::changed, "`policyd.socket_mode`",
     "0660 and `policyd.socket_group`, not 0666"},
    {"`--user`, `--group`", Fate::kept, "`policyd.user`, `policyd.group`", ""},
    {"`--dbdir=PATH`", Fate::changed, "`database`",
     "a file, not a folder; the old one is read by `postern greylist import --postgrey PATH`"},
    {"(several hosts)", Fate::kept, "`store = \"redis\"`", "one greylist for all MX hosts; postgrey has none"},
    {"`--delay=N`", Fate::kept, "`delay = \"Ns\"`", "also for one recipient domain: `[[greylist.domain]]`"},
    {"`--max-age=N`", Fate::kept, "`max_age = \"Nd\"`", ""},
    {"`--retry-window=N`, `=Nh`", Fate::kept, "`retry_window = \"Nd\"`, `\"Nh\"`", ""},
    {"`--greylist-action=A`", Fate::kept, "`action`",
     "in lower case; `defer_if_permit`, `defer`, `defer_if_reject` or a code 4NN. Others are refused: they "
     "would not ask to come again"},
    {"`--greylist-text=TXT`", Fate::kept, "`text`",
     "`%s` and `%r` as before, each as often as you like, `%%` is a percent sign. 4.2.0 goes in front unless "
     "the text begins with a status of its own, `4.7.1 ...`. The default names no site"},
    {"`--lookup-by-subnet`", Fate::kept, "always so", ""},
    {"`--lookup-by-host`", Fate::kept, "`ipv4_prefix = 32`, `ipv6_prefix = 128`", ""},
    {"`--ipv4cidr=N`, `--ipv6cidr=N`", Fate::kept, "`ipv4_prefix`, `ipv6_prefix`", ""},
    {"`--auto-whitelist-clients[=N]`", Fate::changed, "`auto_whitelist_after`",
     "counts by network; `auto_whitelist_by = \"address\"` is postgrey's way. One success an hour, as before"},
    {"`--whitelist-clients=FILE`", Fate::kept, "`client_lists`",
     "all files in one list; once it is set, the default files are no longer read"},
    {"`--whitelist-recipients=FILE`", Fate::kept, "`recipient_lists`", "likewise"},
    {"`--x-greylist-header=TXT`", Fate::kept, "`header`", "`%t %v %d %h`; `%d` is UTC; empty: no header"},
    {"`--hostname=NAME`", Fate::kept, "`hostname`", ""},
    {"`--syslog-facility=F`, `--facility`, `--syslogfacility`", Fate::changed, "`log.target = \"syslog\"`",
     "the facility is always mail"},
    {"`--privacy`", Fate::refused, "refused: keys are stored as they are",
     "a database that was hashed is imported; see below"},
    {"`--daemonize`, `-d`", Fate::refused, "refused: the supervisor's work",
     "the daemon stays in the foreground"},
    {"`--pidfile=PATH`", Fate::refused, "refused: the supervisor knows", ""},
    {"`--verbose`, `-v`, `--quiet`, `-q`", Fate::kept, "`log.level`", "debug, info; warning"},
    {"`--listen-queue-size=N`", Fate::kept, "always so", "as long as the system allows"},
    {"`--help`, `--man`, `--version`", Fate::kept, "`--help`, `man`, `--version`", ""},
    {"`--exim`", Fate::kept, "always so", "who closes the connection after an answer may do so"},
    {"`--noaction`, `-n`", Fate::kept, "`observe = true`", "postgrey knew the name and refused to start"},
};

constexpr OldOption behaviour[] = {
    {"client list", Fate::kept, "`client_lists`, entries also in `clients`",
     "the same format: `#` comments, domain with sub-domains of the verified name, IPv4, IPv4/len, IPv6, "
     "IPv6/len, `a.b.c`, `/regexp/`. What postgrey skipped in silence or with a warning is a fault with its line"},
    {"client list, two octets", Fate::changed, "always /16",
     "what the manual says; postgrey made a /24 of it, so `10.20` now covers more than before"},
    {"recipient list", Fate::kept, "`recipient_lists`, entries also in `recipients`",
     "the same format: domain with sub-domains, `name@`, `name@domain`, both also with `+extension`, `/regexp/`"},
    {"regular expressions", Fate::kept, "PCRE2",
     "Perl's syntax, without regard to case. A match that takes more than 10,000 steps counts as none"},
    {"default files", Fate::kept, "always so",
     "`/etc/postgrey/whitelist_clients`, `whitelist_recipients`, and both with `.local`; missing ones are "
     "empty. They go when the package is purged: copy them first"},
    {"check order", Fate::kept, "always so",
     "client name, client address, recipient, then Postern's own (senders with SPF, suspicious), automatic "
     "whitelist, triplet"},
    {"triplet key", Fate::kept, "always so", "and by the SPF-verified domain, see `spf_key`"},
    {"Berkeley DB", Fate::kept, "`postern greylist import --postgrey`",
     "needs `db5.3-util` for that moment, or a text made by `db5.3_dump -p` on another host"},
    {"missing attribute", Fate::kept, "always so", "dunno, reason \"no triplet\""},
    {"log line", Fate::kept, "`event=decision`",
     "its `greylist=` has postgrey's reasons. `postgrey_log = true` writes postgrey's own line, too, as "
     "`event=postgrey line=\"...\"`; `sed -n 's/.* event=postgrey line=\"\\(.*\\)\"$/\\1/p'` gives it back as "
     "it was"},
    {"header once a message", Fate::kept, "always so", ""},
    {"SIGHUP", Fate::kept, "always so", "reads the whole configuration; changed lists are noticed without it"},
    {"protocol cap of 512 characters", Fate::kept, "always so",
     "a request has at most 16 KiB; keys are cut to 320 octets an address"},
    {"`postgreyreport`", Fate::kept, "`postern greylist report`", "from the store, not from the mail log"},
    {"`policy-test`", Fate::kept, "`postern-policyd --check`, `test/`", ""},
    {"database with `--privacy`", Fate::kept, "`postern greylist import --postgrey`",
     "a hash cannot be undone, but the same hash can be made of a new mail: triplets go on counting with the "
     "same prefixes as before; the automatic whitelist only with `auto_whitelist_by = \"address\"`. `list` "
     "shows them as `#HASH`"},
};

constexpr OldTable postgrey_tables[] = {{"old", postgrey_rows}, {"file formats and behaviour", behaviour}};

} // namespace

constexpr OldOptions postgrey_options{
    "postgrey",
    "postgrey 1.37",
    "Settings are of section `[greylist]` where no other is named. `postern greylist import` takes postgrey's "
    "database over, see postern(1).",
    postgrey_tables,
};

} // namespace postern
