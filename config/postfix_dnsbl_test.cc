#include "config/postfix_dnsbl.h"

#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("warnings about the DNS lists of a Postfix, none of which shows a key")
{
    const std::string key = "aip7yig6sahg6ehsohn5shco3z";
    const std::string keyed = key + ".zen.dq.spamhaus.net";
    const std::string postscreen = "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n";
    const std::string smtpd = "smtp inet n - y - - smtpd\n";
    const std::string ours = "[dnsbl]\nsites = [\"zen.spamhaus.org=127.0.0.[2..11]\"]\n";
    struct Case {
        const char* name;
        std::string toml, parameters, services, options, resolv_conf;
        std::vector<std::string> want;
    };
    const Case cases[] = {
        {"nothing", ours, "smtpd_recipient_restrictions = reject_unauth_destination", smtpd, "", "", {}},
        {"postscreen asks the same", ours, "postscreen_dnsbl_sites = zen.spamhaus.org=127.0.0.[2..11]*2", postscreen,
         "", "", {"postscreen_dnsbl_sites asks zen.spamhaus.org, and so does [dnsbl]: take it out of one of them."}},
        {"postscreen is not there", ours, "postscreen_dnsbl_sites = zen.spamhaus.org=127.0.0.[2..11]*2", smtpd, "", "",
         {}},
        {"smtpd asks the same", ours,
         "smtpd_recipient_restrictions = permit_mynetworks, reject_rbl_client zen.spamhaus.org=127.0.0.[2..11], permit",
         smtpd, "", "", {"reject_rbl_client asks zen.spamhaus.org, and so does [dnsbl]: take it out of one of them."}},
        {"a service of master.cf does", ours, "", smtpd,
         "smtp/inet/smtpd_client_restrictions = reject_rbl_client zen.spamhaus.org=127.0.0.[2..11]", "",
         {"reject_rbl_client asks zen.spamhaus.org, and so does [dnsbl]: take it out of one of them."}},
        {"the same list, with a key", ours,
         "postscreen_dnsbl_sites = " + keyed + "=127.0.0.[2..11]\npostscreen_dnsbl_reply_map = texthash:/x", postscreen,
         "", "", {"postscreen_dnsbl_sites asks zen.spamhaus.org, and so does [dnsbl]: take it out of one of them."}},
        {"the same list, with a key that only the operator knows for one",
         "[[dnsbl.zone]]\nsite = \"secret.example.org\"\npublic_name = \"bl.example.org\"\n",
         "postscreen_dnsbl_sites = secret.example.org", postscreen, "", "",
         {"postscreen_dnsbl_sites asks bl.example.org, and so does [dnsbl]: take it out of one of them."}},
        {"the same zone of another kind", "[[dnsbl.zone]]\nsite = \"dbl.spamhaus.org\"\ntype = \"helo\"\n",
         "smtpd_sender_restrictions = reject_rhsbl_sender dbl.spamhaus.org=127.0.1.[2..99]", smtpd, "", "", {}},
        {"we ask nothing", "", "postscreen_dnsbl_sites = bl.example.org", postscreen, "", "", {}},
        {"we are switched off", ours + "enable = false\n",
         "postscreen_dnsbl_sites = zen.spamhaus.org=127.0.0.[2..11]", postscreen, "", "", {}},
        {"no filter", "", "postscreen_dnsbl_sites = zen.spamhaus.org*2 bl.example.org", postscreen, "", "",
         {"postscreen_dnsbl_sites names zen.spamhaus.org without a filter: its error answers count as listings, and "
          "then all mail is refused. Write zen.spamhaus.org=127.0.0.[2..11;30]."}},
        {"no filter of an allow list", "", "smtpd_client_restrictions = permit_dnswl_client list.dnswl.org", smtpd, "",
         "", {"permit_dnswl_client names list.dnswl.org without a filter: its error answers count as listings, and "
              "then all mail is let through. Write list.dnswl.org=127.0.[0..255].[0..3]."}},
        {"a key that is shown", "", "postscreen_dnsbl_sites = " + keyed + "=127.0.0.[2..11]", postscreen, "", "",
         {"postscreen_dnsbl_sites asks zen.spamhaus.org with a key, which every refusal shows to the client: set "
          "postscreen_dnsbl_reply_map."}},
        {"a key that is shown by smtpd", "", "smtpd_client_restrictions = reject_rbl_client " + keyed, smtpd, "", "",
         {"reject_rbl_client names zen.spamhaus.org without a filter: its error answers count as listings, and then "
          "all mail is refused. Write it=127.0.0.[2..11;30].",
          "reject_rbl_client asks zen.spamhaus.org with a key, which every refusal shows to the client: set "
          "rbl_reply_maps."}},
        {"a key that is hidden", "",
         "smtpd_client_restrictions = reject_rbl_client " + keyed + "=127.0.0.[2..11]\nrbl_reply_maps = hash:/x", smtpd,
         "", "", {}},
        {"closed", "", "smtpd_client_restrictions = reject_rbl_client ix.dnsbl.manitu.net", smtpd, "", "",
         {"reject_rbl_client: ix.dnsbl.manitu.net is closed: since 2025."}},
        {"a public resolver", "", "postscreen_dnsbl_sites = list.dnswl.org=127.0.[0..255].[1..3]*-2", postscreen, "",
         "nameserver 1.1.1.1\n",
         {"/etc/resolv.conf: 1.1.1.1 is Cloudflare's public resolver, and list.dnswl.org refuses those: have a "
          "resolver of your own, or a key of the list"}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto loaded = read_config({"t", c.toml});
        REQUIRE(loaded);
        const auto got = postfix_dnsbl_warnings(read_postconf({c.parameters, c.services, c.options}), loaded->config,
                                                c.resolv_conf);
        CHECK(got == c.want);
        for (const auto& line : got)
            CHECK(line.find(key) == std::string::npos);
    }
}

} // namespace postern
