#include "policyd/dnsbl_tables.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <fstream>
#include <sys/stat.h>

namespace postern {
namespace {

Result<DnsblTables> read(const std::string& map, const std::string& templates)
{
    DnsblSettings settings;
    settings.reply_map = "/map";
    settings.reply_templates = "/templates";
    return read_dnsbl_tables(settings, [&](const std::string& path) -> Result<std::string> {
        return path == "/map" ? map : templates;
    });
}

} // namespace

TEST_CASE("read_dnsbl_tables: Postfix's own files")
{
    const auto tables = read("# postscreen_dnsbl_reply_map\nSecret.zen.spamhaus.org\tzen.spamhaus.org\na.example B.example.\n",
                             "bl.example.org=127.0.0.[2..4]  $rbl_code $rbl_what is in\n   $rbl_domain\n"
                             "bl.example.org  554 5.7.1 no\n");
    REQUIRE(tables);
    CHECK(tables->public_names.at("secret.zen.spamhaus.org") == "zen.spamhaus.org");
    CHECK(tables->public_names.at("a.example") == "b.example");
    CHECK(tables->templates.at("bl.example.org=127.0.0.[2..4]") == "$rbl_code $rbl_what is in $rbl_domain");
    CHECK(tables->templates.at("bl.example.org") == "554 5.7.1 no");
    CHECK(read_dnsbl_tables({}, [](const std::string&) -> Result<std::string> { return fail("never asked"); }));
}

TEST_CASE("read_dnsbl_tables: faults are told at their line, and show no key")
{
    const std::string secret = "aip7yig6sahg6ehsohn5shco3z.zen.dq.spamhaus.net";
    struct Case {
        const char* name;
        std::string map, templates, want;
    };
    const Case cases[] = {
        {"no value", "a.example b.example\n" + secret + "\n", "",
         "dnsbl.reply_map: /map:2: \"key value\" is wanted"},
        {"no key", secret + "=x b.example\n", "", "dnsbl.reply_map: /map:1: the key is not ZONE or ZONE=FILTER"},
        {"weight", secret + "*2 b.example\n", "", "dnsbl.reply_map: /map:1: the key is not ZONE or ZONE=FILTER"},
        {"no name", secret + " not a name\n", "", "dnsbl.reply_map: /map:1: the value is not a domain name"},
        {"key not hidden", "# x\n" + secret + " " + secret + "\n", "",
         "dnsbl.reply_map: /map:2: the value seems to hold a key itself: all the world would see it"},
        {"template without code", "", "a.example go away\n",
         "dnsbl.reply_templates: /templates:1: must begin with $rbl_code or a code from 400 to 599"},
        {"template", "", "a.example $rbl_code\n\nb.example 550 ${rbl_what\n",
         "dnsbl.reply_templates: /templates:3: \"$\" is followed by a \"{\" that nothing closes"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto tables = read(c.map, c.templates);
        REQUIRE_FALSE(tables);
        CHECK(tables.error().what == c.want);
        CHECK(tables.error().what.find("aip7yig6") == std::string::npos);
    }
}

TEST_CASE("read_text_file")
{
    const ScratchFolder folder;
    const auto path = folder / "table";
    CHECK(read_text_file(path).error().what == path + ": No such file or directory");
    std::ofstream(path) << "a b\n";
    CHECK(read_text_file(path) == "a b\n");
    std::ofstream(path) << "";
    CHECK(read_text_file(path) == "");
    std::ofstream(path) << std::string((1 << 20) + 1, 'x');
    CHECK(read_text_file(path).error().what == path + ": has more than 1048576 octets");
    const auto fifo = folder / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(read_text_file(fifo).error().what == fifo + ": is not a file"); // and nobody is waited for
    DnsblSettings settings;
    settings.reply_map = folder / "none";
    CHECK(read_dnsbl_tables(settings, read_text_file).error().what
          == "dnsbl.reply_map: " + settings.reply_map + ": No such file or directory");
}

} // namespace postern
