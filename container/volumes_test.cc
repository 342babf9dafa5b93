#include "container/volumes.h"

#include "container/render.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

namespace postern {
namespace {

using Files = std::map<std::string, std::string>;

Result<std::string> nothing(const std::string& path)
{
    return fail("{}: No such file or directory", path);
}

// Of a container with these variables and these files in its volumes.
std::string report_of(const Environment& environment, const Files& files)
{
    const ScratchFolder root;
    for (const auto& [path, text] : files) {
        const auto place = root.path() + path;
        std::filesystem::create_directories(std::filesystem::path(place).parent_path());
        std::ofstream(place) << text;
    }
    const auto read = [&](const std::string& path) {
        const auto it = files.find(path);
        return it == files.end() ? nothing(path) : Result<std::string>(it->second);
    };
    const auto image = render(environment, {}, read);
    REQUIRE(image);
    return report_on_volumes(read_values(environment, read).values, *image, OldHost(root.path()));
}

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

const Environment gateway{{"POSTMASTER_EMAIL", "p@example.com"}, {"POSTFIX_MYHOSTNAME", "mx.example.com"}};
const Environment relay{{"MAILNAME", "mail.example.com"}};

Environment with(Environment base, const Environment& more)
{
    base.insert(more.begin(), more.end());
    return base;
}

} // namespace

TEST_CASE("volumes: nothing of another image")
{
    CHECK(report_of(gateway, {}).empty());
    CHECK(report_of(relay, {{"/var/spool/postfix/deferred/A/1", "a mail"}}).empty());
}

TEST_CASE("volumes: OpenDKIM's tables and keys, and what is wrong with them")
{
    const auto text = report_of(with(gateway, {{"ENABLE_OPENDKIM", "true"}, {"OPENDKIM_MODE", "s"}, {"OPENDKIM_KEYTABLE", "/etc/mail/dkim/KeyTable"},
                                               {"OPENDKIM_SIGNINGTABLE", "/etc/mail/dkim/SigningTable"}}),
                                {{"/etc/mail/dkim/KeyTable", "a a.example:s:/etc/mail/dkim/s.private\nb b.example:s\n"
                                                             "c c.example:s:/etc/mail/dkim/gone.private\n"},
                                 {"/etc/mail/dkim/SigningTable", "*@a.example a\n*@z.example z\n"},
                                 {"/etc/mail/dkim/s.private", "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"},
                                 {"/etc/mail/dkim/old.private", "another"}});
    INFO(text);
    CHECK(has(text, "kept    OPENDKIM_KEYTABLE: OPENDKIM_KEYTABLE=/etc/mail/dkim/KeyTable"));
    CHECK(has(text, "/etc/mail/dkim/s.private: root reads it, and the milter has a copy"));
    CHECK(has(text, "fault   /etc/mail/dkim/KeyTable:1"));
    CHECK(has(text, "/etc/mail/dkim/s.private: holds no private key"));
    CHECK(has(text, "fault   /etc/mail/dkim/KeyTable:2"));
    CHECK(has(text, "/etc/mail/dkim/gone.private: is not there"));
    CHECK(has(text, "fault   /etc/mail/dkim/SigningTable:2"));
    CHECK(has(text, "changed /etc/mail/dkim/old.private"));
    CHECK(has(text, "no variable and no row of the key table names it"));
}

TEST_CASE("volumes: the one key of a relay")
{
    const Files key{{"/etc/opendkim/dkim.key", "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"}};
    const auto on = report_of(with(relay, {{"USE_DKIM", "yes"}}), key);
    INFO(on);
    CHECK(has(on, "domain = \"mail.example.com\""));
    CHECK(has(on, "/etc/opendkim/dkim.key: holds no private key"));
    const auto off = report_of(relay, key);
    INFO(off);
    CHECK(has(off, "changed /etc/opendkim/dkim.key"));
    CHECK(has(off, "neither USE_DKIM nor ENABLE_OPENDKIM is true"));
}

TEST_CASE("volumes: postgrey's lists and database")
{
    const Files files{{"/etc/postgrey/postgrey_whitelist_clients.local", "good.example\n10.20\n300.1.2.3/99\n"},
                      {"/var/spool/postfix/postgrey/postgrey.db", "..."}};
    const auto on = report_of(with(gateway, {{"ENABLE_POSTGREY", "true"}}), files);
    INFO(on);
    CHECK(has(on, "kept    /etc/postgrey/postgrey_whitelist_clients.local"));
    CHECK(has(on, "changed /etc/postgrey/postgrey_whitelist_clients.local:2: 10.20"));
    CHECK(has(on, "fault   /etc/postgrey/postgrey_whitelist_clients.local:3"));
    CHECK(has(on, "kept    /var/spool/postfix/postgrey/postgrey.db"));

    const auto off = report_of(gateway, files);
    INFO(off);
    CHECK(has(off, "changed /var/spool/postfix/postgrey/postgrey.db"));
    CHECK(has(off, "ENABLE_POSTGREY is not true"));

    auto again = files;
    again["/var/spool/postfix/postern/postgrey-imported"] = "";
    CHECK_FALSE(has(report_of(with(gateway, {{"ENABLE_POSTGREY", "true"}}), again), "postgrey.db"));
}

TEST_CASE("volumes: Postfix's tables")
{
    const auto text = report_of(gateway, {{"/etc/postfix/tables/client_access.cidr", "192.0.2.1 REJECT\n"},
                                          {"/etc/postfix/tables/recipient_access.hash", "a@example.com OK\n"},
                                          {"/etc/postfix/tables/recipient_access.hash.db", "..."},
                                          {"/etc/postfix/tables/transport.hash", "x y\n"},
                                          {"/etc/postfix/local_aliases/aliases", "root: me\n"}});
    INFO(text);
    CHECK(has(text, "kept    /etc/postfix/tables/client_access.cidr"));
    CHECK(has(text, "update_recipient_access"));
    CHECK_FALSE(has(text, "recipient_access.hash.db"));
    CHECK(has(text, "refused /etc/postfix/tables/transport.hash"));
    CHECK(has(text, "kept    /etc/postfix/local_aliases/aliases"));
}

} // namespace postern
