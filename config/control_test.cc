#include "config/control.h"

#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

LoadedHost load(const std::string& toml)
{
    const auto base = read_config({"t", toml});
    REQUIRE(base);
    LoadedHost host{*base, {}};
    for (const auto& name : base->instances)
        host.instances.push_back({name, read_config({"t", toml}, name)->config});
    return host;
}

} // namespace

TEST_CASE("control_targets")
{
    struct Case {
        const char* name;
        std::vector<std::string> want_paths; // empty: there is no such daemon
    };
    const std::string run = "/run/postern/";
    const Case cases[] = {
        {"", {run + "policyd.control", run + "milterd.control", run + "milterd-a.control", run + "milterd-b.control"}},
        {"policyd", {run + "policyd.control"}},
        {"milterd", {run + "milterd.control"}},
        {"b", {run + "milterd-b.control"}},
        {"c", {}},
    };
    const auto host = load("[milterd.b]\n[milterd.a]\n");
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto targets = control_targets(host, c.name);
        CHECK(targets.has_value() == !c.want_paths.empty());
        if (!targets)
            continue;
        std::vector<std::string> paths;
        for (const auto& target : *targets)
            paths.push_back(target.path);
        CHECK(paths == c.want_paths);
    }
    CHECK(control_targets(host, "c").error().what
          == "c: no such daemon; there are policyd, milterd, a, b");
}

TEST_CASE("ask_all asks each, and says what each said")
{
    std::vector<std::string> asked;
    const auto ask = [&](const std::string& path, std::string_view command) -> Result<std::string> {
        asked.push_back(fmt::format("{} {}", path, command));
        if (path == "/down")
            return fail("/down: nobody listens");
        return path == "/two" ? "one\ntwo\n" : "";
    };
    const auto report = ask_all({{"policyd", "/two"}, {"milterd", "/down"}, {"a", ""}, {"b", "/fine"}}, "status", ask);
    CHECK(report.text
          == "policyd: one\npolicyd: two\nmilterd: /down: nobody listens\na: has no control socket\nb: ok\n");
    CHECK_FALSE(report.is_good);
    CHECK(asked == std::vector<std::string>{"/two status", "/down status", "/fine status"});
    CHECK(ask_all({{"b", "/fine"}}, "reload", ask).is_good);
}

} // namespace postern
