#include "config/migrate/old_options.h"

namespace postern {
namespace {

constexpr OldOption opendkim_running_rows[] = {
    {"`Socket`", Fate::changed, "`milterd.listen`",
     "`local:PATH` is `unix:PATH`, `inet:PORT@HOST` is `inet:HOST:PORT`"},
    {"`UMask`", Fate::changed, "`milterd.socket_mode`, `milterd.socket_group`", ""},
    {"`UserID`", Fate::changed, "`milterd.user`, `milterd.group`", ""},
    {"`PidFile`, `Background`, `AutoRestart`, `AutoRestartCount`, `AutoRestartRate`, `EnableCoredumps`, "
     "`MilterDebug`", Fate::changed,
     "the supervisor's work", "core dumps would hold keys"},
    {"`Syslog`, `SyslogFacility`, `SyslogName`", Fate::changed, "`log.target`",
     "the facility is mail, the name that of the daemon"},
    {"`SyslogSuccess`, `LogWhy`, `LogResults`", Fate::kept, "always so",
     "one record a mail, with each filter's verdict and reason"},
    {"`SoftwareHeader`", Fate::refused, "refused: tells strangers what runs here", ""},
    {"`Include`", Fate::changed, "one file holds all",
     "`postern migrate` reads what is included, too. Tables and lists may be files"},
    {"`BaseDirectory`, `ChangeRootDirectory`", Fate::changed,
     "paths are absolute, systemd confines the daemon", ""},
    {"`DNSTimeout`, `Nameservers`", Fate::kept, "`dns.timeout`, `dns.servers`", ""},
    {"`QueryCache`", Fate::kept, "always so", "`dns.cache_size`"},
    {"`DNSConnect`, `ResolverConfiguration`, `ResolverTracing`", Fate::refused,
     "refused: the resolver is another", ""},
    {"`SoftStart`", Fate::kept, "always so: no table needs a server", ""},
    {"`LDAPAuthMechanism`, `LDAPAuthName`, `LDAPAuthRealm`, `LDAPAuthUser`, `LDAPBindPassword`, `LDAPBindUser`, "
     "`LDAPDisableCache`, `LDAPKeepaliveIdle`, `LDAPKeepaliveInterval`, `LDAPKeepaliveProbes`, `LDAPTimeout`, "
     "`LDAPUseTLS`", Fate::refused,
     "refused, for now: no DKIM table is asked by LDAP", ""},
    {"`SetupPolicyScript`, `ScreenPolicyScript`, `FinalPolicyScript`, `StatisticsPolicyScript`", Fate::refused,
     "refused: there is no scripting, and to ignore a policy would be unsafe", ""},
    {"`POPDBFile`", Fate::refused, "refused: nobody does POP before SMTP", ""},
    {"`Statistics`, `StatisticsName`, `StatisticsPrefix`", Fate::refused, "refused: `milterd.metrics`", ""},
    {"`TestDNSData`, `TestPublicKeys`", Fate::refused, "refused: `dns.servers` names a test's server", ""},
    {"`VBR-Certifiers`, `VBR-PurgeFields`, `VBR-TrustedCertifiers`, `VBR-TrustedCertifiersOnly`, `VBR-Type`", Fate::refused,
     "refused: historic", ""},
    {"`ATPSDomains`, `ATPSHashAlgorithm`", Fate::refused, "refused: nobody uses it", ""},
    {"`DefaultSender`, `LuaOnlySigning`, `X-Header`", Fate::refused,
     "refused: switches for opendkim's own tests", ""},
    {"`FlowData`, `FlowDataFactor`, `FlowDataTTL`, `RateLimits`, `On-ReputationError`, `ReputationCache`, "
     "`ReputationCacheTTL`, `ReputationDuplicates`, `ReputationLimitModifiers`, `ReputationLimits`, "
     "`ReputationLowTime`, `ReputationMinimum`, `ReputationRRDHashDepth`, `ReputationRRDRoot`, "
     "`ReputationRatios`, `ReputationSpamCheck`, `ReputationTest`, `ReputationTimeFactor`, `ReputationTimeout`, "
     "`ReputationVerbose`", Fate::refused,
     "refused: an experiment that was never finished", ""},
    {"`-x FILE`", Fate::kept, "`--config FILE`", ""},
    {"`-n`", Fate::kept, "`--check`", ""},
    {"`-V`", Fate::kept, "`--version`", ""},
    {"`-p`, `-u`, `-b`, `-d`, `-k`, `-s`, `-D`", Fate::kept,
     "settings: `milterd.listen`, `user`, `role`, `[[dkim.domain]]`", ""},
    {"`-A`, `-c`, `-L`, `-o`, `-r`, `-S`, `-W`", Fate::kept,
     "as `AutoRestart`, `Canonicalization`, `Minimum`, `OmitHeaders`, `RequiredHeaders`, `SignatureAlgorithm`, `LogWhy`", ""},
    {"`-e NAME`", Fate::refused, "refused: the file says what is set", ""},
    {"`-X`", Fate::changed, "a name that is not known is a fault", ""},
    {"`-f`, `-l`, `-P`", Fate::kept, "always so: in the foreground, logged, without a pid file", ""},
    {"`-t`, `-Q`, `-T`, `-F`, `-v`", Fate::refused, "refused: test modes", ""},
    {"SIGUSR1", Fate::kept, "reload, as SIGHUP", ""},
};

constexpr OldTable opendkim_running_tables[] = {{"old", opendkim_running_rows}};

} // namespace

constexpr OldOptions opendkim_running_options{
    "opendkim",
    "opendkim 2.11: running",
    "",
    opendkim_running_tables,
};

} // namespace postern
