#include "config/compare/compare_logs.h"

#include "config/compare/report.h"
#include "config/run_program.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <fstream>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr LogTime now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 28} + 12h;

const std::string records = R"(time=2026-11-28T03:00:00.100Z level=info program=postern-policyd event=start
time=2026-11-28T03:00:00.200Z level=info program=postern-policyd event=decision action=dunno would=defer_if_permit check=greylist reason=new client=192.0.2.1 helo=mx sender=a@y recipient=r@x us=9
time=2026-11-28T03:10:00.200Z level=info program=postern-policyd event=decision action=dunno would=dunno client=192.0.2.1 helo=mx sender=a@y recipient=r@x us=9
)";
const std::string mail_log = R"(2026-11-28T03:00:00.210+00:00 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from mx[192.0.2.1]: 450 4.2.0 <r@x>: Recipient address rejected: Greylisted; from=<a@y> to=<r@x> proto=ESMTP helo=<mx>
2026-11-28T03:10:01+00:00 mx postfix/smtpd[1]: 4XyZ: client=mx[192.0.2.1]
)";

struct Fixture {
    ScratchFolder folder;
    Comparison comparison;

    std::string write(const std::string& name, const std::string& text) const
    {
        const auto path = folder / name;
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    Result<ComparedLogs> compare(const std::vector<std::string>& paths, std::optional<LogTime> since = {})
    {
        std::vector<LogSource> sources;
        for (const auto& path : paths) {
            auto source = LogSource::open(path);
            REQUIRE(source);
            sources.push_back(std::move(*source));
        }
        return compare_logs(std::move(sources), since, now, comparison);
    }
};

} // namespace

TEST_CASE("two logs are read side by side")
{
    Fixture f;
    const auto seen = f.compare({f.write("mail.log", mail_log), f.write("postern.log", records)});
    REQUIRE(seen);
    CHECK(seen->lines == 5);
    CHECK(seen->records == 2);
    CHECK(seen->faults.lines == 0);
    CHECK(why_not_compared(f.comparison, *seen) == "");
    CHECK(comparison_report(f.comparison, *seen)
          == "from 2026-11-28T03:00:00Z to 2026-11-28T03:10:01Z\nrecipients: 2 of 2 alike\nno differences\n");
}

TEST_CASE("one log may have all, and an earlier part of it may be packed")
{
    Fixture f;
    const auto older = f.write("mail.log.1", mail_log);
    if (const auto packed = run_program({"gzip", older}); !packed || packed->status != 0)
        return;
    const auto seen = f.compare({f.write("mail.log", records + "what is this\n\nand this\ntime=2026-11-28T03:11:00Z would=\"x\n"),
                                 older + ".gz"});
    REQUIRE(seen);
    CHECK(f.comparison.counts().recipients_alike == 2);
    CHECK(seen->faults.lines == 3);
    CHECK(seen->faults.first == (f.folder / "mail.log") + ":4: no line of a mail log");
    CHECK(comparison_report(f.comparison, *seen).find("\n3 lines were not understood, the first: ") != std::string::npos);
}

TEST_CASE("what differs is reported, and since when")
{
    Fixture f;
    const auto paths = {f.write("postern.log", records), f.write("mail.log", mail_log.substr(mail_log.find('\n') + 1))};
    const auto seen = f.compare(paths);
    REQUIRE(seen);
    CHECK(comparison_report(f.comparison, *seen).find("\n1 times: recipient: the old setup lets it in, Postern would defer it "
                                                      "(greylist: new)\n") != std::string::npos);
    Fixture later;
    const auto rest = later.compare(paths, now - 9h + 1min);
    REQUIRE(rest);
    CHECK(rest->lines == 2);
    CHECK(later.comparison.differences().empty());
}

TEST_CASE("where nothing can be compared it is said why")
{
    struct Case {
        std::string text;
        std::string_view want;
    };
    const Case cases[] = {{"", "no line of that time"}, {records, "no line of Postfix's"}, {mail_log, "no decision"}};
    for (const auto& c : cases) {
        Fixture f;
        const auto seen = f.compare({f.write("mail.log", c.text)});
        REQUIRE(seen);
        CHECK(why_not_compared(f.comparison, *seen).find(c.want) != std::string::npos);
    }
    Fixture f;
    CHECK_FALSE(LogSource::open(f.folder / "none"));
    CHECK_FALSE(f.compare({f.write("broken.gz", "this is not packed")}));
}

} // namespace postern
