#include "config/postfix_spf.h"

#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("postfix_spf_fault: Authentication-Results that the milter would remove")
{
    struct Case {
        const char* name;
        std::string toml;
        const char* parameters;
        const char* options; // postconf -P
        bool want;
    };
    const std::string results = "[spf]\nheader = \"authentication_results\"\n";
    const auto* const milter = "queue_directory = /var/spool/postfix\nsmtpd_milters = { unix:postern/milter, timeout=1s }\n";
    const Case cases[] = {
        {"beside the milter", results, milter, "", true},
        {"the same name, written out", results + "authserv_id = \"MX.example.org\"\n", milter, "", true},
        {"another name", results + "authserv_id = \"spf.example.org\"\n", milter, "", false},
        {"the milter's other name", results + "[milterd]\nauthserv_id = \"example.org\"\n", milter, "", false},
        {"another header", "[spf]\nheader = \"received_spf\"\n", milter, "", false},
        {"SPF is off", results + "enable = false\n", milter, "", false},
        {"SPF is observed", results + "observe = true\n", milter, "", false},
        {"no milter", results, "smtpd_milters =\n", "", false},
        {"somebody else's milter", results, "smtpd_milters = inet:localhost:8891\n", "", false},
        {"by its whole path", results, "smtpd_milters = unix:/var/spool/postfix/postern/milter\n", "", true},
        {"over TCP", results + "[milterd]\nlisten = \"inet:127.0.0.1:8899\"\n", "smtpd_milters = inet:127.0.0.1:8899\n", "",
         true},
        {"in master.cf alone", results, "queue_directory = /var/spool/postfix\n",
         "smtp/inet/smtpd_milters = unix:postern/milter\n", true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto loaded = read_config({"t", c.toml});
        REQUIRE(loaded);
        const auto postfix = read_postconf({c.parameters, "smtp inet n - y - - smtpd\n", c.options});
        const auto got = postfix_spf_fault(postfix, loaded->config, "mx.example.org");
        CHECK(got.empty() != c.want);
        if (c.want)
            CHECK(got.starts_with("spf.header: "));
    }
}

} // namespace postern
