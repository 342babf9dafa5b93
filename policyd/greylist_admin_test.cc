#include "policyd/greylist_admin.h"

#include "policyd/greylist_tables.h"
#include "policyd/postgrey_hash.h"
#include "test/fake/fake_clock.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

const Timestamp now = FakeClock().now(); // 2023-11-14T22:13:20Z

struct Setup {
    Setup()
    {
        REQUIRE(tables.has_value());
        const GreylistWrite rows[] = {
            {"192.0.2.0/a@example.org/me@example.net", TripletRow{now - 24h, now - 1h}},
            {"192.0.2.0/b@example.org/me@example.net", TripletRow{now - 2h, now - 2h}},
            {"192.0.2.0//me@example.net", TripletRow{now - 1h, now - 1h}},
            {"198.51.100.0/c@example.org/me@example.net", TripletRow{now - 10s, now - 10s}},
            {"@example.org/a@example.org/me@example.net", TripletRow{now - 24h, now - 1h}},
            {"192.0.2.0", ClientRow{7, now - 1h}},
            {"@example.org", ClientRow{2, now - 1h}},
        };
        REQUIRE(tables->write(rows).has_value());
    }

    GreylistAdmin admin()
    {
        output.clear();
        return {*tables, {{5min, 48h, 24h * 35, 5}}, now, [this](std::string_view text) {
                    output.append(text);
                    return true;
                }};
    }

    GreylistAdmin::Input input(std::string text)
    {
        return [rest = std::move(text)](std::string& line) mutable {
            line = rest.substr(0, rest.find('\n'));
            rest.erase(0, std::min(line.size() + 1, rest.size()));
            return !line.empty();
        };
    }

    ScratchFolder folder;
    Result<GreylistTables> tables = GreylistTables::open(folder / "greylist.sqlite");
    std::string output;
};

} // namespace

TEST_CASE("GreylistAdmin: list, clients, stats, report")
{
    Setup setup;
    CHECK(setup.admin().list({}));
    CHECK(setup.output
          == "waits 2023-11-14T21:13:20Z 2023-11-14T21:13:20Z 192.0.2.0 - me@example.net\n"
             "passed 2023-11-13T22:13:20Z 2023-11-14T21:13:20Z 192.0.2.0 a@example.org me@example.net\n"
             "waits 2023-11-14T20:13:20Z 2023-11-14T20:13:20Z 192.0.2.0 b@example.org me@example.net\n"
             "waits 2023-11-14T22:13:10Z 2023-11-14T22:13:10Z 198.51.100.0 c@example.org me@example.net\n"
             "passed 2023-11-13T22:13:20Z 2023-11-14T21:13:20Z @example.org a@example.org me@example.net\n");
    GreylistFilter filter;
    filter.client = "192.0";
    filter.waiting = true;
    filter.limit = 1;
    CHECK(setup.admin().list(filter));
    CHECK(setup.output == "waits 2023-11-14T21:13:20Z 2023-11-14T21:13:20Z 192.0.2.0 - me@example.net\n");

    CHECK(setup.admin().clients({}));
    CHECK(setup.output
          == "whitelisted 7 2023-11-14T21:13:20Z 192.0.2.0\ncounted 2 2023-11-14T21:13:20Z @example.org\n");

    CHECK(setup.admin().stats());
    CHECK(setup.output
          == "triplets 5\nwaiting 3\npassed 2\nby_domain 1\nhashed 0\nclients 2\nwhitelisted 1\n"
             "oldest 2023-11-14T20:13:20Z\n");

    CHECK(setup.admin().report(false)); // 198.51.100.0 may still come
    CHECK(setup.output == "192.0.2.0 2 2023-11-14T20:13:20Z 2023-11-14T21:13:20Z\n");
    CHECK(setup.admin().report(true));
    CHECK(setup.output
          == "192.0.2.0 2 2023-11-14T20:13:20Z 2023-11-14T21:13:20Z\n"
             "    2023-11-14T21:13:20Z - me@example.net\n"
             "    2023-11-14T20:13:20Z b@example.org me@example.net\n");
}

TEST_CASE("GreylistAdmin: show, pass and forget a mail")
{
    Setup setup;
    CHECK(setup.admin().show("198.51.100.9", "C+x@Example.org", "me@example.net"));
    CHECK(setup.output
          == "waits 2023-11-14T22:13:10Z 2023-11-14T22:13:10Z 198.51.100.0 c@example.org me@example.net\n"
             "client 0 - 198.51.100.0\nnow waits early-retry (290s missing)\n");
    CHECK(setup.admin().pass("198.51.100.9", "c@example.org", "me@example.net"));
    CHECK(setup.output == "passes 198.51.100.0/c@example.org/me@example.net\n");
    CHECK(setup.admin().show("198.51.100.0", "c@example.org", "me@example.net"));
    CHECK(setup.output.ends_with("now passes triplet found\n"));
    CHECK(setup.admin().forget("198.51.100.9", "c@example.org", "me@example.net"));
    CHECK(setup.output == "forgotten 198.51.100.0/c@example.org/me@example.net\n");
    CHECK(setup.admin().show("198.51.100.9", "c@example.org", "me@example.net"));
    CHECK(setup.output
          == "unknown - - 198.51.100.0 c@example.org me@example.net\nclient 0 - 198.51.100.0\nnow waits new\n");
    CHECK(setup.admin().show("@example.org", "a@example.org", "me@example.net"));
    CHECK(setup.output.ends_with("client 2 2023-11-14T21:13:20Z @example.org\nnow passes triplet found\n"));
    CHECK(setup.admin().forget("198.51.100.9", "c@example.org", "me@example.net").error().what
          == "not known: 198.51.100.0/c@example.org/me@example.net");
    CHECK(setup.admin().show("nonsense", "", "me@example.net").error().what == "\"nonsense\" is not an address or @domain");
}

TEST_CASE("GreylistAdmin: pass and forget a client as a whole")
{
    Setup setup;
    CHECK(setup.admin().pass("198.51.100.9", "", ""));
    CHECK(setup.output == "passes 198.51.100.0\n");
    CHECK(setup.admin().show("198.51.100.1", "new@example.org", "me@example.net"));
    CHECK(setup.output.ends_with("client 5 2023-11-14T22:13:20Z 198.51.100.0\nnow passes client AWL\n"));
    CHECK(setup.admin().forget("192.0.2.9", "", ""));
    CHECK(setup.output
          == "forgotten 192.0.2.0\nforgotten 192.0.2.0//me@example.net\n"
             "forgotten 192.0.2.0/a@example.org/me@example.net\nforgotten 192.0.2.0/b@example.org/me@example.net\n");
    CHECK(setup.admin().stats());
    CHECK(setup.output.starts_with("triplets 2\n"));
    CHECK_FALSE(setup.admin().forget("192.0.2.9", "", "").has_value());
}

TEST_CASE("GreylistAdmin: what was exported is imported")
{
    Setup setup, other;
    CHECK(setup.admin().export_all());
    const auto text = setup.output;
    CHECK(text.starts_with("# postern greylist 1\ntriplet "));
    CHECK(other.admin().forget("192.0.2.9", "", ""));
    auto result = other.admin().import(other.input(text));
    REQUIRE(result.has_value());
    CHECK(result->read == 7);
    CHECK(result->written == 4);
    CHECK(other.admin().export_all());
    CHECK(other.output == text);
    result = other.admin().import(other.input(text)); // once more: nothing new
    CHECK(result->written == 0);
}

TEST_CASE("GreylistAdmin: an import keeps what is worth more, and says each fault with its line")
{
    Setup setup;
    const auto old = std::to_string((now - 48h).time_since_epoch().count());
    const auto result = setup.admin().import(setup.input(
        "triplet " + old + " " + old + " 192.0.2.0/a@example.org/me@example.net\n" // waits: less
        "client 3 " + std::to_string(now.time_since_epoch().count()) + " 192.0.2.0\n" // fewer passes, but later
        "nonsense\nclient x 1 a\n"));
    REQUIRE(result.has_value());
    CHECK(result->read == 2);
    CHECK(result->written == 1);
    CHECK(result->faults
          == std::vector<std::string>{"3: begins with \"nonsense\", not with triplet or client",
                                      "4: \"x\" is not a number from 0 to 1000000000000"});
    const auto rows = setup.tables->find({"192.0.2.0/a@example.org/me@example.net", "192.0.2.0"});
    CHECK(rows->triplet->was_let_in());
    CHECK(rows->client == ClientRow{7, now});
}

TEST_CASE("GreylistAdmin: postgrey's dump; several addresses of a network are one client")
{
    Setup setup;
    const std::string head = "VERSION=3\nformat=print\ntype=btree\nHEADER=END\n";
    const auto result = setup.admin().import_postgrey(
        setup.input(head + " 203.0.113.0/x@example.org/me@example.net\n 1700000000,1700000400\nDATA=END\n" + head
                    + " 203.0.113.7\n 3,1700000000\n 203.0.113.8\n 2,1700000500\nDATA=END\n"),
        300s);
    REQUIRE(result.has_value());
    CHECK(result->read == 3);
    CHECK(result->faults.empty());
    const auto rows = setup.tables->find({"203.0.113.0/x@example.org/me@example.net", "203.0.113.0"});
    CHECK(rows->triplet->was_let_in());
    CHECK(rows->client == ClientRow{3, Timestamp(1700000500s)});

    const auto cut = setup.admin().import_postgrey(setup.input(head + " 203.0.113.9\n 3,1700000000\n"), 300s);
    CHECK(cut.error().what == "the dump ends without DATA=END: is it whole? What was read is in the store");
}

TEST_CASE("GreylistTables: what postgrey had hashed is found by its plain key")
{
    Setup setup;
    CHECK(postgrey_hash("192.0.2.17") == "#04499b324324bb6bc4d1b0c7ad47c8d5ff34b9d6"); // as postgrey 1.37 has made it
    const GreylistWrite rows[] = {
        {"#61a1cf9e6028ecbe08217cd99d40b469f2fbe210", TripletRow{now - 10min, now}}, // 192.0.2.17/32/user@.../me@...
        {"#04499b324324bb6bc4d1b0c7ad47c8d5ff34b9d6", ClientRow{9, now}},
    };
    REQUIRE(setup.tables->write(rows).has_value());
    auto tables = GreylistTables::open_for_reading(setup.folder / "greylist.sqlite");
    REQUIRE(tables.has_value());
    const auto found = tables->find({"192.0.2.17/user@example.org/me@example.net", "192.0.2.17"});
    REQUIRE(found.has_value());
    CHECK(found->triplet.has_value());
    CHECK(found->client == ClientRow{9, now});
    CHECK_FALSE(tables->find({"192.0.2.18/user@example.org/me@example.net", "192.0.2.18"})->triplet.has_value());
}

} // namespace postern
