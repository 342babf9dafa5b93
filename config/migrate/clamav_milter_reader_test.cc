#include "config/migrate/clamav_milter_reader.h"

#include "config/read_config.h"
#include "test/scratch_folder.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>

namespace postern {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

constexpr auto conf = "/etc/clamav/clamav-milter.conf";

Migration migrated(const ScratchFolder& root, const Files& files, OldPostfix postfix = {})
{
    for (const auto& [path, text] : files) {
        const auto file = std::filesystem::path(root.path() + path);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    Migration migration(OldHost(root.path()), std::move(postfix));
    migrate_clamav_milter(migration);
    return migration;
}

ClamavSettings clamav_of(const Migration& migration)
{
    const auto config = read_config({"draft", migration.draft().text()});
    REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().front().what));
    return config->config.clamav;
}

OldPostfix postfix_with(const std::string& milters)
{
    OldPostfix postfix;
    postfix.texts.main_cf = "smtpd_milters = " + milters + "\n";
    postfix.config.parameters = {{"smtpd_milters", milters}};
    return postfix;
}

bool found(const Migration& migration, Outcome outcome, std::string_view where, std::string_view words)
{
    const auto& all = migration.findings();
    return std::any_of(all.begin(), all.end(), [&](const Finding& finding) {
        return finding.outcome == outcome && finding.at.where() == where
            && (finding.option + " " + finding.setting + " " + finding.note).find(words) != std::string::npos;
    });
}

std::size_t count(const Migration& migration, Outcome outcome)
{
    const auto& all = migration.findings();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const Finding& finding) { return finding.outcome == outcome; }));
}

// What clamav-milter 1.4 of Debian 12 takes (`clamconf -g clamav-milter.conf`).
constexpr const char* all_names[] = {
    "AddHeader", "AllowList", "AllowSupplementaryGroups", "Chroot", "ClamdSocket", "Example", "FixStaleSocket", "Foreground",
    "LocalNet", "LogClean", "LogFacility", "LogFile", "LogFileMaxSize", "LogFileUnlock", "LogInfected", "LogRotate",
    "LogSyslog", "LogTime", "LogVerbose", "MaxFileSize", "MilterSocket", "MilterSocketGroup", "MilterSocketMode", "OnClean",
    "OnFail", "OnInfected", "PidFile", "ReadTimeout", "RejectMsg", "ReportHostname", "SkipAuthenticated",
    "SupportMultipleRecipients", "TemporaryDirectory", "User", "VirusAction", "Whitelist",
};

// The settings that Debian's package writes.
constexpr auto debian = "MilterSocket /var/run/clamav/clamav-milter.ctl\nFixStaleSocket true\nUser clamav\nReadTimeout 120\n"
                        "Foreground false\nPidFile /var/run/clamav/clamav-milter.pid\nClamdSocket unix:/var/run/clamav/clamd.ctl\n"
                        "OnClean Accept\nOnInfected Quarantine\nOnFail Defer\nAddHeader Replace\nLogSyslog false\n"
                        "LogFacility LOG_LOCAL6\nLogVerbose false\nLogInfected Off\nLogClean Off\nLogRotate true\n"
                        "MaxFileSize 25M\nSupportMultipleRecipients false\nTemporaryDirectory /tmp\n"
                        "LogFile /var/log/clamav/clamav-milter.log\nLogTime true\nLogFileUnlock false\nLogFileMaxSize 1M\n"
                        "MilterSocketGroup clamav\nMilterSocketMode 666\n";

} // namespace

TEST_CASE("clamav-milter: each name that it takes has a row")
{
    for (const auto* const name : all_names) {
        CAPTURE(name);
        const ScratchFolder root;
        const auto migration = migrated(root, {{conf, fmt::format("{} 1\n", name)}});
        CHECK_FALSE(found(migration, Outcome::fault, "/etc/clamav/clamav-milter.conf:1", "no such option"));
        const auto& all = migration.findings();
        CHECK(std::any_of(all.begin(), all.end(), [](const Finding& f) { return f.at.line == 1; }));
    }
}

TEST_CASE("clamav-milter: Debian's file")
{
    const ScratchFolder root;
    const auto migration = migrated(root, {{conf, debian}, {"/etc/clamav/clamd.conf", "StreamMaxLength 25M\nMaxFileSize 25M\n"}});
    CHECK(count(migration, Outcome::fault) == 0);
    CHECK(count(migration, Outcome::refused) == 0);
    const auto clamav = clamav_of(migration);
    CHECK(clamav.enable);
    CHECK(clamav.clamd == Texts{"unix:/var/run/clamav/clamd.ctl"});
    CHECK(clamav.infected == InfectedAction::quarantine);
    CHECK(clamav.failure == ScanFailureAction::defer);
    CHECK(clamav.header == VirusHeader::replace);
    CHECK(clamav.log_recipients == RecipientLines::never);
    CHECK(clamav.max_size == 25u << 20);
    CHECK(found(migration, Outcome::changed, "/etc/clamav/clamav-milter.conf:1", "a socket and a user of its own"));
}

TEST_CASE("clamav-milter: everything otherwise")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root, {{conf, "ClamdSocket unix:/run/a\nClamdSocket tcp:scan.example\nClamdSocket tcp:[2001:db8::1]:3311\nLocalNet local\n"
                      "LocalNet 192.0.2.0/24\nAllowList /etc/clamav/allow\nSkipAuthenticated file:/etc/clamav/logins\n"
                      "SkipAuthenticated ^admin@\nMaxFileSize 10M\nMaxFileSize 11M\nOnInfected Blackhole\nOnFail Accept\n"
                      "RejectMsg \"no: %v\"\nAddHeader Add\nReportHostname mx.example\nLogInfected Full\nLogClean Basic\n"
                      "VirusAction /bin/x\nOnClean Quarantine\nReadTimeout 60\n"},
               {"/etc/clamav/allow", "To:^a@b$\n"},
               {"/etc/clamav/logins", "robot\n"},
               {"/etc/clamav/clamd.conf", "StreamMaxLength 5M\nMaxScanSize 100M\nMaxFileSize 0\n"}});
    const auto clamav = clamav_of(migration);
    CHECK(clamav.clamd == Texts{"unix:/run/a", "inet:scan.example:3310", "inet:[2001:db8::1]:3311"});
    CHECK(clamav.exempt_clients == Texts{"local", "192.0.2.0/24"});
    CHECK(clamav.exempt_lists == Texts{"/etc/clamav/allow"});
    CHECK(clamav.exempt_login_lists == Texts{"/etc/clamav/logins"});
    CHECK(clamav.exempt_logins == Texts{"/^admin@/"});
    CHECK(clamav.max_size == 10u << 20);
    CHECK(clamav.infected == InfectedAction::discard);
    CHECK(clamav.failure == ScanFailureAction::accept);
    CHECK(clamav.text == "no: %v");
    CHECK(clamav.header == VirusHeader::add);
    CHECK(clamav.hostname == "mx.example");
    CHECK(clamav.log_recipients == RecipientLines::always);
    CHECK(read_config({"draft", migration.draft().text()})->config.milterd.deadline == std::chrono::seconds(60));
    CHECK(found(migration, Outcome::kept, "/etc/clamav/clamav-milter.conf:10", "in line 9, and that counts"));
    CHECK(found(migration, Outcome::refused, "/etc/clamav/clamav-milter.conf:18", "VirusAction"));
    CHECK(found(migration, Outcome::refused, "/etc/clamav/clamav-milter.conf:19", "OnClean"));
    CHECK(found(migration, Outcome::changed, "/etc/clamav/clamd.conf:1", "StreamMaxLength is 5M"));
    CHECK_FALSE(found(migration, Outcome::changed, "/etc/clamav/clamd.conf:2", "MaxScanSize"));
    CHECK(count(migration, Outcome::fault) == 0);
}

TEST_CASE("clamav-milter: faults have their lines, and the rest goes on")
{
    const ScratchFolder root;
    const auto migration = migrated(root, {{conf, "ClamdSocket /run/x\nOnInfected Burn\nMaxFileSize big\nAllowList /none\nNew yes\n"
                                                  "RejectMsg \"a\nAddHeader 7\nReadTimeout 9999\nOnFail Reject\n"}});
    const std::pair<int, const char*> faults[] = {
        {1, "neither unix:PATH"}, {2, "no such value"}, {3, "no size"}, {4, "/none"}, {5, "no such option"},
        {6, "not closed"}, {7, "no such value"}, {8, "280s"},
    };
    for (const auto& [line, words] : faults)
        CHECK_MESSAGE(found(migration, Outcome::fault, fmt::format("{}:{}", conf, line), words), line);
    CHECK(clamav_of(migration).failure == ScanFailureAction::reject);
}

TEST_CASE("clamav-milter: one that nobody asks is left alone")
{
    const ScratchFolder root;
    const Files files = {{conf, "MilterSocket inet:7357@localhost\nClamdSocket unix:/run/a\n"}};
    const auto alone = migrated(root, files, postfix_with("unix:other"));
    CHECK_FALSE(clamav_of(alone).enable);
    CHECK(found(alone, Outcome::changed, conf, "Postfix does not ask it"));
    CHECK(clamav_of(migrated(root, files, postfix_with("inet:localhost:7357"))).enable);

    const ScratchFolder empty;
    CHECK(migrated(empty, {}).findings().empty());
}

TEST_CASE("clamav-milter: the file that its unit names")
{
    const ScratchFolder root;
    const auto migration = migrated(
        root, {{"/lib/systemd/system/clamav-milter.service",
                "[Service]\nExecStart=/usr/sbin/clamav-milter --config-file=/etc/other.conf\n"},
               {"/etc/other.conf", "ClamdSocket unix:/run/a\nOnInfected Reject\n"}});
    CHECK(clamav_of(migration).infected == InfectedAction::reject);
}

} // namespace postern
