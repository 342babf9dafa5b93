#include "config/migrate/old_options.h"

namespace postern {
namespace {

constexpr OldOption policyd_spf_rows[] = {
    {"`debugLevel`", Fate::kept, "`log.level`",
     "-1 and 0: `error`; 1: `info`, one line a recipient; 2 and more: `debug`"},
    {"`TestOnly = 0`, `defaultSeedOnly = 0`", Fate::changed, "`spf.observe = true`",
     "decides, logs, adds no header. Header and no refusal: `helo` and `mail_from = \"never\"`. 1 is the "
     "default, `spf.observe = false`"},
    {"`HELO_reject = SPF_Not_Pass`", Fate::kept, "`spf.helo = \"not_pass\"`",
     "permerror has its own setting, temperror too"},
    {"`HELO_reject = Softfail`", Fate::kept, "`spf.helo = \"softfail\"`", ""},
    {"`HELO_reject = Fail`", Fate::kept, "`spf.helo = \"fail\"`", "the default"},
    {"`HELO_reject = Null`", Fate::kept, "`spf.helo = \"null_sender\"`",
     "with a sender the HELO name is not asked for then"},
    {"`HELO_reject = False`", Fate::kept, "`spf.helo = \"never\"`",
     "asked, logged as `helo=...`. The header is the sender's: a HELO pass is never to be read as one of the "
     "sender (CVE-2019-20790)"},
    {"`HELO_reject = No_Check`", Fate::kept, "`spf.helo = \"unchecked\"`",
     "a null sender has no other identity, so `mail_from` asks for its HELO name (RFC 7208 2.4); `unchecked` "
     "for both asks nothing"},
    {"`Mail_From_reject = SPF_Not_Pass`, `Softfail`, `Fail`, `False`, `No_Check`", Fate::kept,
     "`spf.mail_from = \"not_pass\"`, `\"softfail\"`, `\"fail\"`, `\"never\"`, `\"unchecked\"`", ""},
    {"`HELO_pass_restriction`, `Mail_From_pass_restriction`", Fate::refused,
     "refused: an SPF pass says who sends, not that it is wanted",
     "Postern never says OK, which would skip your other restrictions. What they were for: "
     "`greylist.spf_domains` and `spf.exempt_spf_domains`"},
    {"`No_Mail = True`", Fate::kept, "`spf.helo`, `spf.mail_from = \"no_mail\"`",
     "a fail of a record that begins with `-all` refuses, nothing else"},
    {"`Reject_Not_Pass_Domains`", Fate::kept, "`spf.not_pass_domains`", "also `.example.org` for all below it"},
    {"`PermError_reject`", Fate::kept, "`spf.reject_permerror`", ""},
    {"`TempError_Defer`", Fate::kept, "`spf.defer_temperror`", ""},
    {"`Prospective`", Fate::refused, "refused: a test of your own outbound address, not of mail",
     "`dig TXT` of your domain, or any SPF checker"},
    {"`skip_addresses`", Fate::changed, "`trust.networks`",
     "one list for every check, and mail from there is signed as our own; `spf.skipped_header = true` adds the "
     "field `X-Comment: SPF check N/A for local "
     "connections`, which Postern leaves out otherwise: the log says `spf=\"dunno network\"`"},
    {"`Whitelist`", Fate::changed, "`trust.relays`",
     "one list for every check. Names of hosts and `.domains`, too. The field of `spf.skipped_header` says "
     "`SPF skipped for whitelisted relay`"},
    {"`HELO_Whitelist`", Fate::changed, "`spf.exempt_helo_names`",
     "looked up where SPF would refuse, and not with every mail: the header is Received-SPF with the result, not an "
     "X-Comment"},
    {"`Domain_Whitelist`", Fate::changed, "`spf.exempt_spf_domains`",
     "looked up where SPF would refuse; at most 50. A DNS that does not answer makes the refusal a temporary one. The "
     "header is Received-SPF with the result, not an X-Comment"},
    {"`Domain_Whitelist_PTR`", Fate::changed, "`trust.relays = [\".example.org\"]`",
     "by the client's verified name, which Postfix has looked up already"},
    {"`SPF_Enhanced_Status_Codes = No`", Fate::kept, "`spf.enhanced_status_codes = false`",
     "5.7.1 and 4.7.1 then; `Yes` is the default: 5.7.23, 5.7.24, 4.7.24"},
    {"`Header_Type = SPF`, `AR`, `None`", Fate::kept,
     "`spf.header = \"received_spf\"`, `\"authentication_results\"`, `\"none\"`",
     "AR is refused by `postern check` beside postern-milterd under one name, which removes such a field as "
     "forged and writes its own"},
    {"`Hide_Receiver`", Fate::kept, "`spf.hide_receiver`", "the pair `receiver=` is left out"},
    {"`Authserv_Id`", Fate::kept, "`spf.authserv_id`", "empty for `HOSTNAME`"},
    {"`Lookup_Time`", Fate::kept, "`spf.deadline`", "for each identity, within `policyd.deadline`"},
    {"`Whitelist_Lookup_Time`", Fate::kept, "`spf.exempt_deadline`", "for all of them together"},
    {"`Void_Limit`", Fate::kept, "`spf.void_lookups`",
     "2 as well; an `mx` whose hosts have no address of the client's family is one, not one each"},
    {"`Mock`", Fate::refused, "refused: nothing to work around",
     "postern-milterd evaluates SPF itself and reads no header for it"},
    {"`QueueID`", Fate::kept, "always so", "`queue_id=` in the decision, where Postfix has one"},
    {"`Reason_Message`", Fate::changed, "`spf.text`",
     "`{rejectdefer}` is `{action}`, `{spf}` is `{reason}`; `{url}` is refused: the site it named is gone. Your "
     "own page: `https://.../?domain={domain}&ip={client}`"},
    {"`Per_User`", Fate::refused, "refused: one mail has one SPF result",
     "by recipient: `policy_context` in a restriction class of main.cf, which leaves `spf` out"},
    {"`Socket`, `PidFile`, `UserID`, `UMask`", Fate::changed,
     "`policyd.listen`, none, `policyd.user` and `policyd.group`, `policyd.socket_mode`",
     "of its milter mode; units keep no pid file"},
    {"`InternalHosts`, `MacroList`", Fate::changed, "`trust.networks`; logins are never judged",
     "of its milter mode"},
    {"started by spawn(8)", Fate::kept, "always a service of its own", "one line of main.cf"},
    {"log line `prepend Received-SPF: ...`, `550 5.7.23 ... rejected due to: SPF fail`", Fate::kept,
     "the same texts in Postfix's log and the header; Postern's own line is `event=decision ... spf=\"reject "
     "fail\"`",
     ""},
    {"Perl: exempt networks", Fate::kept, "`trust.networks`, `trust.relays`", "one entry an item"},
    {"Perl: exempt domains", Fate::kept, "`spf.exempt_sender_domains`",
     "anybody can write such a sender; better `spf.exempt_spf_domains`"},
    {"Perl: HELO first, softfail passes", Fate::kept, "always so", "by default"},
    {"Perl: temporary errors defer", Fate::kept, "`spf.defer_temperror = true`", "a header by default"},
};

constexpr OldTable policyd_spf_tables[] = {{"old", policyd_spf_rows}};

} // namespace

constexpr OldOptions policyd_spf_options{
    "policyd-spf",
    "SPF: policyd-spf.conf of spf-engine 3.0.4, and the Perl policyd-spf",
    "`postern main-cf` puts one `check_policy_service` in the place of `check_policy_service "
    "unix:private/policyd-spf`, and names the line of master.cf that may go. There is no program to spawn(8): "
    "postern-policyd stays and answers all smtpd(8).",
    policyd_spf_tables,
};

} // namespace postern
