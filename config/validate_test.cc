#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("settings that do not fit together")
{
    struct Case {
        const char* name;
        std::string input;
        Texts want_faults, want_warnings;
    };
    const std::string key = "[[dkim.domain]]\ndomain = \"example.org\"\nselector = \"a\"\nkey = \"/k\"\n";
    std::string fifty;
    for (int i = 0; i < 50; ++i)
        fifty += fmt::format("\"r{}.example\", ", i);
    const Case cases[] = {
        {"log file without path", "[log]\ntarget = \"file\"\n", {"t:2: log.target: file wants log.path, too"}, {}},
        {"log file with path", "[log]\ntarget = \"file\"\npath = \"/l\"\n", {}, {}},
        {"log path without file", "[log]\npath = \"/l\"\n", {}, {"t:2: log.path: is not used: log.target is not file"}},

        {"all the world trusted", "[trust]\nnetworks = [\"10.0.0.0/8\", \"0.0.0.0/0\"]\n", {},
         {"t:2: trust.networks: 0.0.0.0/0 trusts all the world: nobody is judged"}},
        {"all the world relays", "[trust]\nrelays = [\"::/0\"]\n", {},
         {"t:2: trust.relays: ::/0 trusts all the world: nobody is judged"}},

        {"a check twice", "[policyd]\nchecks = [\"spf\", \"greylist\", \"spf\"]\n",
         {"t:2: policyd.checks: names spf twice"}, {}},
        {"no checks", "[policyd]\nchecks = []\n", {}, {}},

        {"SPF longer than the request", "[spf]\ndeadline = \"30s\"\n", {},
         {"t:2: spf.deadline: spf.deadline (30s) is cut short by policyd.deadline (20s)"}},
        {"the request shorter than SPF", "[policyd]\ndeadline = \"10s\"\n", {},
         {"t:2: policyd.deadline: spf.deadline (20s) is cut short by policyd.deadline (10s)"}},
        {"the same without SPF", "[policyd]\ndeadline = \"10s\"\n[spf]\nenable = false\n", {}, {}},

        {"more forwarders than may be asked for", "[spf]\nexempt_spf_domains = [" + fifty + "\"x.example\"]\n",
         {"t:2: spf.exempt_spf_domains: names 51 domains, and each is looked up: at most 50"}, {}},
        {"as many as may be", "[spf]\nexempt_spf_domains = [" + fifty + "]\n", {}, {}},
        {"a word of SPF that is none", "[spf]\nmail_from = \"null_sender\"\n",
         {"t:2: spf.mail_from: \"null_sender\" is not one of: unchecked, never, no_mail, fail, softfail, not_pass"}, {}},
        {"a name of the SPF text that is none", "[spf]\ntext = \"see {url}\"\n",
         {"t:2: spf.text: {url} stands for nothing here; {action}, {result}, {reason}, {identity}, {domain}, {client} "
          "and {receiver} do"}, {}},
        {"a domain that is none", "[spf]\nnot_pass_domains = [\"a.example\", \"*.b.example\"]\n",
         {"t:2: spf.not_pass_domains: \"*.b.example\" is not a domain such as example.org, or .example.org for all "
          "below it"}, {}},

        {"retry window within the delay", "[greylist]\ndelay = \"5m\"\nretry_window = \"5m\"\n",
         {"t:3: greylist.retry_window: greylist.retry_window must be longer than greylist.delay, or no mail gets "
          "through"},
         {}},
        {"delay beyond the retry window", "[greylist]\nretry_window = \"10m\"\ndelay = \"11m\"\n",
         {"t:2: greylist.retry_window: greylist.retry_window must be longer than greylist.delay, or no mail gets "
          "through"},
         {}},
        {"age within the retry window", "[greylist]\nmax_age = \"1d\"\n",
         {"t:2: greylist.max_age: greylist.max_age must not be shorter than greylist.retry_window"}, {}},
        {"retry window beyond the age", "[greylist]\nmax_age = \"2d\"\nretry_window = \"2d\"\n", {}, {}},

        {"a domain's delay beyond the retry window", "[greylist]\nretry_window = \"10m\"\n[[greylist.domain]]\n"
         "domain = \"example.org\"\ndelay = \"10m\"\n",
         {"t:2: greylist.retry_window: must be longer than the delay of [[greylist.domain]] example.org"}, {}},
        {"only listed domains, and none is", "[greylist]\nlisted_domains_only = true\n", {},
         {"t:2: greylist.listed_domains_only: is true, but there is no [[greylist.domain]]: nothing is greylisted"}},
        {"too many zones", "[greylist]\nallow_zones = [\"a.b\", \"b.b\", \"c.b\", \"d.b\", \"e.b\", \"f.b\"]\n",
         {"t:2: greylist.allow_zones: has 6 items; at most 5 are asked"}, {}},

        {"signing without a key, said so", "[dkim]\nsign = true\n", {},
         {"t:2: dkim.sign: is true, but there is no [[dkim.domain]]: nothing is signed"}},
        {"a key without signing", "[dkim]\nsign = false\n" + key, {},
         {"t:2: dkim.sign: is false: the keys of [[dkim.domain]] are not used"}},
        {"an instance that only verifies", key + "[milterd.mx]\n[dkim.mx]\nsign = false\n", {}, {}},
        {"a key and signing", key, {}, {}},

        {"a DMARC policy without DKIM", "[dmarc]\nreject = \"reject\"\n[dkim]\nverify = false\n",
         {"t:4: dkim.verify: DMARC needs spf.enable and dkim.verify: without both, no mail is judged as [dmarc] says"},
         {}},
        {"a DMARC policy without SPF", "[spf]\nenable = false\n[dmarc]\nbad_from = \"reject\"\n",
         {"t:2: spf.enable: DMARC needs spf.enable and dkim.verify: without both, no mail is judged as [dmarc] says"},
         {}},
        {"a DMARC header without SPF", "[spf]\nenable = false\n", {}, {}},
        {"forged results left", "[auth_results]\nremove = \"none\"\nremove_ids = [\"a.example\"]\n", {},
         {"t:2: auth_results.remove: none: anybody can write results under our name, and readers believe them",
          "t:3: auth_results.remove_ids: is not used: auth_results.remove is not ours"}},
        {"results of relays that there are not", "[auth_results]\nkeep_from_relays = true\n", {},
         {"t:2: auth_results.keep_from_relays: is true, but there are no trust.relays"}},
        {"an action for DKIM that is none", "[dkim_verify]\nbad_signature = \"tempfail\"\n",
         {"t:2: dkim_verify.bad_signature: \"tempfail\" is not one of: default, accept, quarantine, defer, discard, "
          "reject"},
         {}},

        {"wait beyond the deadline", "[clamav]\nenable = true\nreload_wait = \"120s\"\n", {},
         {"t:3: clamav.reload_wait: clamav.reload_wait (120s) is cut short by milterd.deadline (120s)"}},
        {"deadline within the waits", "[clamav]\nenable = true\n[milterd]\ndeadline = \"10s\"\n", {},
         {"t:4: milterd.deadline: clamav.wait (10s) is cut short by milterd.deadline (10s)",
          "t:4: milterd.deadline: clamav.reload_wait (60s) is cut short by milterd.deadline (10s)"}},
        {"the same without scanning", "[milterd]\ndeadline = \"10s\"\n", {}, {}},
        {"no clamd", "[clamav]\nenable = true\nclamd = []\n", {"t:3: clamav.clamd: names no clamd to ask"}, {}},
        {"a clamd twice", "[clamav]\nenable = true\nclamd = [\"unix:/c\", \"inet:h:1\", \"unix:/c\"]\n", {},
         {"t:3: clamav.clamd: names unix:/c twice"}},
        {"a mail that can never be held", "[clamav]\nenable = true\nmax_size = \"257M\"\n",
         {"t:3: clamav.max_size: clamav.max_size must not be above milterd.max_spooled: such a mail could never be "
          "scanned"},
         {}},

        {"one socket for both", "[policyd]\nlisten = \"unix:/s\"\n[milterd]\nlisten = \"unix:/s\"\n",
         {"t:4: milterd.listen: unix:/s is the socket of policyd.listen already"}, {}},
        {"control where the other listens", "[policyd]\nlisten = \"unix:/s\"\n[milterd]\ncontrol = \"/s\"\n",
         {"t:4: milterd.control: unix:/s is the socket of policyd.listen already"}, {}},
        {"metrics where the other's are", "[policyd]\nmetrics = \"inet:127.0.0.1:9\"\n[milterd]\nmetrics = \"inet:127.0.0.1:9\"\n",
         {"t:4: milterd.metrics: inet:127.0.0.1:9 is the socket of policyd.metrics already"}, {}},
        {"metrics nowhere", "[policyd]\nmetrics = \"localhost\"\n", {"t:2: policyd.metrics: \"localhost\" is neither unix:PATH nor inet:HOST:PORT"}, {}},
        {"one table of two", "[dkim]\nkey_table = \"/k\"\n",
         {"t:2: dkim.key_table: dkim.key_table and dkim.signing_table go together: one is missing"}, {}},
        {"both tables", "[dkim]\nsign = true\nkey_table = \"/k\"\nsigning_table = \"refile:/s\"\n", {}, {}},
        {"clients of another role", "[milterd]\nrole = \"both\"\nsubmission_clients = \"all\"\n", {},
         {"t:3: milterd.submission_clients: is not used: milterd.role is not submission"}},
        {"no control sockets", "[policyd]\ncontrol = \"\"\n[milterd]\ncontrol = \"\"\n", {}, {}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = read_config({"t", c.input});
        CHECK(got.has_value() == c.want_faults.empty());
        if (got) {
            CHECK(got->warnings == c.want_warnings);
            continue;
        }
        Texts faults;
        for (const auto& error : got.error())
            faults.push_back(error.what);
        CHECK(faults == c.want_faults);
    }
}

TEST_CASE("the environment is named where it is the reason")
{
    const std::string file = "[greylist]\nretry_window = \"1h\"\n";
    const auto got = read_config({"t", file, {{"POSTERN_GREYLIST_RETRY_WINDOW", "4m"}}});
    REQUIRE_FALSE(got);
    CHECK(got.error()[0].what
          == "environment: POSTERN_GREYLIST_RETRY_WINDOW: greylist.retry_window must be longer than greylist.delay, or "
             "no mail gets through");
}

} // namespace postern
