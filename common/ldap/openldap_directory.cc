#include "common/ldap/openldap_directory.h"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <optional>

namespace postern {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds first_pause = 1s, longest_pause = 30s;
constexpr auto settled = 60s; // a server that has worked so long begins anew with short pauses
constexpr auto canary_freshness = 1s;
constexpr auto longest_probe = 60s; // it ends earlier, by the timeouts of connecting and searching

} // namespace

struct OpenldapDirectory::Server {
    enum class Health { unknown, up, down };

    Server(asio::io_context& io, OpenldapDirectory& directory, const LdapUrl& url)
        : name(url.text())
        , timer(io)
        , link(io, directory.options_, url, [&directory, this](const auto& why) { directory.mark_down(*this, why); })
    {
    }

    std::string name;
    Health health = Health::unknown;
    std::string trouble; // while it is down
    milliseconds pause = first_pause;
    Deadline up_since{};
    std::optional<Deadline> canary_seen;
    bool is_probed = false;
    asio::steady_timer timer; // of the next probe
    LdapServer link;          // last: it tells the others
};

OpenldapDirectory::OpenldapDirectory(asio::io_context& io, LdapOptions options,
                                     std::function<void(const LdapStateChange&)> on_state)
    : io_(io)
    , options_(std::move(options))
    , on_state_(std::move(on_state))
{
    for (const auto& url : options_.servers) {
        servers_.push_back(std::make_unique<Server>(io_, *this, url));
        start_probe(*servers_.back(), 0ms);
    }
}

OpenldapDirectory::~OpenldapDirectory()
{
    alive_.reset();
}

asio::awaitable<DirectoryAnswer> OpenldapDirectory::find(MailAddress address, Deadline deadline)
{
    const auto search = search_for(address);
    if (search.filter.empty())
        co_return DirectoryAnswer{DirectoryStatus::not_there};
    std::string failure;
    for (const auto& server : servers_) {
        if (server->health == Server::Health::down)
            continue;
        const auto outcome = co_await server->link.search(search, deadline);
        if (outcome.status != SearchStatus::failed)
            mark_up(*server);
        if (outcome.status == SearchStatus::found)
            co_return DirectoryAnswer{DirectoryStatus::exists};
        if (outcome.status == SearchStatus::none) {
            const bool is_believed = co_await has_canary(*server, deadline);
            if (is_believed)
                co_return DirectoryAnswer{DirectoryStatus::not_there};
        }
        if (outcome.status == SearchStatus::failed)
            failure = server->name + ": " + outcome.reason;
        if (steady_clock::now() >= deadline)
            break;
    }
    auto all = trouble();
    co_return DirectoryAnswer{DirectoryStatus::unavailable, all.empty() ? std::move(failure) : std::move(all)};
}

// With an empty filter if the address has not what is asked for.
LdapSearch OpenldapDirectory::search_for(const MailAddress& address) const
{
    LdapSearch search{.scope = options_.scope,
                      .is_base_dynamic = options_.base.is_dynamic(),
                      .ignore_referrals = options_.ignore_referrals};
    auto base = options_.base.expand(address);
    auto filter = options_.filter.expand(address);
    if (base && filter) {
        search.base = std::move(*base);
        search.filter = std::move(*filter);
    }
    return search;
}

asio::awaitable<bool> OpenldapDirectory::has_canary(Server& server, Deadline deadline)
{
    if (options_.canary.empty())
        co_return true;
    if (server.canary_seen && steady_clock::now() - *server.canary_seen < canary_freshness)
        co_return true;
    const auto outcome = co_await server.link.search(search_for(parse_mail_address(options_.canary)), deadline);
    if (outcome.status == SearchStatus::found)
        server.canary_seen = steady_clock::now();
    if (outcome.status == SearchStatus::none)
        mark_down(server, no_canary());
    co_return outcome.status == SearchStatus::found;
}

// The canary, or the base, or with a base that hangs on the address the entry that every server has.
LdapSearch OpenldapDirectory::probe_search() const
{
    if (!options_.canary.empty())
        return search_for(parse_mail_address(options_.canary));
    LdapSearch search{.filter = "(objectClass=*)", .scope = LdapScope::base, .ignore_referrals = true};
    if (!options_.base.is_dynamic())
        search.base = options_.base.expand({}).value_or("");
    return search;
}

// Until the server works.
asio::awaitable<void> OpenldapDirectory::probe(Server& server, std::weak_ptr<int> alive)
{
    for (;;) {
        asio::error_code ended;
        co_await server.timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        if (alive.expired())
            co_return;
        const auto outcome = co_await server.link.search(probe_search(), steady_clock::now() + longest_probe);
        if (alive.expired())
            co_return;
        const bool is_lost_canary = outcome.status == SearchStatus::none && !options_.canary.empty();
        if (outcome.status != SearchStatus::failed && !is_lost_canary)
            break;
        mark_down(server, is_lost_canary ? no_canary() : outcome.reason);
        server.timer.expires_after(server.pause);
        server.pause = std::min(server.pause * 2, longest_pause);
    }
    server.is_probed = false;
    mark_up(server);
}

void OpenldapDirectory::start_probe(Server& server, milliseconds pause)
{
    server.is_probed = true;
    server.timer.expires_after(pause);
    asio::co_spawn(io_, probe(server, alive_), asio::detached);
}

void OpenldapDirectory::mark_up(Server& server)
{
    if (server.health == Server::Health::up || (server.health == Server::Health::down && server.is_probed))
        return; // the second: an answer that was under way; the probe decides
    server.health = Server::Health::up;
    server.trouble.clear();
    server.up_since = steady_clock::now();
    tell(server);
}

void OpenldapDirectory::mark_down(Server& server, const std::string& trouble)
{
    server.trouble = trouble; // the newest is the one to act on
    if (server.health == Server::Health::down)
        return;
    if (server.health == Server::Health::up && steady_clock::now() - server.up_since > settled)
        server.pause = first_pause;
    server.health = Server::Health::down;
    server.canary_seen.reset();
    tell(server);
    if (!server.is_probed)
        start_probe(server, server.pause);
}

void OpenldapDirectory::tell(const Server& server)
{
    on_state_({options_.name, server.name, server.trouble});
    const auto now = trouble();
    if (is_ready_ == now.empty())
        return;
    is_ready_ = now.empty();
    on_state_({options_.name, "", now});
}

std::string OpenldapDirectory::no_canary() const
{
    return "the canary " + options_.canary + " is not there";
}

// Of all servers, if all are down.
std::string OpenldapDirectory::trouble() const
{
    std::string all;
    for (const auto& server : servers_) {
        if (server->health != Server::Health::down)
            return "";
        all.append(all.empty() ? "" : "; ").append(server->name).append(": ").append(server->trouble);
    }
    return all;
}

DirectoryState OpenldapDirectory::state() const
{
    DirectoryState state{options_.name, trouble(), {}};
    for (const auto& server : servers_)
        state.servers.push_back({server->name, server->health != Server::Health::unknown, server->trouble});
    return state;
}

} // namespace postern
