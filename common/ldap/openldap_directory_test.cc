#include "common/ldap/openldap_directory.h"

#include "test/scratch_slapd.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>
#include <map>

namespace postern {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

LdapOptions options_for(const std::vector<std::string>& urls)
{
    LdapOptions options;
    options.name = "test";
    for (const auto& url : urls)
        options.servers.push_back(*parse_ldap_url(url));
    options.base = *LdapTemplate::parse_base("dc=example,dc=org");
    options.filter = *LdapTemplate::parse_filter("(mail=%s)");
    options.connect_timeout = 2s;
    options.timeout = 3s;
    return options;
}

// A directory on an io_context of its own, which a test runs for as long as it waits.
class Asked {
public:
    explicit Asked(LdapOptions options)
        : directory(std::make_unique<OpenldapDirectory>(io, std::move(options), [this](const LdapStateChange& change) {
            changes.push_back(change.server.empty() ? "directory: " + change.trouble : change.trouble);
        }))
    {
    }

    DirectoryAnswer find(const std::string& address, std::chrono::milliseconds within = 20s)
    {
        return find(std::vector{address}, within).front();
    }

    // All at one time.
    std::vector<DirectoryAnswer> find(const std::vector<std::string>& addresses, std::chrono::milliseconds within = 20s)
    {
        std::vector<DirectoryAnswer> answers(addresses.size());
        std::size_t missing = addresses.size();
        for (std::size_t i = 0; i < addresses.size(); ++i)
            asio::co_spawn(io, directory->find(parse_mail_address(addresses[i]), steady_clock::now() + within),
                           [&, i](const std::exception_ptr&, DirectoryAnswer answer) {
                               answers[i] = std::move(answer);
                               --missing;
                           });
        run_until([&] { return missing == 0; });
        return answers;
    }

    template <class Condition>
    void run_until(Condition condition, std::chrono::milliseconds within = 30s)
    {
        const auto end = steady_clock::now() + within;
        while (!condition() && steady_clock::now() < end) {
            io.restart();
            io.run_one_for(20ms);
        }
        REQUIRE(condition());
    }

    bool is_ready() const { return directory->state().trouble.empty(); }

    asio::io_context io;
    std::vector<std::string> changes;
    std::unique_ptr<OpenldapDirectory> directory;
};

constexpr auto exists = DirectoryStatus::exists;
constexpr auto not_there = DirectoryStatus::not_there;
constexpr auto unavailable = DirectoryStatus::unavailable;

} // namespace

TEST_CASE("OpenldapDirectory: exists, not there, and hostile addresses")
{
    const ScratchSlapd slapd({.users = {"user", "a*b"}});
    Asked asked(options_for({slapd.url()}));
    struct Case {
        const char* address;
        DirectoryStatus want;
    };
    const Case cases[] = {
        {"user@example.org", exists},
        {"USER@Example.Org", exists}, // mail is compared so
        {"a*b@example.org", exists},
        {"nobody@example.org", not_there},
        {"*@example.org", not_there},
        {"a*@example.org", not_there},
        {"x)(uid=*@example.org", not_there},
        {"x@example.org)(uid=*", not_there},
        {"\\2a@example.org", not_there},
        {"\xff\xfe@example.org", not_there},
    };
    for (const auto& c : cases) {
        CAPTURE(c.address);
        const auto answer = asked.find(c.address);
        CHECK(answer.status == c.want);
        CHECK(answer.reason == "");
    }
    CHECK(asked.changes == std::vector<std::string>{"", "directory: "});
}

TEST_CASE("OpenldapDirectory: a Unix socket, a login, another scope, a base from the address")
{
    const ScratchSlapd slapd;
    auto options = options_for({slapd.socket_url()});
    options.bind_dn = "cn=admin,dc=example,dc=org";
    options.bind_password = "secret";
    options.base = *LdapTemplate::parse_base("uid=%u,dc=example,dc=org");
    options.scope = LdapScope::base;
    Asked asked(options);
    CHECK(asked.find("user@example.org").status == exists);
    CHECK(asked.find("nobody@example.org").status == not_there);
    CHECK(asked.find("user,dc=example@example.org").status == not_there);
    CHECK(asked.find("@example.org").status == not_there); // nothing to put in
}

TEST_CASE("OpenldapDirectory: what is wrong with it makes it unavailable")
{
    const ScratchSlapd slapd({.users = {"user"},
                              .tls = false,
                              .database_lines = "access to dn.base=\"uid=secret,dc=example,dc=org\" by * none\n"
                                                "access to * by * read\n",
                              .more_entries = "\ndn: ou=away,dc=example,dc=org\nobjectClass: referral\nobjectClass: "
                                              "extensibleObject\nou: away\nref: ldap://192.0.2.1/ou=away,dc=example,dc=org\n"});
    const auto from = [&](auto change) {
        auto options = options_for({slapd.url()});
        change(options);
        Asked asked(options);
        auto answer = asked.find("nobody@example.org");
        CHECK(answer.status == unavailable);
        return answer.reason;
    };
    const auto url = slapd.url();
    CHECK(from([](auto& o) { o.base = *LdapTemplate::parse_base("dc=other,dc=org"); })
          == url + ": the base dc=other,dc=org is not there");
    CHECK(from([](auto& o) { o.bind_dn = "cn=admin,dc=example,dc=org"; }) == url + ": bind: there is a name and no password");
    CHECK(from([](auto& o) {
              o.bind_dn = "cn=admin,dc=example,dc=org";
              o.bind_password = "wrong";
          })
          == url + ": bind: Invalid credentials");
    CHECK(from([](auto& o) {
              o.canary = "canary@example.org";
              o.ignore_referrals = true;
          })
          == url + ": the canary canary@example.org is not there");
    CHECK(from([](auto& o) {
              o.start_tls = true;
              o.verify = false; // no file of authorities is needed, which a small system lacks
          })
          == url + ": STARTTLS: Protocol error: unsupported extended operation");
    CHECK(from([](auto&) {}) == url + ": referred to ldap://192.0.2.1/ou=away,dc=example,dc=org??sub");
    CHECK(from([](auto& o) { o.base = *LdapTemplate::parse_base("ou=away,dc=example,dc=org"); }).find(url + ": Referral") == 0);
}

TEST_CASE("OpenldapDirectory: nobody listens")
{
    ScratchSlapd slapd;
    slapd.stop();
    Asked asked(options_for({slapd.url()}));
    CHECK(asked.find("user@example.org").reason == slapd.url() + ": cannot connect: Connection refused");
    CHECK(asked.directory->state().trouble == slapd.url() + ": cannot connect: Connection refused");
    const auto start = steady_clock::now();
    CHECK(asked.find("user@example.org").status == unavailable);
    CHECK(steady_clock::now() - start < 2s); // it is known: that is the limit of connecting

    slapd.start();
    asked.run_until([&] { return asked.is_ready(); });
    CHECK(asked.find("user@example.org").status == exists);
    CHECK(asked.changes.size() == 4); // down, ready again: the server, and the directory
}

TEST_CASE("OpenldapDirectory: the next server is asked when one dies, and the first again when it is back")
{
    ScratchSlapd first({.users = {"first"}}), second({.users = {"second"}});
    Asked asked(options_for({first.url(), second.url()}));
    CHECK(asked.find("first@example.org").status == exists);

    first.stop();
    CHECK(asked.find("second@example.org").status == exists);
    CHECK(asked.is_ready());
    second.stop();
    CHECK(asked.find("second@example.org").status == unavailable);
    CHECK_FALSE(asked.is_ready());

    first.start();
    asked.run_until([&] { return asked.is_ready(); });
    CHECK(asked.find("first@example.org").status == exists);
}

TEST_CASE("OpenldapDirectory: a connection that was closed meanwhile is made anew without a word")
{
    ScratchSlapd slapd;
    Asked asked(options_for({slapd.url()}));
    CHECK(asked.find("user@example.org").status == exists);
    asked.run_until([end = steady_clock::now() + 500ms] { return steady_clock::now() > end; }); // the first probe is over
    slapd.stop();
    slapd.start();
    CHECK(asked.find("user@example.org").status == exists);
    CHECK(asked.changes.size() == 2);
}

TEST_CASE("OpenldapDirectory: a silent server costs its timeout once")
{
    ScratchSlapd silent, other;
    auto options = options_for({silent.url(), other.url()});
    options.timeout = 2s;
    Asked asked(options);
    CHECK(asked.find("user@example.org").status == exists);

    silent.silence();
    auto start = steady_clock::now();
    CHECK(asked.find("user@example.org").status == exists);
    CHECK(steady_clock::now() - start < 2 * options.timeout);
    start = steady_clock::now();
    CHECK(asked.find("user@example.org").status == exists);
    CHECK(steady_clock::now() - start < options.timeout);
    CHECK(asked.directory->state().servers.at(0).trouble == "no answer within 2000 ms");
    silent.speak();
}

TEST_CASE("OpenldapDirectory: a caller's deadline is kept, and does not hide that the server is silent")
{
    ScratchSlapd slapd;
    auto options = options_for({slapd.url()});
    options.timeout = 2s;
    Asked asked(options);
    CHECK(asked.find("user@example.org").status == exists);
    slapd.silence();
    const auto start = steady_clock::now();
    CHECK(asked.find("user@example.org", 200ms).status == unavailable);
    CHECK(steady_clock::now() - start < options.timeout);
    asked.run_until([&] { return !asked.is_ready(); });
    slapd.speak();
    asked.run_until([&] { return asked.is_ready(); });
}

TEST_CASE("OpenldapDirectory: many searches at one time over one connection")
{
    ScratchSlapd slapd({.users = {"user"}});
    Asked asked(options_for({slapd.url()}));
    std::vector<std::string> addresses;
    for (int i = 0; i < 1000; ++i)
        addresses.push_back(i % 2 ? "user@example.org" : "nobody" + std::to_string(i) + "@example.org");
    const auto answers = asked.find(addresses);
    std::map<std::string, int> reasons;
    for (std::size_t i = 0; i < answers.size(); ++i)
        ++reasons[answers[i].status == (i % 2 ? exists : not_there) ? "right" : "wrong: " + answers[i].reason];
    CHECK(reasons == std::map<std::string, int>{{"right", 1000}});

    slapd.silence();
    addresses.resize(0);
    for (int i = 0; i < 6000; ++i)
        addresses.push_back("user@example.org");
    const auto late = asked.find(addresses, 2s); // beyond 5,000 at once
    CHECK(std::all_of(late.begin(), late.end(), [](const auto& answer) { return answer.status == unavailable; }));
    // A slow machine asks the last ones when the first have been given up.
    const auto is_one_too_many = [&](const auto& answer) { return answer.reason == slapd.url() + ": too many searches wait"; };
    CHECK(std::any_of(late.begin(), late.end(), is_one_too_many));
    slapd.speak();
}

TEST_CASE("OpenldapDirectory: a canary that is lost later, and found again")
{
    ScratchSlapd slapd({.users = {"canary", "user"}});
    auto options = options_for({slapd.url()});
    options.canary = "canary@example.org";
    Asked asked(options);
    CHECK(asked.find("nobody@example.org").status == not_there);

    slapd.stop();
    slapd.load({"user"});
    slapd.start();
    asked.run_until([end = steady_clock::now() + 1100ms] { return steady_clock::now() > end; });
    const auto answer = asked.find("nobody@example.org");
    CHECK(answer.status == unavailable);
    CHECK(answer.reason == slapd.url() + ": the canary canary@example.org is not there");

    slapd.stop();
    slapd.load({"canary"});
    slapd.start();
    asked.run_until([&] { return asked.is_ready(); });
    CHECK(asked.find("nobody@example.org").status == not_there);
}

TEST_CASE("OpenldapDirectory: TLS")
{
    const ScratchSlapd slapd({.users = {"user"}, .tls = true});
    const ScratchSlapd stranger({.users = {}, .tls = true});
    struct Case {
        const char* name;
        std::string url;
        bool start_tls;
        std::string ca;
        bool verify;
        DirectoryStatus want;
    };
    const Case cases[] = {
        {"ldaps", slapd.tls_url(), false, slapd.ca(), true, exists},
        {"STARTTLS", slapd.url(), true, slapd.ca(), true, exists},
        {"another authority", slapd.tls_url(), false, stranger.ca(), true, unavailable},
        {"another authority, STARTTLS", slapd.url(), true, stranger.ca(), true, unavailable},
        {"the system's authorities", slapd.tls_url(), false, "", true, unavailable},
        {"not verified", slapd.tls_url(), false, stranger.ca(), false, exists},
        {"a file that is not there", slapd.tls_url(), false, "/no/such/file", true, unavailable},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto options = options_for({c.url});
        options.start_tls = c.start_tls;
        options.ca = c.ca;
        options.verify = c.verify;
        Asked asked(options);
        const auto answer = asked.find("user@example.org");
        CHECK(answer.status == c.want);
        CAPTURE(answer.reason);
        CHECK((answer.reason.find("TLS: ") != std::string::npos) == (c.want == unavailable));
    }
}

TEST_CASE("OpenldapDirectory: a certificate for another name")
{
    const ScratchSlapd slapd({.users = {"user"}, .tls = true});
    auto options = options_for({slapd.tls_url("127.0.0.2")}); // the same host
    options.ca = slapd.ca();
    Asked asked(options);
    CHECK(asked.find("user@example.org").status == unavailable);
}

TEST_CASE("OpenldapDirectory may end whatever it waits for")
{
    ScratchSlapd slapd({.users = {"user"}, .tls = true});
    slapd.silence();
    for (const auto& url : {slapd.url(), slapd.tls_url(), std::string("ldap://192.0.2.1"), std::string("ldap://name.invalid")}) {
        CAPTURE(url);
        auto options = options_for({url});
        options.connect_timeout = 20s;
        options.timeout = 20s;
        const auto start = steady_clock::now();
        {
            Asked asked(options);
            asked.find("user@example.org", 200ms);
        }
        CHECK(steady_clock::now() - start < options.timeout);
    }
}

} // namespace postern
