#include "config/compare/mail_log.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("MailLogParser")
{
    struct Case {
        const char* name;
        std::string_view line;
        bool want = true;
        std::string_view want_program{}, want_text{};
    };
    const Case cases[] = {
        {"syslog", "Nov 28 03:00:00 mx postfix/smtpd[123]: NOQUEUE: reject: x", true, "postfix/smtpd", "NOQUEUE: reject: x"},
        {"rsyslog, in full", "2026-11-28T03:00:00.123456+01:00 mx opendkim[1]: 4Xy: no signature data", true, "opendkim",
         "4Xy: no signature data"},
        {"journalctl", "2026-11-28T03:00:00.123456+0100 mx postgrey[1]: action=pass", true, "postgrey", "action=pass"},
        {"no process id", "Nov 28 03:00:00 mx postgrey: action=pass", true, "postgrey", "action=pass"},
        {"no host", "Nov 28 03:00:00 postgrey[9]: action=pass", true, "postgrey", "action=pass"},
        {"ours", "time=2026-11-28T03:00:00.123Z level=info event=x", true, "",
         "time=2026-11-28T03:00:00.123Z level=info event=x"},
        {"ours, JSON", R"({"time":"2026-11-28T03:00:00.123Z","event":"x"})", true, "",
         R"({"time":"2026-11-28T03:00:00.123Z","event":"x"})"},
        {"no tag", "Nov 28 03:00:00 mx", false},
        {"no time", "postfix/smtpd[123]: NOQUEUE", false},
        {"a time of ours that is none", "time=now event=x", false},
        {"empty", "", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        MailLogParser parser(LogTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 29}});
        const auto got = parser.parse(c.line);
        REQUIRE(got.has_value() == c.want);
        if (!got)
            continue;
        CHECK(got->program == c.want_program);
        CHECK(got->text == c.want_text);
    }
}

} // namespace postern
