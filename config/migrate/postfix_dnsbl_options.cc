#include "config/migrate/old_options.h"

namespace postern {
namespace {

constexpr OldOption postfix_dnsbl_rows[] = {
    {"`postscreen_dnsbl_sites`", Fate::kept, "`dnsbl.sites`",
     "the same syntax: `zone[=filter][*weight]`, filters with `[a..b;c]`, negative weights. A zone without a "
     "filter counts only its own listings if Postern knows it; error answers never count"},
    {"`postscreen_dnsbl_threshold`", Fate::kept, "`dnsbl.threshold`", ""},
    {"`postscreen_dnsbl_allowlist_threshold`, `postscreen_dnsbl_whitelist_threshold`", Fate::kept,
     "`dnsbl.allow_threshold`", "a client that is known to be good is not greylisted"},
    {"`postscreen_dnsbl_action = ignore`", Fate::kept, "`dnsbl.observe = true`, or `dnsbl.action = \"warn\"`",
     "the first writes into Postern's log, the second into Postfix's"},
    {"`postscreen_dnsbl_action = enforce`", Fate::kept, "`dnsbl.action = \"reject\"`",
     "550, the default; also `\"defer\"`, and `dnsbl.defer_threshold` for a score in between"},
    {"`postscreen_dnsbl_action = drop`", Fate::refused, "refused: a policy service cannot end the connection",
     "`dnsbl.reply = \"521 5.7.1 ...\"` gives the same code, after which Postfix ends it"},
    {"`postscreen_dnsbl_reply_map`", Fate::kept, "`dnsbl.reply_map`",
     "the texthash file as it is; other types refused: list the zones in such a file. Zones with a key are "
     "shown without it also where no map names them"},
    {"`postscreen_dnsbl_timeout`", Fate::kept, "`dnsbl.timeout`",
     "10s, within `policyd.deadline`; `dns.timeout` and `dns.tries` are those of one question"},
    {"`postscreen_dnsbl_min_ttl`", Fate::kept, "`dnsbl.min_ttl`",
     "60s; for every score, a refused client's too"},
    {"`postscreen_dnsbl_max_ttl`", Fate::kept, "`dnsbl.max_ttl`", "1h"},
    {"`postscreen_dnsbl_ttl`", Fate::kept, "`dnsbl.max_ttl`", "the name before Postfix 3.1"},
    {"`dnsblog_service_name`", Fate::refused, "refused: no such helper", "Postern asks the DNS itself"},
    {"`postscreen_denylist_action`, `postscreen_access_list`", Fate::kept, "stay Postfix's own",
     "or `check_client_access` before `check_policy_service`"},
    {"`rbl_reply_maps`", Fate::kept, "`dnsbl.reply_templates`; `reply` of a `[[dnsbl.zone]]`",
     "the texthash file as it is; keys with a filter, and the zone alone as from Postfix 3.10"},
    {"`default_rbl_reply`", Fate::kept, "`dnsbl.reply`",
     "all of its names and forms: `$rbl_code`, `${name?text}`, `${name:text}`, `${name?{a}:{b}}`"},
    {"`maps_rbl_reject_code`", Fate::kept, "`dnsbl.reject_code`", "550 by default, Postfix's is 554"},
    {"`reject_rbl_client zone=filter`", Fate::kept, "`dnsbl.sites = [\"zone=filter*N\"]`",
     "N is `dnsbl.threshold`: one listing is enough"},
    {"`reject_rhsbl_helo`", Fate::kept, "`[[dnsbl.zone]]` with `type = \"helo\"`", ""},
    {"`reject_rhsbl_client`", Fate::kept, "`[[dnsbl.zone]]` with `type = \"client_name\"`",
     "the verified name"},
    {"`reject_rhsbl_reverse_client`", Fate::refused,
     "refused: a name that nobody has verified says nothing of the client", "stays Postfix's own"},
    {"`reject_rhsbl_sender`", Fate::kept, "`[[dnsbl.zone]]` with `type = \"sender_domain\"`", ""},
    {"`reject_rhsbl_recipient`", Fate::refused, "refused: the recipients are yours", "stays Postfix's own"},
    {"`permit_dnswl_client zone=filter`", Fate::changed, "`dnsbl.sites = [\"zone=filter*-N\"]`",
     "it outweighs lists that speak against the client; Postern never says OK, which would skip your other "
     "restrictions"},
    {"`permit_rhswl_client`", Fate::changed,
     "`[[dnsbl.zone]]` with `type = \"client_name\"` and a negative weight", ""},
    {"`warn_if_reject` before one of them", Fate::kept, "`dnsbl.observe = true`", ""},
};

constexpr OldTable postfix_dnsbl_tables[] = {{"old", postfix_dnsbl_rows}};

} // namespace

constexpr OldOptions postfix_dnsbl_options{
    "Postfix",
    "DNS lists: postscreen(8) and smtpd(8) of Postfix",
    "postscreen refuses a client before it talks to smtpd(8); Postern answers at RCPT, so that every refusal "
    "has a sender and a recipient in the log, and each recipient gets the same answer. Both may be in use, but "
    "not for the same lists: `postern check` says so.",
    postfix_dnsbl_tables,
};

} // namespace postern
