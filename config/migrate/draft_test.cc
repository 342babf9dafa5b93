#include "config/migrate/draft.h"

#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

const OldLine postgrey{"postgrey", "/etc/default/postgrey", 3};
const OldLine opendkim{"opendkim", "/etc/opendkim.conf", 7};

} // namespace

TEST_CASE("a draft has what differs from the defaults, in their order, with where it comes from")
{
    Draft draft;
    REQUIRE(draft.set("greylist.text", {"Wait \"%s\" \\ s"}, postgrey));
    REQUIRE(draft.set("greylist.delay", {"120s"}, postgrey));
    REQUIRE(draft.set("greylist.max_age", {"35d"}, postgrey)); // the default
    REQUIRE(draft.set("greylist.auto_whitelist_after", {"7"}, postgrey));
    REQUIRE(draft.add("trust.networks", "192.0.2.0/24", opendkim));
    REQUIRE(draft.add("trust.networks", "192.0.2.0/24", postgrey));
    const auto text = draft.text();
    CHECK(text.substr(text.find("\n["))
          == "\n[trust]\n"
             "# /etc/opendkim.conf:7\n"
             "# /etc/default/postgrey:3\n"
             "networks = [\"127.0.0.0/8\", \"::1/128\", \"192.0.2.0/24\"]\n"
             "\n[greylist]\n"
             "# /etc/default/postgrey:3\n"
             "delay = \"120s\"\n"
             "# /etc/default/postgrey:3\n"
             "auto_whitelist_after = 7\n"
             "# /etc/default/postgrey:3\n"
             "text = \"Wait \\\"%s\\\" \\\\ s\"\n");
    const auto config = read_config({"draft", text});
    REQUIRE(config);
    CHECK(config->config.greylist.text == "Wait \"%s\" \\ s");
    CHECK(config->config.trust.networks.size() == 3);
}

TEST_CASE("repeated sections stand once for each, whole")
{
    Draft draft;
    const auto first = draft.new_section("dkim.domain");
    const auto second = draft.new_section("dkim.domain");
    for (const auto& [section, name] : {std::pair(first, "a.example"), std::pair(second, "b.example")}) {
        REQUIRE(draft.set(section, "domain", {name}, opendkim));
        REQUIRE(draft.set(section, "selector", {"mail"}, opendkim));
        REQUIRE(draft.set(section, "key", {"/etc/key.pem"}, opendkim));
        REQUIRE(draft.set(section, "subdomains", {"false"}, opendkim)); // also what is the default
    }
    const auto config = read_config({"draft", draft.text()});
    REQUIRE(config);
    REQUIRE(config->config.dkim.domains.size() == 2);
    CHECK(config->config.dkim.domains[1].domain == "b.example");
    CHECK(draft.sections("dkim.domain") == 2);
    CHECK(draft.text().find("subdomains = false") != std::string::npos);
}

TEST_CASE("what the table does not take is an error, and the draft stays as it was")
{
    Draft draft;
    CHECK_FALSE(draft.set("greylist.delay", {"soon"}, postgrey));
    CHECK_FALSE(draft.set("greylist.delay", {"100d"}, postgrey)); // beyond its limit
    CHECK_FALSE(draft.set("greylist.no_such", {"1"}, postgrey));
    CHECK_FALSE(draft.set("nonsense", {"1"}, postgrey));
    CHECK_FALSE(draft.add("trust.networks", "not a network!", postgrey));
    CHECK(draft.text().find("\n[") == std::string::npos);
}

TEST_CASE("the last word of one program counts, two programs must agree")
{
    Draft draft;
    REQUIRE(draft.set("log.level", {"debug"}, postgrey));
    REQUIRE(draft.set("log.level", {"warning"}, postgrey));
    CHECK(draft.set("log.level", {"warning"}, opendkim));
    const auto conflict = draft.set("log.level", {"error"}, {"policyd-spf", "/etc/x"});
    REQUIRE_FALSE(conflict);
    CHECK(conflict.error().what
          == "/etc/opendkim.conf:7 (opendkim) wants log.level = \"warning\", and there can be only one");
    REQUIRE(draft.find("log.level"));
    CHECK(draft.find("log.level")->front() == "warning");
}

TEST_CASE("a secret is not shown, and the draft knows that it has one")
{
    Draft draft;
    CHECK_FALSE(draft.has_secret());
    CHECK(shown_setting("ldap.bind_password", {"hush"}).find("hush") == std::string::npos);
    REQUIRE(draft.set(draft.new_section("ldap"), "bind_password", {"hush"}, postgrey));
    CHECK(draft.has_secret());
}

} // namespace postern
