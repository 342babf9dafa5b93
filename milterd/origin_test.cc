#include "milterd/origin.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("origin_of")
{
    const std::vector<std::string> networks = {"192.0.2.0/24", ".our.example"};
    const std::vector<std::string> relays = {"198.51.100.1", "192.0.2.99", "backup.example"};
    OriginRules rules{*NetworkList::parse(networks), *NetworkList::parse(relays), {"ORIGINATING"}, {"BACK"}};

    struct Case {
        const char* name;
        const char* client; // empty: none
        const char* client_name;
        const char* login;
        const char* daemon_name;
        bool is_internal;
        Origin want;
    };
    const Case cases[] = {
        {"anybody", "203.0.113.1", "mail.example.org", "", "mx.example.com", false, Origin::stranger},
        {"in our networks", "192.0.2.1", "[192.0.2.1]", "", "mx.example.com", false, Origin::ours},
        {"with a verified name of ours", "203.0.113.1", "desk.our.example", "", "mx.example.com", false, Origin::ours},
        {"with a name that could not be verified", "203.0.113.1", "unknown", "", "mx.example.com", false,
         Origin::stranger},
        {"logged in", "203.0.113.1", "[203.0.113.1]", "alice", "mx.example.com", false, Origin::ours},
        {"on a listener of ours", "203.0.113.1", "[203.0.113.1]", "", "ORIGINATING", false, Origin::ours},
        {"a listener's name in another case", "203.0.113.1", "[203.0.113.1]", "", "originating", false,
         Origin::stranger},
        {"internal", "", "localhost", "", "mx.example.com", true, Origin::ours},
        {"a relay", "198.51.100.1", "[198.51.100.1]", "", "mx.example.com", false, Origin::relay},
        {"a relay by its name", "203.0.113.1", "backup.example", "", "mx.example.com", false, Origin::relay},
        {"a relay that logs in", "198.51.100.1", "[198.51.100.1]", "alice", "mx.example.com", false, Origin::ours},
        {"a relay in our networks", "192.0.2.99", "[192.0.2.99]", "", "mx.example.com", false, Origin::ours},
        {"no address", "", "unknown", "", "mx.example.com", false, Origin::stranger},
        {"no daemon name", "203.0.113.1", "[203.0.113.1]", "", "", false, Origin::stranger},
        {"back from a content filter", "127.0.0.1", "localhost", "", "BACK", false, Origin::returned},
        {"back, from our networks", "192.0.2.1", "[192.0.2.1]", "", "BACK", false, Origin::returned},
        {"back, and logged in", "192.0.2.1", "[192.0.2.1]", "alice", "BACK", false, Origin::returned},
        {"internal, though that name is the default", "", "localhost", "", "BACK", true, Origin::ours},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Message message;
        if (*c.client)
            message.client = *parse_ip_address(c.client);
        message.client_name = c.client_name;
        message.login = c.login;
        message.daemon_name = c.daemon_name;
        message.is_internal = c.is_internal;
        CHECK(origin_of(message, rules) == c.want);

        rules.takes_all = true;
        CHECK(origin_of(message, rules) == (c.want == Origin::returned ? Origin::returned : Origin::ours));
        rules.takes_all = false;
    }
}

TEST_CASE("origin_of: macros that say that mail is ours")
{
    OriginRules rules;
    for (const auto* const text : {"{auth_type}", "{mail_host}|a.example|b.example", "{tls_version}|"})
        rules.macros.push_back(parse_macro_rule(text));
    struct Case {
        const char* name;
        std::vector<std::pair<std::string, std::string>> macros;
        Origin want;
    };
    const Case cases[] = {
        {"none", {}, Origin::stranger},
        {"one that is enough by itself", {{"{auth_type}", "PLAIN"}}, Origin::ours},
        {"a value of the list", {{"{mail_host}", "b.example"}}, Origin::ours},
        {"another value", {{"{mail_host}", "c.example"}}, Origin::stranger},
        {"the same in another case", {{"{mail_host}", "B.example"}}, Origin::stranger},
        {"a value of another macro", {{"{other}", "a.example"}}, Origin::stranger},
        {"the second of two", {{"{mail_host}", "c.example"}, {"{auth_type}", "PLAIN"}}, Origin::ours},
        {"an empty value only", {{"{tls_version}", "TLSv1.3"}}, Origin::stranger},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Message message;
        message.macros = c.macros;
        CHECK(origin_of(message, rules) == c.want);
    }
}

} // namespace postern
