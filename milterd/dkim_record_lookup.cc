#include "milterd/dkim_record_lookup.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace postern {
namespace {

constexpr int alias_limit = 8;           // one after the other
constexpr std::size_t server_limit = 13; // of a zone; as many as the root has
constexpr std::size_t address_limit = 4; // of a server

class Asker {
public:
    Asker(const RecordLookup& lookup, std::string name)
        : lookup_(lookup)
        , name_(std::move(name))
    {
    }

    asio::awaitable<DkimRecordReplies> ask()
    {
        DkimRecordReplies replies;
        replies.resolver = co_await ask(lookup_.resolver, name_, RrType::txt);
        if (!lookup_.server_at)
            co_return replies;
        replies.has_asked_servers = true;
        bool is_found = co_await follow_aliases();
        if (is_found)
            is_found = co_await find_servers();
        if (!is_found) {
            replies.trouble = "the zone's own name servers cannot be found: " + trouble_;
            co_return replies;
        }
        for (const auto& server : servers_)
            replies.servers.push_back(co_await ask_server(server));
        co_return replies;
    }

private:
    asio::awaitable<DnsReply> ask(Resolver& resolver, std::string name, RrType type) const
    {
        const Deadline deadline = std::chrono::steady_clock::now() + lookup_.limit;
        co_return co_await resolver.lookup(std::move(name), type, deadline);
    }

    // From the name that mail names to the one that has the record: a provider's, often.
    asio::awaitable<bool> follow_aliases()
    {
        for (int hops = 0; hops < alias_limit; ++hops) {
            const DnsReply reply = co_await ask(lookup_.resolver, name_, RrType::cname);
            if (reply.status == DnsStatus::tempfail) {
                trouble_ = name_ + " is not answered";
                co_return false;
            }
            if (reply.status != DnsStatus::found)
                co_return true;
            name_ = reply.records.front();
        }
        trouble_ = "too many aliases";
        co_return false;
    }

    asio::awaitable<bool> find_servers()
    {
        for (std::string zone = name_; !zone.empty();) {
            const DnsReply reply = co_await ask(lookup_.resolver, zone, RrType::ns);
            if (reply.status == DnsStatus::tempfail) {
                trouble_ = "NS of " + zone + " is not answered";
                co_return false;
            }
            if (reply.status == DnsStatus::found) {
                servers_ = reply.records;
                std::sort(servers_.begin(), servers_.end());
                servers_.resize(std::min(servers_.size(), server_limit));
                co_return true;
            }
            const auto dot = zone.find('.');
            zone = dot == zone.npos ? "" : zone.substr(dot + 1);
        }
        trouble_ = "there are none";
        co_return false;
    }

    // The first of its addresses that answers: a host without IPv6 reaches but one of them.
    asio::awaitable<ServerReply> ask_server(std::string server)
    {
        ServerReply answer{server + " (no address)", {}};
        std::size_t asked = 0;
        for (const auto type : {RrType::a, RrType::aaaa}) {
            const DnsReply addresses = co_await ask(lookup_.resolver, server, type);
            for (const auto& text : addresses.records) {
                const auto address = parse_ip_address(text);
                if (!address || ++asked > address_limit)
                    continue;
                const auto resolver = lookup_.server_at(*address);
                answer.server = fmt::format("{} ({})", server, text);
                if (!resolver)
                    continue;
                answer.reply = co_await ask(*resolver, name_, RrType::txt);
                if (answer.reply.status != DnsStatus::tempfail)
                    co_return answer;
            }
        }
        co_return answer;
    }

    const RecordLookup& lookup_;
    std::string name_;
    std::string trouble_;
    std::vector<std::string> servers_;
};

} // namespace

asio::awaitable<DkimRecordReplies> look_up_dkim_record(const RecordLookup& lookup, std::string name)
{
    Asker asker(lookup, std::move(name));
    co_return co_await asker.ask();
}

} // namespace postern
