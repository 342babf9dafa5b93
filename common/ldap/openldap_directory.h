// openldap_directory - a directory of several servers, through libldap
//
// The servers are asked in their order: the first that works answers, the next
// one is asked when it fails. One that fails in a way that would fail anybody
// (no connection, no TLS, no login, no answer, no base, no canary) is left
// alone and tried again in the background, with growing pauses; so its timeout
// is waited for once. When none is left the answer is at once: unavailable.
// The canary is an address that exists. Before "not there" is believed, the
// server that says so must have found it within the last second: one that was
// emptied, restored in part or given other rights does not refuse all mail.
// Everything on the io_context's thread; connections are made from the start.
// Config: [[ldap]]
#pragma once

#include "common/ldap/directory.h"
#include "common/ldap/ldap_options.h"
#include "common/ldap/ldap_server.h"

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern {

// Something has changed: a server, or with `server` empty the directory as a whole.
struct LdapStateChange {
    std::string directory;
    std::string server;
    std::string trouble; // empty: it works
};

class OpenldapDirectory final : public Directory {
public:
    // `on_state` is called on the io_context's thread, once for each change.
    OpenldapDirectory(asio::io_context& io, LdapOptions options, std::function<void(const LdapStateChange&)> on_state);
    ~OpenldapDirectory() override;

    asio::awaitable<DirectoryAnswer> find(MailAddress address, Deadline deadline) override;
    DirectoryState state() const override;

private:
    struct Server;

    asio::awaitable<bool> has_canary(Server& server, Deadline deadline);
    LdapSearch search_for(const MailAddress& address) const;
    LdapSearch probe_search() const;
    asio::awaitable<void> probe(Server& server, std::weak_ptr<int> alive);
    void start_probe(Server& server, std::chrono::milliseconds pause);
    void mark_up(Server& server);
    void mark_down(Server& server, const std::string& trouble);
    void tell(const Server& server);
    std::string no_canary() const;
    std::string trouble() const;

    asio::io_context& io_;
    LdapOptions options_;
    std::function<void(const LdapStateChange&)> on_state_;
    std::optional<bool> is_ready_; // as on_state_ was told; none: not yet
    std::shared_ptr<int> alive_ = std::make_shared<int>(); // for probes that outlive it
    std::vector<std::unique_ptr<Server>> servers_;
};

} // namespace postern
