#include "policyd/greylist_tables.h"

#include "test/fake/fake_clock.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

const GreylistPolicy policy{5min, 48h, 24h * 35, 5};

} // namespace

TEST_CASE("GreylistTables: expire deletes what no longer means anything, a page at a time")
{
    const ScratchFolder folder;
    const auto now = FakeClock().now();
    auto tables = GreylistTables::open(folder / "greylist.sqlite");
    REQUIRE(tables.has_value());
    const struct {
        const char* key;
        std::variant<TripletRow, ClientRow> row;
        bool want_kept;
    } cases[] = {
        {"a/new/r", TripletRow{now, now}, true},
        {"b/waits, within its window/r", TripletRow{now - 48h, now - 48h}, true},
        {"c/never came back/r", TripletRow{now - 48h - 1s, now - 48h - 1s}, false},
        {"d/let in, old/r", TripletRow{now - 24h * 90, now - 24h * 35}, true},
        {"e/let in, too old/r", TripletRow{now - 24h * 90, now - 24h * 35 - 1s}, false},
        {"e/let in after a short delay/r", TripletRow{now - 24h * 9, now - 24h * 9 + 10s}, true},
        {"f/from the future/r", TripletRow{now + 24h, now + 24h}, true},
        {"192.0.2.0", ClientRow{9, now - 24h * 35}, true},
        {"192.0.3.0", ClientRow{9, now - 24h * 35 - 1s}, false},
    };
    std::vector<GreylistWrite> writes;
    for (const auto& c : cases)
        writes.push_back({c.key, c.row});
    REQUIRE(tables->write(writes).has_value());

    int deleted = 0;
    for (int page = 0; page < 5; ++page) {
        const auto count = tables->expire(now, policy, 2);
        REQUIRE(count.has_value());
        CHECK(*count <= 4);
        deleted += *count;
    }
    CHECK(deleted == 3);
    for (const auto& c : cases) {
        CAPTURE(c.key);
        const auto rows = tables->find({c.key, c.key});
        REQUIRE(rows.has_value());
        CHECK((rows->triplet || rows->client) == c.want_kept);
    }
}

} // namespace postern
