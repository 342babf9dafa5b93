#include "config/manual.h"

#include "config/read_config.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>

namespace postern {
namespace {

std::string shipped(const char* name)
{
    std::ifstream file(std::string(POSTERN_SOURCE_ROOT) + "/config/" + name, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The sample with every setting in force.
std::string uncommented(const std::string& sample)
{
    std::string result;
    for (std::size_t at = 0; at < sample.size(); ++at)
        if (sample[at] != '#' || (at > 0 && sample[at - 1] != '\n') || sample[at + 1] == ' ' || sample[at + 1] == '\n')
            result += sample[at];
    return result;
}

constexpr std::string_view used_commands[] = {".\\\"", ".TH ", ".SH ", ".SS ", ".TP", ".PP", ".nf", ".fi",
                                              ".RS", ".RE", ".B ", ".BR ", ".BI ", ".I ", ".IR "};

} // namespace

TEST_CASE("the shipped files are those of the table: see manual.h for how to write them anew")
{
    CHECK(shipped("postern.toml") == sample_file());
    CHECK(shipped("postern.toml.5") == manual_page());
}

TEST_CASE("the sample changes nothing")
{
    const auto sample = read_config({"sample", sample_file()});
    REQUIRE(sample);
    CHECK(sample->warnings.empty());
    CHECK(sample->config.dkim.domains.empty());
}

TEST_CASE("each setting of the sample, taken out of its comment, is the default")
{
    const auto sample = read_config({"sample", uncommented(sample_file())});
    CHECK_MESSAGE(sample.has_value(), (sample ? "" : sample.error()[0].what));
    const auto defaults = read_config({"", ""});
    REQUIRE((sample && defaults));
    REQUIRE(sample->config.dkim.domains.size() == 1);
    CHECK(sample->config.dkim.domains[0].domain == "example.org");
    for (const auto& setting : settings()) {
        CAPTURE(setting.section);
        CAPTURE(setting.name);
        CHECK(uncommented(sample_file()).find(fmt::format("\n{} = ", setting.name)) != std::string::npos);
        if (find_section(setting.section)->kind != SectionKind::repeated)
            CHECK(same_value(sample->config, defaults->config, setting));
    }
}

TEST_CASE("the manual page has each section and each setting")
{
    const auto page = manual_page();
    for (const auto& setting : settings()) {
        CAPTURE(setting.name);
        CHECK(page.find(fmt::format("\\fB{}\\fR (", setting.name)) != std::string::npos);
    }
    CHECK(page.find(".SS [[dkim.domain]]\n") != std::string::npos);
    CHECK(page.find("(default \"0660\")\n") != std::string::npos);
    CHECK(page.find("127.0.0.0/8\", \"::1/128\"])\n") != std::string::npos);
}

TEST_CASE("no line of the manual page is a command of roff by mistake")
{
    const auto page = manual_page();
    std::size_t commands = 0;
    for (std::size_t at = 0; at < page.size(); at = page.find('\n', at) + 1) {
        const auto line = page.substr(at, page.find('\n', at) - at);
        if (!line.starts_with('.') && !line.starts_with('\''))
            continue;
        CAPTURE(line);
        const auto begins_line = [&](std::string_view command) { return line.starts_with(command); };
        CHECK(std::any_of(std::begin(used_commands), std::end(used_commands), begins_line));
        ++commands;
    }
    CHECK(commands > settings().size());
}

} // namespace postern
