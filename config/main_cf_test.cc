#include "config/main_cf.h"

#include "config/read_config.h"
#include "test/scratch_folder.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>

namespace postern {
namespace {

using Lines = std::vector<std::string>;

const std::string ours = "check_policy_service { unix:postern/policy, timeout=30s, default_action=DUNNO }";
const std::string milter =
    "{ unix:postern/milter, connect_timeout=10s, content_timeout=300s, default_action=tempfail }";
const std::string debian = "compatibility_level = 3.6\nqueue_directory = /var/spool/postfix\n";
const std::string key = "[[dkim.domain]]\ndomain = \"example.org\"\nselector = \"a\"\nkey = \"/k\"\n";

Config config_of(const std::string& toml, std::string_view instance = {})
{
    const auto loaded = read_config({"t", toml}, instance);
    REQUIRE(loaded);
    return loaded->config;
}

PostfixConfig postfix_of(const std::string& parameters, const std::string& services = "")
{
    return read_postconf({debian + parameters, services, ""});
}

Lines parameters(const Lines& lines)
{
    Lines got;
    for (const auto& line : lines)
        if (!line.starts_with('#'))
            got.push_back(line);
    return got;
}

bool has_line(const Lines& lines, std::string_view part)
{
    return std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return line.find(part) != line.npos; });
}

} // namespace

TEST_CASE("where unknown recipients are kept out, mail waits for a daemon that does not answer")
{
    const std::string directory =
        "[[ldap]]\nname = \"a\"\nservers = [\"ldaps://a\"]\nbase = \"dc=x\"\nfilter = \"(mail=%s)\"\n";
    const std::string guard = "check_policy_service { unix:postern/policy, timeout=30s, "
                              "{ default_action = 451 4.3.0 Recipients cannot be verified at present } }";
    const std::string before = "smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, "
                               "reject_unauth_destination, ";
    struct Case {
        const char* name;
        std::string toml;
        std::string want;
    };
    const Case cases[] = {
        {"a directory", directory, guard},
        {"a table", "[recipient]\naccess = \"/a\"\n", guard},
        {"neither", "", ours},
        {"observed", directory + "[recipient]\nobserve = true\n", ours},
        {"switched off", directory + "[recipient]\nenable = false\n", ours},
        {"not needed", directory + "[recipient]\nunavailable = \"pass\"\n", ours},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto lines = parameters(main_cf({"", config_of(c.toml), {}, postfix_of("")}));
        CHECK(lines.at(0) == before + c.want);
        CHECK(lines.at(1) == "smtpd_data_restrictions = " + ours);
    }
    // It is found again, and the same the second time.
    const auto again = main_cf({"", config_of(directory), {},
                                postfix_of("smtpd_recipient_restrictions = reject_unauth_destination, " + guard + "\n")});
    CHECK(parameters(again).at(0) == "smtpd_recipient_restrictions = reject_unauth_destination, " + guard);
}

TEST_CASE("a fresh Postfix, and one that cannot be asked")
{
    const Lines want = {
        "smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination, "
            + ours,
        "smtpd_data_restrictions = " + ours,
        "smtpd_milters = " + milter,
        "non_smtpd_milters = " + milter,
    };
    const auto fresh = main_cf({"", config_of(""), {}, postfix_of("")});
    CHECK(parameters(fresh) == want);
    CHECK_FALSE(has_line(fresh, "fresh Postfix"));
    CHECK(has_line(main_cf({" FILE", config_of(""), {}, postfix_of("")}), "#     postern main-cf FILE | grep -v '^#'"));

    const auto unknown = main_cf({"", config_of(""), {}, fail("postconf: not there")});
    CHECK(parameters(unknown) == want);
    CHECK(has_line(unknown, "# This is for a fresh Postfix, since yours cannot be asked: postconf: not there"));
}

TEST_CASE("to observe, we are asked before the old programs, and nothing else changes")
{
    const std::string observer = "check_policy_service { unix:postern/policy, timeout=30s, default_action=DUNNO, "
                                 "policy_context=observe }";
    const std::string observing_milter =
        "{ unix:postern/milter, connect_timeout=10s, content_timeout=300s, default_action=accept }";
    const std::string spf_and_postgrey = "check_policy_service unix:private/policyd-spf, warn_if_reject "
                                         "check_policy_service inet:127.0.0.1:10023";
    const auto observe = [](const std::string& toml, const std::string& postfix) {
        return parameters(main_cf({"", config_of(toml), {}, postfix_of(postfix), PostfixWay::observe, {}}));
    };
    const std::string lists = "smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination, ";
    CHECK(observe("[clamav]\nenable = true\n" + key,
                  lists + spf_and_postgrey + ", permit\nsmtpd_milters = inet:localhost:8891 local:clamav/clamav-milter.ctl\n"
                      + "non_smtpd_milters = $smtpd_milters\nmilter_macro_defaults = a=b\n")
          == Lines{lists + observer + ", " + spf_and_postgrey + ", permit",
                   "smtpd_milters = " + observing_milter + ", inet:localhost:8891, local:clamav/clamav-milter.ctl",
                   "non_smtpd_milters = $smtpd_milters", "milter_macro_defaults = a=b, {postern}=observe"});
    // What observes now is replaced, by observing again or for good.
    const auto again = lists + observer + "\nmilter_macro_defaults = {postern}=observe\n";
    CHECK(observe("", again).at(0) == lists + observer);
    CHECK(observe("", again).at(3) == "milter_macro_defaults = {postern}=observe");
    const auto replaced = parameters(main_cf({"", config_of(""), {}, postfix_of(again)}));
    CHECK(replaced.at(0) == lists + ours);
    CHECK(replaced.back() == "milter_macro_defaults = ");
}

TEST_CASE("the command that sets the lines is for the Postfix that they are for")
{
    const auto lines = main_cf({" FILE", config_of(""), {}, postfix_of(""), PostfixWay::replace, "/etc/postfix-out"});
    CHECK(has_line(lines, "postern main-cf FILE --config-dir /etc/postfix-out | grep"));
    CHECK(has_line(lines, "do postconf -c /etc/postfix-out -e \"$line\""));
    CHECK(has_line(lines, "postfix -c /etc/postfix-out reload"));
}

TEST_CASE("where our policy service comes")
{
    struct Case {
        const char* name;
        std::string now, want;
    };
    const std::string guard = "permit_mynetworks, reject_unauth_destination";
    const Case cases[] = {
        {"at the end", guard + ", reject_rbl_client zen.example", guard + ", reject_rbl_client zen.example, " + ours},
        {"before a final permit", guard + ", permit", guard + ", " + ours + ", permit"},
        {"in the place of postgrey",
         guard + ", check_policy_service inet:127.0.0.1:10023, reject_rbl_client zen.example",
         guard + ", " + ours + ", reject_rbl_client zen.example"},
        {"in the place of two",
         guard + ", check_policy_service unix:private/policyd-spf, check_policy_service unix:postgrey/socket",
         guard + ", " + ours},
        {"of one that was only tried", guard + ", warn_if_reject check_policy_service inet:127.0.0.1:10023",
         guard + ", " + ours},
        {"not before the relay guard", "check_policy_service inet:127.0.0.1:10023, " + guard, guard + ", " + ours},
        {"not before the other guard", "check_policy_service inet:[::1]:10023 defer_unauth_destination",
         "defer_unauth_destination, " + ours},
        {"other services stay", guard + ", check_policy_service unix:private/quota",
         guard + ", check_policy_service unix:private/quota, " + ours},
        {"ours from before, older", guard + ", check_policy_service unix:postern/policy, permit",
         guard + ", " + ours + ", permit"},
        {"ours from before", guard + ", " + ours, guard + ", " + ours},
        {"argument missing", guard + ", check_policy_service", guard + ", check_policy_service " + ours},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto postfix = postfix_of("smtpd_recipient_restrictions = " + c.now);
        const auto got = parameters(main_cf({"", config_of(""), {}, postfix}));
        REQUIRE(got.size() == 4);
        CHECK(got[0] == "smtpd_recipient_restrictions = " + c.want);
    }
}

TEST_CASE("places of the operator's own stay, and what they do not ask for is asked for in the usual one")
{
    const std::string guard = "permit_mynetworks, reject_unauth_destination";
    const std::string spf = "check_policy_service { unix:postern/policy, default_action=DUNNO, policy_context=spf }";
    const std::string both =
        "check_policy_service { unix:postern/policy, timeout=9s, { policy_context = greylist, spf } }";
    const auto rest = [](const std::string& checks) {
        return "check_policy_service { unix:postern/policy, timeout=30s, default_action=DUNNO, policy_context=" + checks
            + " }";
    };
    const std::string recipient = "smtpd_recipient_restrictions = ", sender = "smtpd_sender_restrictions = ";
    struct Case {
        const char* name;
        std::string now, want; // smtpd_recipient_restrictions of `want`; empty: no line
        const char* want_remark = nullptr;
    };
    const Case cases[] = {
        {"one in another list", sender + spf + "\n" + recipient + guard, guard + ", " + rest("greylist"),
         "# Stays: { unix:postern/policy, default_action=DUNNO, policy_context=spf }, a place of its own."},
        {"one in this list", recipient + guard + ", " + spf + ", permit",
         guard + ", " + spf + ", " + rest("greylist") + ", permit"},
        {"what was printed is found again", recipient + guard + ", " + spf + ", " + rest("greylist"),
         guard + ", " + spf + ", " + rest("greylist")},
        {"one that asks for all there is", recipient + guard + ", " + both, guard + ", " + both,
         "# WARNING: { unix:postern/policy, timeout=9s, { policy_context = greylist, spf } } has no default_action"},
        {"in a list of which there is no line", sender + both, ""},
        {"in the place of postgrey", sender + spf + "\n" + recipient + guard
             + ", check_policy_service inet:127.0.0.1:10023, reject_rbl_client zen.example",
         guard + ", " + rest("greylist") + ", reject_rbl_client zen.example"},
        {"beside the whole chain", sender + spf + "\n" + recipient + guard + ", check_policy_service unix:postern/policy",
         guard + ", " + ours},
        {"in a class", "smtpd_restriction_classes = c\nc = " + spf + "\n" + recipient + guard,
         guard + ", " + rest("greylist")},
        {"at another address", recipient + guard + ", check_policy_service { unix:postern/old, policy_context=spf+greylist }",
         guard + ", check_policy_service { unix:postern/old, policy_context=spf+greylist }",
         "# WARNING: { unix:postern/old, policy_context=spf+greylist } asks unix:postern/old, and the daemon listens at "
         "unix:postern/policy."},
        {"of another service", sender + "check_policy_service { unix:private/other, policy_context=spf }\n" + recipient
             + guard, guard + ", " + ours},
        {"with a name that means no check", recipient + guard + ", check_policy_service { unix:postern/policy, "
             "default_action=DUNNO, policy_context=spff }", guard + ", check_policy_service { unix:postern/policy, "
             "default_action=DUNNO, policy_context=spff }",
         "# WARNING: { unix:postern/policy, default_action=DUNNO, policy_context=spff } asks for the whole chain: no check "
         "is named spff."},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto lines = main_cf({"", config_of(""), {}, postfix_of(c.now)});
        CAPTURE(fmt::format("{}", fmt::join(lines, "\n")));
        const auto got = parameters(lines);
        if (c.want.empty())
            CHECK_FALSE(has_line(got, recipient));
        else
            CHECK(got.at(0) == recipient + c.want);
        CHECK(has_line(got, "smtpd_data_restrictions = " + ours));
        if (c.want_remark)
            CHECK(has_line(lines, c.want_remark));
    }
    // What asks for recipients is what mail waits for.
    const auto lines = parameters(main_cf({"", config_of("[recipient]\naccess = \"/a\"\n"), {},
                                           postfix_of(recipient + guard + ", " + spf)}));
    CHECK(lines.at(0).ends_with("{ default_action = 451 4.3.0 Recipients cannot be verified at present }, "
                                "policy_context=recipient+greylist }"));
}

TEST_CASE("where our milter comes")
{
    struct Case {
        const char* name;
        std::string toml, now, want;
    };
    const std::string all_ours = "[clamav]\nenable = true\n" + key;
    const Case cases[] = {
        {"alone", "", "", milter},
        {"last", "", "inet:127.0.0.1:11332", "inet:127.0.0.1:11332, " + milter},
        {"before DMARC, which reads our results", "", "inet:localhost:1, local:opendmarc/sock",
         "inet:localhost:1, " + milter + ", local:opendmarc/sock"},
        {"in the place of what we replace", all_ours, "unix:opendkim/sock, inet:a:1, unix:/clamav/clamav-milter.ctl",
         milter + ", inet:a:1"},
        {"what we do not do stays", "", "unix:opendkim/sock unix:/clamav/clamav-milter.ctl",
         "unix:opendkim/sock, unix:/clamav/clamav-milter.ctl, " + milter},
        {"with settings of its own", all_ours, "{ inet:localhost:8891, default_action=accept }, inet:a:1",
         milter + ", inet:a:1"},
        {"ours from before", "", "{ unix:postern/milter, default_action=accept }, inet:a:1", milter + ", inet:a:1"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto postfix = postfix_of("smtpd_milters = " + c.now + "\nnon_smtpd_milters = " + c.now);
        const auto got = parameters(main_cf({"", config_of(c.toml), {}, postfix}));
        REQUIRE(got.size() == 4);
        CHECK(got[2] == "smtpd_milters = " + c.want);
        CHECK(got[3] == "non_smtpd_milters = " + c.want);
    }
    const auto follows = main_cf({"", config_of(""), {}, postfix_of("non_smtpd_milters = $smtpd_milters")});
    CHECK(parameters(follows)[3] == "non_smtpd_milters = $smtpd_milters");
}

TEST_CASE("addresses, as Postfix finds them")
{
    struct Case {
        const char* name;
        std::string toml, postfix, want;
        const char* want_warning; // nullptr: none
    };
    const std::string services = "smtp inet n - y - - smtpd\nother unix n - y - - pipe\nsmtps inet n - n - - smtpd\n"
                                 "cleanup unix n - y - 0 cleanup\n";
    const Case cases[] = {
        {"below another queue directory",
         "[policyd]\nlisten = \"unix:/q/x/policy\"\n[milterd]\nlisten = \"unix:/q/x/milter\"\n",
         "queue_directory = /q", "unix:x/policy", nullptr},
        {"outside", "[policyd]\nlisten = \"unix:/run/policy\"\n", "", "unix:/run/policy",
         "# WARNING: /run/policy is out of reach of smtp/inet, which is chrooted to /var/spool/postfix: let the daemon "
         "listen below that, such as in /var/spool/postfix/postern."},
        {"a neighbour of the queue directory", "[policyd]\nlisten = \"unix:/var/spool/postfix2/p\"\n", "",
         "unix:/var/spool/postfix2/p", "/var/spool/postfix2/p is out of reach"},
        {"TCP", "[policyd]\nlisten = \"inet:127.0.0.1:10040\"\n", "", "inet:127.0.0.1:10040", nullptr},
        {"all addresses", "[policyd]\nlisten = \"inet:0.0.0.0:10040\"\n", "", "inet:127.0.0.1:10040", nullptr},
        {"all IPv6 addresses", "[policyd]\nlisten = \"inet:[::]:10040\"\n", "", "inet:[::1]:10040", nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = main_cf({"", config_of(c.toml), {}, postfix_of(c.postfix, services)});
        CHECK(has_line(parameters(got), "{ " + c.want + ", timeout=30s, "));
        CHECK(has_line(got, "out of reach of smtp/inet") == (c.want_warning != nullptr));
        CHECK_FALSE(has_line(got, "out of reach of smtps/inet")); // not chrooted
        CHECK_FALSE(has_line(got, "out of reach of other/unix"));
        CHECK_FALSE(has_line(got, "out of reach of cleanup/unix")); // it asks milters alone
        if (c.want_warning)
            CHECK(has_line(got, c.want_warning));
    }
    const auto milter = main_cf({"", config_of("[milterd]\nlisten = \"unix:/run/m\"\n"), {}, postfix_of("", services)});
    CHECK(has_line(milter, "/run/m is out of reach of smtp/inet"));
    CHECK(has_line(milter, "/run/m is out of reach of cleanup/unix")); // bounces, and sendmail(1)
    const auto unknown = main_cf({"", config_of("[milterd]\nlisten = \"unix:/run/m\"\n"), {}, fail("no")});
    CHECK(has_line(unknown, "# WARNING: /run/m is not below /var/spool/postfix"));
}

TEST_CASE("limits of time are longer than the daemons' own")
{
    const auto config = config_of("[policyd]\ndeadline = \"90s\"\n[milterd]\ndeadline = \"280s\"\n");
    const auto got = parameters(main_cf({"", config, {}, postfix_of("")}));
    CHECK(has_line(got, "timeout=100s"));
    CHECK(has_line(got, "content_timeout=340s"));
}

TEST_CASE("a policy daemon that is asked nothing is not asked")
{
    const auto config = config_of("[spf]\nenable = false\n[policyd]\nchecks = [\"spf\"]\n");
    const auto got = main_cf({"", config, {}, postfix_of("")});
    CHECK(parameters(got) == Lines{"smtpd_milters = " + milter, "non_smtpd_milters = " + milter});
    CHECK(has_line(got, "# postern-policyd has nothing to do"));
}

TEST_CASE("what was taken out, and what stays, is told once with its reason")
{
    const auto postfix = postfix_of("smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:10023, "
                                    "check_policy_service unix:private/policyd-spf\n"
                                    "smtpd_milters = inet:localhost:8891\n"
                                    "non_smtpd_milters = inet:localhost:8891\n");
    const auto got = main_cf({"", config_of("[spf]\nobserve = true\n"), {}, postfix});
    const Lines want = {
        "# Taken out: inet:127.0.0.1:10023 (postgrey); [greylist] does its work.",
        "# Stays: unix:private/policyd-spf (policyd-spf); Postern only observes that.",
        "# Stays: inet:localhost:8891 (opendkim); it may be what signs your mail, and there is no [[dkim.domain]] yet.",
    };
    for (const auto& line : want) {
        CAPTURE(line);
        CHECK(std::count(got.begin(), got.end(), line) == 1);
    }
}

TEST_CASE("instances are for master.cf, so they are comments")
{
    const std::string toml = "[milterd.submission]\ndeadline = \"30s\"\n";
    const auto got = main_cf({"", config_of(toml), {{"submission", config_of(toml, "submission")}}, postfix_of("")});
    CHECK(parameters(got).size() == 4);
    CHECK(has_line(got, "#     -o { smtpd_milters = { unix:postern/milter-submission, connect_timeout=10s, "
                        "content_timeout=300s, default_action=tempfail } }"));
}

TEST_CASE("Postfix's own mail goes to an instance that signs")
{
    const std::string toml = "[milterd]\nrole = \"inbound\"\n[milterd.submission]\nrole = \"submission\"\n";
    const auto got = main_cf({"", config_of(toml), {{"submission", config_of(toml, "submission")}},
                              postfix_of("smtpd_milters = inet:a:1\nnon_smtpd_milters = $smtpd_milters")});
    CHECK(parameters(got)[2] == "smtpd_milters = inet:a:1, " + milter);
    CHECK(has_line(got, "non_smtpd_milters = $smtpd_milters, { unix:postern/milter-submission, "));
    CHECK(has_line(got, "# Instance submission, which signs: in master.cf"));

    const auto alone = main_cf({"", config_of("[milterd]\nrole = \"inbound\"\n"), {}, postfix_of("")});
    CHECK(has_line(alone, "# Bounces and mail from sendmail(1) are not signed"));
}

TEST_CASE("ask_postconf")
{
    Lines asked;
    const auto answer = [&](const Lines& command) -> Result<ProgramAnswer> {
        asked.push_back(fmt::format("{}", fmt::join(command, " ")));
        return ProgramAnswer{0, command.back() == "-M" ? "smtp inet n - y - - smtpd\n" : "a = b\n"};
    };
    const auto postfix = ask_postconf("/etc/other", answer);
    REQUIRE(postfix);
    CHECK(asked == Lines{"postconf -c /etc/other", "postconf -c /etc/other -M", "postconf -c /etc/other -P"});
    CHECK(postfix->value("a") == "b");
    CHECK(postfix->services.size() == 1);

    CHECK(ask_postconf("", [](const Lines&) -> Result<ProgramAnswer> { return fail("no such program"); }).error().what
          == "no such program");
    CHECK(ask_postconf("", [](const Lines&) -> Result<ProgramAnswer> { return ProgramAnswer{1, "fatal: \x1bno\n"}; })
              .error()
              .what
          == "fatal: ?no");
}

// What we print must be what Postfix reads: set it, ask again, and nothing changes any more.
TEST_CASE("the lines survive a real postconf")
{
    const auto run = [](const Lines& command) { return run_program(command); };
    if (!run({"postconf", "-d", "mail_version"})) {
        MESSAGE("postconf(1) is not installed: not tried");
        return;
    }
    const ScratchFolder scratch;
    std::ofstream(scratch / "main.cf") << R"(compatibility_level = 3.6
queue_directory = /var/spool/postfix
smtpd_recipient_restrictions = permit_mynetworks,
  reject_unauth_destination,
  check_policy_service inet:127.0.0.1:10023,
  reject_rbl_client zen.example
smtpd_milters = { inet:localhost:8891, default_action=accept }, inet:localhost:1
)";
    std::ofstream(scratch / "master.cf") << R"(smtp inet n - y - - smtpd
127.0.0.1:10025 inet n - n - - smtpd
  -o content_filter=
  -o { smtpd_restriction_classes = a, b }
)";

    const auto first = ask_postconf(scratch.path(), run);
    REQUIRE_MESSAGE(first.has_value(), first.error().what);
    const auto lines = main_cf({"", config_of(key), {}, first});
    CHECK(has_line(lines, "127.0.0.1:10025/inet takes mail back"));
    CHECK(has_line(lines, "Taken out: inet:127.0.0.1:10023 (postgrey)"));
    for (const auto& line : parameters(lines))
        REQUIRE(run({"postconf", "-c", scratch.path(), "-e", line})->status == 0);

    const auto second = ask_postconf(scratch.path(), run);
    REQUIRE(second);
    CHECK(second->value("smtpd_recipient_restrictions")
          == "permit_mynetworks, reject_unauth_destination, " + ours + ", reject_rbl_client zen.example");
    CHECK(second->value("smtpd_milters") == milter + ", inet:localhost:1");
    CHECK(parameters(main_cf({"", config_of(key), {}, second})) == parameters(lines));
}

} // namespace postern
