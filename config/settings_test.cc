#include "config/settings.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <fstream>

namespace postern {
namespace {

std::string write_file(const std::string& path, std::string_view content)
{
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

} // namespace

TEST_CASE("load_config reads the file, and files that the environment names")
{
    const ScratchFolder scratch;
    const auto file = write_file(scratch / "postern.toml",
                                 "[greylist]\ndelay = \"10m\"\nretry_window = \"1d\"\n[milterd.a]\n");
    const auto delay = write_file(scratch / "delay", "15m\n");

    const auto loaded = load_config(file, {{"POSTERN_GREYLIST_DELAY_FILE", delay}});
    REQUIRE(loaded);
    CHECK(loaded->config.greylist.delay == std::chrono::minutes(15));
    CHECK(loaded->config.greylist.retry_window == std::chrono::hours(24));
    CHECK(loaded->instances == Texts{"a"});
    CHECK(loaded->warnings.empty());

    const auto instance = load_config(file, {}, "a");
    REQUIRE(instance);
    CHECK(instance->config.milterd.control == "/run/postern/milterd-a.control");

    const auto host = load_host(file, {});
    REQUIRE(host);
    CHECK(host->base.config.milterd.control == "/run/postern/milterd.control");
    REQUIRE(host->instances.size() == 1);
    CHECK(host->instances[0].name == "a");
    CHECK(host->instances[0].config.milterd.control == "/run/postern/milterd-a.control");
    CHECK_FALSE(load_host(scratch / "gone", {}));
}

TEST_CASE("load_config without a file")
{
    const auto loaded = load_config("", {{"POSTERN_LOG_LEVEL", "debug"}});
    REQUIRE(loaded);
    CHECK(loaded->config.log.level == "debug");
    CHECK(loaded->warnings.empty());
}

TEST_CASE("load_config says why a file cannot be read")
{
    const ScratchFolder scratch;
    const auto first_fault = [](const std::string& path, const Environment& environment = {}) {
        const auto loaded = load_config(path, environment);
        REQUIRE_FALSE(loaded);
        REQUIRE(loaded.error().size() == 1);
        return loaded.error()[0].what;
    };
    const auto gone = scratch / "gone";
    CHECK(first_fault(gone) == gone + ": No such file or directory");
    CHECK(first_fault(scratch.path()) == scratch.path() + ": Is a directory");
    const auto large = write_file(scratch / "large", std::string((1 << 20) + 1, '#'));
    CHECK(first_fault(large) == large + ": larger than 1048576 octets");
    CHECK(first_fault("", {{"POSTERN_LOG_LEVEL_FILE", gone}})
          == "environment: POSTERN_LOG_LEVEL_FILE: " + gone + ": No such file or directory");
    const auto wrong = write_file(scratch / "wrong", "[spf]\nenable = 1\n");
    CHECK(first_fault(wrong) == wrong + ":2: spf.enable: wants true or false, not a number");
}

TEST_CASE("need_restart names what the daemon cannot take over while it runs")
{
    const auto defaults = load_config("", {});
    REQUIRE(defaults);
    auto changed = defaults->config;
    changed.policyd.listen = "unix:/other";
    changed.policyd.user = "other";
    changed.milterd.socket_mode = 0666;
    changed.log.target = LogTarget::syslog;
    changed.greylist.delay = std::chrono::minutes(1);

    CHECK(need_restart(defaults->config, changed, Daemon::policyd)
          == Texts{"log.target", "policyd.listen", "policyd.user"});
    CHECK(need_restart(defaults->config, changed, Daemon::milterd) == Texts{"log.target", "milterd.socket_mode"});
    CHECK(need_restart(defaults->config, defaults->config, Daemon::policyd).empty());
}

} // namespace postern
