#include "milterd/clamd_server.h"

#include "common/facts.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("ClamdServer: what it is, by what was seen of it")
{
    using Server = ClamdServer;
    struct Case {
        const char* name;
        std::vector<void (Server::*)()> seen;
        ClamdState want;
    };
    const Case cases[] = {
        {"not asked yet", {}, ClamdState::warming},
        {"says nothing yet", {&Server::silent}, ClamdState::warming},
        {"answers", {&Server::silent, &Server::heard}, ClamdState::ready},
        {"says nothing any more", {&Server::heard, &Server::silent, &Server::silent}, ClamdState::reloading},
        {"answers again", {&Server::heard, &Server::silent, &Server::heard}, ClamdState::ready},
        {"gone", {&Server::heard, &Server::absent}, ClamdState::down},
        {"started again", {&Server::heard, &Server::absent, &Server::silent}, ClamdState::warming},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Server server({"/run/clamd", "", 0});
        for (const auto what : c.seen)
            (server.*what)();
        CHECK(server.state() == c.want);
        ClamdState from{}, to{};
        CHECK(server.has_changed(from, to) == (c.want != ClamdState::warming));
        CHECK(from == ClamdState::warming);
        CHECK(to == c.want);
        CHECK_FALSE(server.has_changed(from, to)); // it is told once
    }
}

TEST_CASE("ClamdServer: a descriptor is passed over a Unix socket, until it was refused")
{
    ClamdServer local({"/run/clamd", "", 0}), remote({"", "192.0.2.1", 3310});
    CHECK(local.passes_descriptors());
    CHECK_FALSE(remote.passes_descriptors());
    local.no_more_descriptors();
    CHECK_FALSE(local.passes_descriptors());
}

TEST_CASE("ClamdServers: one clamd is one, whoever asks")
{
    ClamdServers servers;
    const auto first = servers.at({"/run/clamd", "", 0});
    first->count_scan();
    CHECK(servers.at({"/run/clamd", "", 0}) == first);
    CHECK(servers.at({"", "192.0.2.1", 3310}) != first);
    Facts facts;
    add_facts(*first, facts);
    CHECK(write_status(facts) == "clamd unix:/run/clamd state=warming scans=1 failures=0\n");
}

} // namespace postern
