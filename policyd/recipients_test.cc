#include "policyd/recipients.h"

#include "test/fake/fake_log.h"
#include "test/scratch_folder.h"
#include "test/status_of.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>

namespace postern {
namespace {

const MailAddress user{"user", "example.org"};

Recipients::ReadTextFile files(std::map<std::string, std::string> all)
{
    return [all = std::move(all)](const std::string& path) -> Result<std::string> {
        const auto it = all.find(path);
        if (it == all.end())
            return fail("{}: No such file or directory", path);
        return it->second;
    };
}

Config with_table(const std::string& path)
{
    Config config;
    config.recipient.enable = true;
    config.ldap.emplace_back();
    config.ldap[0].name = "staff";
    config.ldap[0].table = path;
    config.ldap[0].preset = "none";
    config.ldap[0].canary = "postmaster@example.org";
    return config;
}

} // namespace

TEST_CASE("Recipients::read: settings")
{
    Config config;
    LdapSettings ldap;
    ldap.name = "ad";
    ldap.servers = {"ldaps://dc1", "ldap://dc2:3268"};
    ldap.base = "dc=example,dc=org";
    ldap.preset = "active_directory";
    ldap.scope = "one";
    ldap.domains = {"Example.ORG", "b\xc3\xbc" "cher.example"};
    ldap.verify = true;
    config.ldap = {ldap};
    const auto source = Recipients::read(config, files({}));
    REQUIRE(source);
    REQUIRE(source->directories.size() == 1);
    const auto& [options, domains] = source->directories[0];
    CHECK(options.servers.at(1).text() == "ldap://dc2:3268");
    CHECK(options.filter.expand(user)
          == "(&(|(objectclass=person)(objectclass=group))(proxyAddresses=smtp:user@example.org))");
    CHECK(options.scope == LdapScope::one);
    CHECK(options.verify);
    CHECK(domains == Texts{"example.org", "xn--bcher-kva.example"});
    CHECK(*source == *Recipients::read(config, files({})));
    config.ldap[0].bind_password = "new";
    CHECK_FALSE(*source == *Recipients::read(config, files({})));
}

TEST_CASE("Recipients::read: a table of Postfix's, with domains in a file")
{
    const auto read = files({{"/ldap.cf", "search_base = dc=x\nquery_filter = mail=%s\ndomain = example.org, /domains\n"},
                             {"/domains", "# ours\nexample.net\nB\xc3\xbc" "cher.example\n"}});
    const auto source = Recipients::read(with_table("/ldap.cf"), read);
    REQUIRE(source);
    CHECK(source->directories.at(0).domains == Texts{"example.org", "example.net", "xn--bcher-kva.example"});
    CHECK(source->directories[0].options.name == "staff");
    CHECK(source->directories[0].options.canary == "postmaster@example.org");
}

TEST_CASE("Recipients::read: faults")
{
    const auto error = [](const char* path, std::map<std::string, std::string> all) {
        const auto source = Recipients::read(with_table(path), files(std::move(all)));
        REQUIRE_FALSE(source);
        return source.error().what;
    };
    CHECK(error("/ldap.cf", {}) == "ldap staff: /ldap.cf: No such file or directory");
    CHECK(error("/ldap.cf", {{"/ldap.cf", "search_base = dc=x\nscope = all\n"}})
          == "ldap staff: /ldap.cf:2: scope: \"all\" is not one of: sub, one, base");
    CHECK(error("/ldap.cf", {{"/ldap.cf", "search_base = dc=x\ndomain = /domains\n"}, {"/domains", "a\nhash:/etc/x\n"}})
          == "ldap staff: /domains:2: \"hash:/etc/x\" is not a domain");
}

TEST_CASE("Recipients::warnings: files that everybody may read, and what is not used")
{
    const ScratchFolder folder;
    const auto path = folder / "ldap.cf", access = folder / "access";
    std::ofstream(path) << "search_base = dc=x\nbind_pw = secret\ncache = yes\n";
    std::ofstream(access) << "a@b OK\na@b REJECT\n";
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    auto config = with_table(path);
    config.recipient.access = access;
    const auto read = files({{path, "search_base = dc=x\nbind_pw = secret\ncache = yes\n"}});
    CHECK(Recipients::warnings(config, read)
          == Texts{path + ":3: cache: is not used: Postern's cache is set in [recipient]",
                   path + ": bind_pw: everybody may read this file: chmod o-r",
                   access + ":2: a@b stands there already; the first counts"});
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    config.recipient.access = "";
    CHECK(Recipients::warnings(config, read).size() == 1);
    config.recipient.enable = false;
    CHECK(Recipients::warnings(config, read).empty());
}

TEST_CASE("Recipients: status, with a directory that nobody can reach")
{
    asio::io_context io;
    FakeLog log;
    Recipients::Source source;
    source.directories.push_back({{}, {"example.org"}});
    auto& options = source.directories[0].options;
    options.name = "staff";
    options.servers = {*parse_ldap_url("ldapi://%2Fno%2Fsuch%2Fsocket")};
    options.filter = *LdapTemplate::parse_filter("mail=%s");
    Recipients recipients(io, source, log);
    recipients.start({});
    CHECK(status_of(recipients).find("ldap_server staff server=ldapi://%2Fno%2Fsuch%2Fsocket state=unknown\n") != std::string::npos);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (status_of(recipients).find("ldap staff state=down") == std::string::npos && std::chrono::steady_clock::now() < end)
        io.run_one_for(std::chrono::milliseconds(20));
    CHECK(status_of(recipients).find("ldap staff state=down error=\"ldapi://%2Fno%2Fsuch%2Fsocket: cannot connect: No such "
                                   "file or directory\"\n")
          != std::string::npos);
}

} // namespace postern
