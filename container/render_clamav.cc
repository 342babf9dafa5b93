// clamd.conf and freshclam.conf
#include "container/plan.h"

namespace postern {
namespace {

constexpr std::string_view clamd_lines = R"(Foreground yes
LocalSocket /run/clamav/clamd.ctl
LocalSocketMode 666
FixStaleSocket yes
DatabaseDirectory /var/lib/clamav
TemporaryDirectory /tmp
ReadTimeout 180
MaxThreads 12
MaxConnectionQueueLength 30
StreamMaxLength 25M
ExitOnOOM yes
)";

constexpr std::string_view freshclam_lines = R"(Foreground yes
DatabaseDirectory /var/lib/clamav
NotifyClamd /run/postern/clamd.conf
ConnectTimeout 30
ReceiveTimeout 0
)";

struct Option {
    const char* variable;
    const char* name;
};
constexpr Option clamd_options[] = {
    {"CLAMAV_CLAMD_PHISHING_SIGNATURES", "PhishingSignatures"},
    {"CLAMAV_CLAMD_PHISHING_SCAN_URLS", "PhishingScanURLs"},
    {"CLAMAV_CLAMD_PHISHING_ALWAYS_BLOCK_SSL_MISMATCH", "AlertPhishingSSLMismatch"},
    {"CLAMAV_CLAMD_PHISHING_ALWAYS_BLOCK_CLOAK", "AlertPhishingCloak"},
    {"CLAMAV_CLAMD_HEURISTIC_SCAN_PRECEDENCE", "HeuristicScanPrecedence"},
};

} // namespace

void render_clamav(const Plan& plan)
{
    if (!plan.values.flag("ENABLE_CLAMAV", false))
        return;
    std::string clamd(clamd_lines);
    for (const auto& option : clamd_options)
        if (plan.values.has(option.variable))
            clamd += fmt::format("{} {}\n", option.name, plan.values.flag(option.variable, false) ? "yes" : "no");
    auto freshclam = std::string(freshclam_lines)
        + fmt::format("Checks {}\nDatabaseMirror {}\n", plan.values.text("FRESHCLAM_CHECKS_PER_DAY", "12"),
                      plan.values.text("FRESHCLAM_DB_MIRROR", "database.clamav.net"));
    plan.image.files.push_back({"/run/postern/clamd.conf", std::move(clamd)});
    plan.image.files.push_back({"/run/postern/freshclam.conf", std::move(freshclam)});
}

} // namespace postern
