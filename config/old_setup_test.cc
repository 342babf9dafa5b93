#include "config/old_setup.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

const std::string services = "smtp inet n - y - - smtpd\n"
                             "policyd-spf unix - n n - 0 spawn user=policyd-spf argv=/usr/bin/policyd-spf\n"
                             "other unix - n n - 0 spawn user=x argv=/usr/bin/x\n";
const std::string spf = "check_policy_service unix:private/policyd-spf";
const std::string postgrey = "check_policy_service inet:127.0.0.1:10023";

PostfixConfig postfix_of(const std::string& restrictions, const std::string& more = "", const std::string& options = "")
{
    return read_postconf({"smtpd_recipient_restrictions = " + restrictions + "\npolicyd-spf_time_limit = 3600\n" + more,
                          services, options});
}

std::string names(const OldSetup& old)
{
    std::string text;
    for (const auto* program : old.programs)
        text.append(text.empty() ? "" : " ").append(program->name);
    return text;
}

} // namespace

TEST_CASE("what nobody asks any more is left behind")
{
    const auto old = unused(postfix_of(spf + ", " + postgrey, "smtpd_milters = inet:localhost:8891\n"),
                            postfix_of("check_policy_service unix:postern/policy", "smtpd_milters = unix:postern/milter\n"));
    CHECK(names(old) == "opendkim policyd-spf postgrey");
    CHECK(old.has(Duty::greylist));
    CHECK_FALSE(old.has(Duty::clamav));
    CHECK(old.services == std::vector<std::string>{"policyd-spf/unix"});
    CHECK(old.parameters == std::vector<std::string>{"policyd-spf_time_limit"});
}

TEST_CASE("what is asked anywhere stays whole")
{
    const auto before = postfix_of(spf + ", " + postgrey, "some_class = " + postgrey + "\n", "smtp/inet/smtpd_milters = inet:[::1]:8891\n");
    const auto after = postfix_of("permit", "some_class = " + postgrey + "\n", "smtp/inet/smtpd_milters = inet:[::1]:8891\n");
    CHECK(names(unused(before, after)) == "policyd-spf");
    CHECK(names(unused(before, before)) == "");
    CHECK(unused(before, before).services.empty());
}

} // namespace postern
