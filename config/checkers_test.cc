#include "config/checkers.h"

#include <doctest/doctest.h>
#include <string>

namespace postern {

TEST_CASE("checkers")
{
    using Checker = Result<> (*)(std::string_view);
    struct Case {
        const char* name;
        Checker check;
        std::string input;
        bool want_ok;
    };
    const std::string long_label(64, 'a'), long_path = "/" + std::string(200, 'a');
    std::string long_domain = "example";
    while (long_domain.size() <= 253)
        long_domain += ".example";
    const Case cases[] = {
        {"network", check_network, "192.0.2.0/24", true},
        {"network, IPv6", check_network, "2001:db8::/32", true},
        {"network, brackets", check_network, "[2001:db8::]/32", true},
        {"network, host bits", check_network, "192.0.2.1/24", false},
        {"network, host name", check_network, "mail.example.org", true},
        {"network, domain", check_network, ".example.org", true},
        {"network, no name", check_network, "a b", false},

        {"socket, Unix", check_socket, "unix:/run/postern/policy", true},
        {"socket, relative", check_socket, "unix:postern/policy", false},
        {"socket, too long", check_socket, "unix:" + long_path, false},
        {"socket, inet", check_socket, "inet:127.0.0.1:10040", true},
        {"socket, IPv6", check_socket, "inet:[::1]:10040", true},
        {"socket, no port", check_socket, "inet:127.0.0.1", false},
        {"socket, libmilter's way", check_socket, "inet:10040@127.0.0.1", false},
        {"socket, no kind", check_socket, "/run/postern/policy", false},

        {"client, domain", check_client_entry, "example.org", true},
        {"client, network", check_client_entry, "192.0.2.0/24", true},
        {"client, pattern", check_client_entry, "/^mx[0-9]/", true},
        {"client, broken pattern", check_client_entry, "/mx(/", false},
        {"recipient", check_address_entry, "postmaster@", true},
        {"recipient, no user", check_address_entry, "@example.org", false},
        {"defer action", check_defer_action, "defer_if_permit", true},
        {"defer action, code", check_defer_action, "451", true},
        {"defer action, for good", check_defer_action, "550", false},
        {"defer action, OK", check_defer_action, "ok", false},
        {"defer text", check_defer_template, "try again in %s seconds", true},
        {"defer text, status", check_defer_template, "4.7.1 try again", true},
        {"defer text, another class", check_defer_template, "5.7.1 go away", false},
        {"defer text, no such letter", check_defer_template, "%x", false},

        {"DNS server", check_dns_server, "127.0.0.1", true},
        {"DNS server, port", check_dns_server, "127.0.0.1:5353", true},
        {"DNS server, IPv6", check_dns_server, "[::1]:5353", true},
        {"DNS server, a name", check_dns_server, "localhost", false},

        {"path", check_path, "/var/lib/postern", true},
        {"path, relative", check_path, "postern", false},
        {"path, too long", check_path, "/" + std::string(4095, 'a'), false},
        {"socket path", check_socket_path, "/run/postern/control", true},
        {"socket path, relative", check_socket_path, "control", false},
        {"socket path, too long", check_socket_path, long_path, false},

        {"domain", check_domain, "example.org", true},
        {"domain, internationalised", check_domain, "b\xc3\xbc" "cher.example", true},
        {"domain, service label", check_domain, "_dmarc.example.org", true},
        {"domain, blank", check_domain, "example. org", false},
        {"domain, empty label", check_domain, "example..org", false},
        {"domain, too long", check_domain, long_domain, false},
        {"domain, label too long", check_domain, long_label + ".example", false},

        {"data set, a file", check_data_set, "refile:/etc/x", true},
        {"data set, a database", check_data_set, "db:/etc/x", false},
        {"network in a file", check_network, "file:/etc/x", true},
        {"network, not this one", check_network, "!192.0.2.0/24", true},
        {"network in a file without a path", check_network, "file:x", false},
        {"field change, the default", check_field_change, "*", true},
        {"field change, one more", check_field_change, "+Subject", true},
        {"field change, one less", check_field_change, "-Subject", true},
        {"field change, none", check_field_change, ".", true},
        {"field change, no name", check_field_change, "+", false},
        {"macro", check_macro_rule, "{auth_type}", true},
        {"macro of one letter", check_macro_rule, "j", true},
        {"macro with values", check_macro_rule, "{daemon_name}|A|B", true},
        {"macro without braces", check_macro_rule, "auth_type", false},
        {"macro, empty", check_macro_rule, "{}", false},
        {"address list in a file", check_address_list_item, "/etc/x", true},
        {"address list, a pattern", check_address_list_item, "/^a@/", true},
        {"domain list in a file", check_domain_list_item, "file:/etc/x", true},
        {"domain list, no domain", check_domain_list_item, "a b", false},
        {"canonicalization", check_canonicalization, "relaxed/simple", true},
        {"canonicalization of the header alone", check_canonicalization, "relaxed", false},
        {"canonicalization, a third word", check_canonicalization, "relaxed/nowsp", false},
        {"selector", check_selector, "mail", true},
        {"selector, labels", check_selector, "2026-01.mail_a", true},
        {"selector, empty label", check_selector, "a..b", false},
        {"selector, blank", check_selector, "a b", false},
        {"selector, label too long", check_selector, long_label, false},

        {"field name", check_field_name, "List-Unsubscribe", true},
        {"field name, colon", check_field_name, "From:", false},
        {"field name, blank", check_field_name, "From x", false},
        {"field name, empty", check_field_name, "", false},

        {"account", check_account, "postern", true},
        {"account, blank", check_account, "post ern", false},
        {"account, an option", check_account, "-postern", false},
        {"account, too long", check_account, std::string(33, 'a'), false},

        {"exempt client, network", check_exempt_client, "192.0.2.0/24", true},
        {"exempt client, local", check_exempt_client, "local", true},
        {"exempt client, nonsense", check_exempt_client, "192.0.2.0/240", false},
        {"login", check_login_entry, "user@example.org", true},
        {"login, pattern", check_login_entry, "/^(a|b)$/", true},
        {"login, broken pattern", check_login_entry, "/(/", false},
        {"login, a path", check_login_entry, "/etc/good_guys", false},
        {"signature name", check_signature_name, "PUA.", true},
        {"signature name, blank", check_signature_name, "PUA .", false},
        {"domain entry", check_domain_entry, "example.org", true},
        {"domain entry, all below", check_domain_entry, ".example.org", true},
        {"domain entry, a star", check_domain_entry, "*.example.org", false},
        {"domain entry, an address", check_domain_entry, "a@example.org", false},
        {"SPF template", check_spf_template, "Message {action}: {result} - {reason}", true},
        {"SPF template, other name", check_spf_template, "see {url}", false},
        {"SPF template, not ASCII", check_spf_template, "gr\xc3\xbc\xc3\x9f {reason}", false},
        {"SPF template, too long", check_spf_template, std::string(401, 'a'), false},
        {"template", check_template<'s', 'r'>, "wait %s seconds, %r; 100%%", true},
        {"template, other letter", check_template<'s', 'r'>, "wait %d", false},
        {"template, % at the end", check_template<'s', 'r'>, "100%", false},
        {"template, %% is one", check_template<'s', 'r'>, "%%d", true},
        {"template, not ASCII", check_template<'s'>, "gr\xc3\xbc\xc3\x9f", false},
        {"template, line break", check_template<'s'>, "a\r\nb", false},
        {"template, longest", check_template<'s'>, std::string(400, 'a'), true},
        {"template, too long", check_template<'s'>, std::string(401, 'a'), false},

        {"header", check_header_template, "X-Greylist: delayed %t seconds by postern-%v at %h; %d", true},
        {"header, no colon", check_header_template, "X-Greylist delayed", false},
        {"header, no name", check_header_template, ": delayed", false},
        {"header, name with a blank", check_header_template, "X Greylist: delayed", false},
        {"header, other letter", check_header_template, "X-Greylist: %s", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto ok = c.check(c.input);
        CHECK_MESSAGE(ok.has_value() == c.want_ok, (ok ? "" : ok.error().what));
    }
}

TEST_CASE("check_template names the letters that stand for something")
{
    CHECK(check_template<'s', 'r'>("%d").error().what == "%d stands for nothing here; %s, %r and %% do");
}

} // namespace postern
