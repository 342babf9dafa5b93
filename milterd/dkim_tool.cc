#include "milterd/dkim_tool.h"

#include "common/control_client.h"
#include "common/dns/ares_resolver.h"
#include "common/privileges.h"
#include "config/resolver_options.h"
#include "config/settings.h"
#include "milterd/dkim_key_file.h"
#include "milterd/dkim_record_lookup.h"
#include "milterd/dkim_signers.h"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>
#include <cstdio>
#include <unistd.h>
#include <vector>

namespace postern {
namespace {

void print(std::string_view text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void complain(std::string_view line)
{
    std::fflush(stdout); // in the order in which it was found
    fmt::print(stderr, "{}\n", line);
}

int complain_of(const std::vector<Error>& faults)
{
    for (const auto& fault : faults)
        complain(fault.what);
    return 1;
}

// Asks one question after the other; nothing else runs meanwhile.
class Dns {
public:
    static Result<std::unique_ptr<Dns>> create(const Config& config)
    {
        auto dns = std::make_unique<Dns>();
        auto resolver = make_resolver(dns->io_, resolver_options(config.dns));
        if (!resolver)
            return fail("dns: {}", resolver.error().what);
        dns->resolver_ = std::move(*resolver);
        dns->asks_servers_ = config.dkim.ask_name_servers;
        return dns;
    }

    DkimRecordReplies look_up(const std::string& name)
    {
        const RecordLookup lookup{*resolver_, asks_servers_ ? server_at() : nullptr};
        auto replies = asio::co_spawn(io_, look_up_dkim_record(lookup, name), asio::use_future);
        io_.restart();
        io_.run();
        return replies.get();
    }

private:
    AskServerAt server_at()
    {
        return [this](const IpAddress& address) -> std::unique_ptr<Resolver> {
            constexpr std::uint16_t dns_port = 53; // RFC 1035 4.2
            auto resolver = AresResolver::create(io_, {{{address, dns_port}}, std::chrono::seconds(1)});
            if (!resolver)
                return nullptr;
            return std::move(*resolver);
        };
    }

    asio::io_context io_{1};
    std::unique_ptr<Resolver> resolver_; // on io_
    bool asks_servers_ = true;
};

// The group that may read keys. Who is not root can give files to groups of their own only.
std::optional<gid_t> readers(const MilterdSettings& settings)
{
    if (settings.user.empty() && settings.group.empty())
        return std::nullopt; // the daemon is whoever starts it
    const auto group = find_group_of(settings.user, settings.group);
    if (!group) {
        complain(fmt::format("{}: only the owner can read new keys", group.error().what));
        return std::nullopt;
    }
    if (::geteuid() == 0 || *group == ::getegid())
        return *group;
    std::vector<gid_t> ours(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    const int count = ::getgroups(static_cast<int>(ours.size()), ours.data());
    for (int at = 0; at < count; ++at)
        if (ours[static_cast<std::size_t>(at)] == *group)
            return *group;
    complain("this is not root: only the owner can read new keys");
    return std::nullopt;
}

// Each that runs is told. One that does not run reads its keys when it starts.
Result<> tell_daemons(const LoadedHost& host)
{
    std::vector<std::string> sockets{host.base.config.milterd.control};
    for (const auto& instance : host.instances)
        sockets.push_back(instance.config.milterd.control);
    for (const auto& socket : sockets) {
        if (socket.empty() || ::access(socket.c_str(), F_OK) != 0)
            continue;
        const auto told = ask_control(socket, "reload", std::chrono::seconds(60));
        if (!told && told.error().what.find("nobody listens") == std::string::npos) // as control_client has it
            return told.error().what.find(socket) == std::string::npos ? fail("{}: {}", socket, told.error().what)
                                                                       : Result<>(tl::unexpected(told.error()));
    }
    return {};
}

int run(const DkimCommand& command, DkimAdminParts& parts)
{
    if (command.name == "new")
        return DkimKeyChange(parts).make(command.made);
    if (command.name == "rotate")
        return DkimKeyChange(parts).rotate(command.filter.name);
    DkimKeyView view(parts);
    if (command.name == "check")
        return command.key_file.empty() ? view.check(command.filter) : view.check_file(command.filter, command.key_file);
    if (command.name == "zone")
        return view.zone(command.filter, command.ttl);
    return view.list(command.filter);
}

} // namespace

int run_dkim_command(const std::string& config_path, const DkimCommand& command)
{
    const auto host = load_host(config_path, environment_of(::environ));
    if (!host)
        return complain_of(host.error());
    const auto& config = host->base.config;
    const auto dns = Dns::create(config);
    if (!dns)
        return complain_of({dns.error()});
    const auto rules = key_file_rules(config);
    const auto named = DkimSigners::load(config.dkim, DkimKeys::load(config.dkim.domains, nullptr, rules), rules);
    for (const auto& fault : named.table_faults())
        complain(fault);
    const auto group = command.name == "new" || command.name == "rotate" ? readers(config.milterd) : std::nullopt;
    const auto mode = static_cast<mode_t>(group ? 0640 : 0600);
    DkimAdminParts parts{
        .store = DkimKeyStore(config.dkim.managed, {mode, group}),
        .named = named.known_keys(),
        .rules = {config.dkim.rotate_after, config.dkim.publish_wait, config.dkim.overlap, command.now},
        .now = SystemClock().now(),
        .access = {mode, group},
        .look_up = [&](const std::string& name) { return (*dns)->look_up(name); },
        .tell_daemons = [&] { return tell_daemons(*host); },
        .print = print,
        .complain = complain,
    };
    int status = run(command, parts);
    if (status == 0 && !named.table_faults().empty())
        status = 1; // what the tables name was not looked at
    if (std::fflush(stdout) != 0)
        return complain_of({Error{"cannot write the output"}});
    return status;
}

} // namespace postern
