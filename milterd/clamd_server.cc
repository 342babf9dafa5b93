#include "milterd/clamd_server.h"

#include <utility>

namespace postern {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto stream_instead = 5min; // after a descriptor was refused

// What silence means.
ClamdState when_silent(ClamdState before)
{
    switch (before) {
    case ClamdState::ready:
        return ClamdState::reloading;
    case ClamdState::down:
        return ClamdState::warming;
    case ClamdState::warming:
    case ClamdState::reloading:
        break;
    }
    return before;
}

} // namespace

ClamdServer::ClamdServer(SocketAddress address)
    : address_(std::move(address))
    , endpoints_(known_endpoints(address_))
{
}

void ClamdServer::heard()
{
    last_reply_ = SteadyClock::now();
    state_ = ClamdState::ready;
}

void ClamdServer::silent()
{
    auto before = state_.load();
    while (!state_.compare_exchange_weak(before, when_silent(before))) { }
}

void ClamdServer::absent()
{
    state_ = ClamdState::down;
}

bool ClamdServer::has_changed(ClamdState& from, ClamdState& to)
{
    to = state_;
    from = told_.exchange(to);
    return from != to;
}

std::vector<ClamdEndpoint> ClamdServer::endpoints() const
{
    const std::lock_guard lock(mutex_);
    return endpoints_;
}

void ClamdServer::set_endpoints(std::vector<ClamdEndpoint> endpoints)
{
    const std::lock_guard lock(mutex_);
    endpoints_ = std::move(endpoints);
}

bool ClamdServer::passes_descriptors() const
{
    return address_.is_unix() && SteadyClock::now() >= stream_until_.load();
}

void ClamdServer::no_more_descriptors()
{
    stream_until_ = SteadyClock::now() + stream_instead;
}

void add_facts(const ClamdServer& server, Facts& facts)
{
    const std::vector<std::string_view> states{state_name(ClamdState::ready), state_name(ClamdState::warming),
                                               state_name(ClamdState::reloading), state_name(ClamdState::down)};
    facts.line("clamd", {{"clamd", server.name()}})
        .word("state", state_name(server.state()), states, "The state of a clamd is 1, the others are 0.")
        .counter("scans", server.scans(), "Messages that a clamd has judged.")
        .counter("failures", server.failures(), "Scans that failed at a clamd and were tried again, there or elsewhere.");
}

std::shared_ptr<ClamdServer> ClamdServers::at(const SocketAddress& address)
{
    const std::lock_guard lock(mutex_);
    auto& server = servers_[address.text()];
    if (!server)
        server = std::make_shared<ClamdServer>(address);
    return server;
}

} // namespace postern
