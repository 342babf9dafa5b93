#include "config/migrate/clamav_conf.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("ClamAV's files: a line is a name and a value")
{
    const auto conf = parse_clamav_conf("# MaxFileSize 1M\r\n\nMaxFileSize 25M\r\n  RejectMsg \"infected: %v\" x\nLocalNet a\nLocalNet\tb\n"
                                        "MaxFileSize 1K\nFoo\nRejectMsg \"open\nExample\n");
    REQUIRE(conf.lines.size() == 6);
    REQUIRE(conf.find("MaxFileSize") != nullptr);
    CHECK(conf.find("MaxFileSize")->value == "25M"); // the first
    CHECK(conf.find("MaxFileSize")->line == 3);
    CHECK(conf.find("maxfilesize") == nullptr);
    CHECK(conf.find("RejectMsg")->value == "infected: %v");
    CHECK(conf.lines[3].value == "b");
    CHECK(conf.find("Example") != nullptr);
    REQUIRE(conf.faults.size() == 2);
    CHECK(conf.faults[0].line == 8);
    CHECK(conf.faults[0].what == "Foo has no value");
    CHECK(conf.faults[1].line == 9);
    CHECK(conf.faults[1].what == "RejectMsg: a quote is not closed");
}

TEST_CASE("ClamAV's files: what is too long is a fault")
{
    const auto conf = parse_clamav_conf("Name " + std::string(20'000, 'x') + "\nUser clamav\n");
    REQUIRE(conf.faults.size() == 1);
    CHECK(conf.faults[0].line == 1);
    CHECK(conf.lines.size() == 1);
    CHECK(parse_clamav_conf([] {
              std::string text;
              for (int i = 0; i < 11'000; ++i)
                  text += "LocalNet a\n";
              return text;
          }()).faults.size() == 1);
}

TEST_CASE("ClamAV's files: yes and no, sizes")
{
    CHECK(clamav_flag("Yes") == true);
    CHECK(clamav_flag("1") == true);
    CHECK(clamav_flag("FALSE") == false);
    CHECK(clamav_flag("On") == std::nullopt);
    CHECK(clamav_octets("25M") == 25u << 20);
    CHECK(clamav_octets("100k") == 100u << 10);
    CHECK(clamav_octets("2G") == std::uint64_t{2} << 30);
    CHECK(clamav_octets("0") == 0u);
    for (const auto* const bad : {"", "M", "25MB", "-1", "99999999G", "99999999999999999999"})
        CHECK_MESSAGE(clamav_octets(bad) == std::nullopt, bad);
}

} // namespace postern
