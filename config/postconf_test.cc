#include "config/postconf.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("read_postconf")
{
    const auto postfix = read_postconf({
        .parameters = "postconf: warning: /etc/postfix/main.cf: unused parameter: colour=blue\n"
                      "compatibility_level = 3.6\nqueue_directory = /var/spool/postfix\ncontent_filter =\n"
                      "smtpd_milters = { unix:a, default_action=accept }\n",
        .services = "smtp       inet  n       -       y       -       -       smtpd\n"
                    "127.0.0.1:10025 inet n   -       n       -       -       smtpd -o content_filter= -o {a={b=c}}\n"
                    "cleanup    unix  n       -       -       -       0       cleanup\n"
                    "postconf: warning: a line that has many words but is no service at all\n"
                    "short unix n - y -\n",
        .options = "127.0.0.1:10025/inet/content_filter =\n"
                   "127.0.0.1:10025/inet/smtpd_milters = { unix:postern/milter }\n"
                   "nowhere/inet/x = y\nno slash = y\nnothing\n",
    });
    CHECK(postfix.value("queue_directory") == "/var/spool/postfix");
    CHECK(postfix.value("content_filter").empty());
    CHECK(postfix.value("smtpd_milters") == "{ unix:a, default_action=accept }");
    CHECK(postfix.value("unknown").empty());

    REQUIRE(postfix.services.size() == 3);
    CHECK(postfix.services[0].text() == "smtp/inet");
    CHECK(postfix.services[0].program == "smtpd");
    CHECK(postfix.services[0].is_chrooted);
    CHECK_FALSE(postfix.services[1].is_chrooted);
    CHECK(postfix.services[1].options.size() == 2);
    CHECK(postfix.services[1].options.at("content_filter").empty());
    CHECK(postfix.services[1].options.at("smtpd_milters") == "{ unix:postern/milter }");
    CHECK_FALSE(postfix.services[2].is_chrooted); // "-" is no since compatibility_level 1
}

TEST_CASE("a Postfix that keeps to its old defaults runs in the chroot where master.cf says nothing")
{
    const auto postfix = read_postconf({.parameters = "compatibility_level = 0\n",
                                        .services = "smtp inet n - - - - smtpd\n", .options = ""});
    REQUIRE(postfix.services.size() == 1);
    CHECK(postfix.services[0].is_chrooted);
}

TEST_CASE("lists of Postfix, split and joined")
{
    struct Case {
        std::string_view input;
        std::vector<std::string> want_items;
        std::string want_joined;
    };
    const Case cases[] = {
        {"", {}, ""},
        {" , ,", {}, ""},
        {"a,b  c\n d", {"a", "b", "c", "d"}, "a, b, c, d"},
        {"permit_mynetworks reject_rbl_client zen.example",
         {"permit_mynetworks", "reject_rbl_client", "zen.example"},
         "permit_mynetworks, reject_rbl_client zen.example"},
        {"check_policy_service { unix:a, timeout=1s },permit",
         {"check_policy_service", "{ unix:a, timeout=1s }", "permit"},
         "check_policy_service { unix:a, timeout=1s }, permit"},
        {"check_client_access inline:{{a=b, c} {d=e}}, warn_if_reject reject_x",
         {"check_client_access", "inline:{{a=b, c} {d=e}}", "warn_if_reject", "reject_x"},
         "check_client_access inline:{{a=b, c} {d=e}}, warn_if_reject reject_x"},
        {"{ unix:a, b", {"{ unix:a, b"}, "{ unix:a, b"},
        {"} a", {"}", "a"}, "}, a"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.input);
        const auto items = split_postfix_list(c.input);
        CHECK(items == c.want_items);
        CHECK(join_postfix_list(items) == c.want_joined);
        CHECK(split_postfix_list(c.want_joined) == c.want_items);
    }
}

} // namespace postern
