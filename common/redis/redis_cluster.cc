#include "common/redis/redis_cluster.h"

#include <algorithm>
#include <asio/post.hpp>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_waiting = 20'000;
constexpr std::size_t most_nodes = 1000; // as many as Redis itself goes to
constexpr auto soon = 100ms, while_in_trouble = 1000ms, now_and_then = 30'000ms;

} // namespace

RedisCluster::RedisCluster(asio::io_context& io, const RedisOptions& options, std::shared_ptr<RedisTls> tls,
                           std::function<void()> on_change)
    : io_(io)
    , options_(options)
    , tls_(std::move(tls))
    , on_change_(std::move(on_change))
    , owners_(redis_slot_count)
    , learn_timer_(io)
{
    options_.login.database = 0; // a cluster has no other
    for (const auto& server : options_.servers)
        node(server);
    learn();
}

RedisCluster::~RedisCluster() = default;

RedisCluster::Node* RedisCluster::node(const SocketAddress& address)
{
    const auto name = address.text();
    if (const auto it = nodes_.find(name); it != nodes_.end())
        return &it->second;
    if (nodes_.size() >= most_nodes)
        return nullptr;
    const auto locate = [this, address](RedisLink::Located located) {
        asio::post(io_, [located = std::move(located), address] { located(address); });
    };
    const auto on_change = [this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired())
            changed();
    };
    auto& made = nodes_[name];
    made.address = address;
    made.link = std::make_unique<RedisLink>(
        io_, RedisLink::Options{locate, options_.login, tls_, options_.times, on_change});
    return &made;
}

void RedisCluster::ask(std::string_view key, std::string command, RedisAnswer answer)
{
    auto question = std::make_shared<Question>(Question{redis_slot(key), std::move(command), std::move(answer)});
    if (has_map_) {
        if (auto* const owner = owners_[question->slot])
            return send(question, *owner);
        return question->answer(fail("the cluster has given slot {} to no server", question->slot));
    }
    if (!map_trouble_.empty())
        question->answer(fail("{}", map_trouble_));
    else if (waiting_.size() >= most_waiting)
        question->answer(fail("too many questions wait for the store"));
    else
        waiting_.push_back(std::move(question));
}

void RedisCluster::send(const Shared& question, Node& node, bool is_asking)
{
    if (is_asking)
        node.link->ask(redis_command({"ASKING"}), [](const Result<RedisReply>&) {});
    node.link->ask(question->command, [this, question, asked = node.address](Result<RedisReply> reply) {
        take(question, asked, std::move(reply));
    });
}

void RedisCluster::take(const Shared& question, const SocketAddress& asked, Result<RedisReply> reply)
{
    const auto redirection = reply ? read_redis_redirection(*reply, asked) : std::nullopt;
    if (redirection && question->redirections < most_redirections) {
        ++question->redirections;
        if (auto* const other = node(redirection->server)) {
            if (redirection->is_moved) {
                owners_[redirection->slot] = other;
                other->has_slots = true;
                learn_after(soon);
            }
            return send(question, *other, !redirection->is_moved);
        }
    }
    if (!reply || reply->is_error("CLUSTERDOWN"))
        learn_after(while_in_trouble);
    question->answer(std::move(reply));
}

// Of the servers in turn, the next one that is not known to be away.
RedisCluster::Node& RedisCluster::next_to_learn_from()
{
    const auto is_away = [](const auto& node) { return !node.second.link->trouble().empty(); };
    if (std::all_of(nodes_.begin(), nodes_.end(), is_away)) // they may all have moved: begin anew
        for (const auto& server : options_.servers)
            node(server);
    std::vector<Node*> all;
    for (auto& [name, node] : nodes_)
        all.push_back(&node);
    auto* chosen = all[next_seed_++ % all.size()];
    for (std::size_t i = 0; i < all.size() && !chosen->link->trouble().empty(); ++i)
        chosen = all[next_seed_++ % all.size()];
    return *chosen;
}

void RedisCluster::learn()
{
    if (std::exchange(is_learning_, true))
        return;
    auto* const chosen = &next_to_learn_from();
    chosen->link->ask(redis_command({"CLUSTER", "SLOTS"}),
                      [this, asked = chosen->address](const Result<RedisReply>& reply) { take_map(asked, reply); });
}

void RedisCluster::take_map(const SocketAddress& asked, const Result<RedisReply>& reply)
{
    is_learning_ = false;
    const auto ranges = reply ? read_redis_slots(*reply, asked) : tl::unexpected(reply.error());
    if (ranges) {
        failed_ = 0;
        map_trouble_.clear();
        use(*ranges);
    } else if (!has_map_ && ++failed_ >= options_.servers.size()) {
        map_trouble_ = reply ? asked.text() + ": " + ranges.error().what : ranges.error().what;
        fail_waiting();
    }
    const bool has_more_to_try = !has_map_ && failed_ < options_.servers.size();
    learn_after(ranges ? now_and_then : has_more_to_try ? soon : while_in_trouble);
    changed();
}

void RedisCluster::use(const std::vector<RedisSlotRange>& ranges)
{
    for (auto& [name, node] : nodes_)
        node.has_slots = false;
    std::fill(owners_.begin(), owners_.end(), nullptr);
    for (const auto& range : ranges)
        if (auto* const owner = node(range.server)) {
            owner->has_slots = true;
            std::fill(owners_.begin() + range.first, owners_.begin() + range.last + 1, owner);
        }
    std::erase_if(nodes_, [](const auto& node) { return !node.second.has_slots && node.second.link->is_idle(); });
    has_map_ = true;
    for (const auto& question : std::exchange(waiting_, {})) {
        if (auto* const owner = owners_[question->slot])
            send(question, *owner);
        else
            question->answer(fail("the cluster has given slot {} to no server", question->slot));
    }
}

void RedisCluster::fail_waiting()
{
    for (const auto& question : std::exchange(waiting_, {}))
        question->answer(fail("{}", map_trouble_));
}

// No later than this.
void RedisCluster::learn_after(std::chrono::milliseconds pause)
{
    const auto now = std::chrono::steady_clock::now();
    if (learn_due_ > now && learn_due_ <= now + pause)
        return;
    learn_due_ = now + pause;
    learn_timer_.expires_at(learn_due_);
    learn_timer_.async_wait([this, alive = std::weak_ptr(alive_)](asio::error_code error) {
        if (!error && !alive.expired())
            learn();
    });
}

void RedisCluster::changed()
{
    if (has_map_ && !trouble().empty())
        learn_after(while_in_trouble);
    if (on_change_)
        on_change_();
}

std::string RedisCluster::trouble() const
{
    if (!has_map_)
        return map_trouble_;
    for (const auto& [name, node] : nodes_)
        if (node.has_slots && !node.link->trouble().empty())
            return node.link->trouble();
    if (std::find(owners_.begin(), owners_.end(), nullptr) != owners_.end())
        return "the cluster has given some slots to no server";
    return {};
}

bool RedisCluster::is_settled() const
{
    const auto is_settled = [](const auto& node) { return !node.second.has_slots || node.second.link->is_settled(); };
    return has_map_ ? std::all_of(nodes_.begin(), nodes_.end(), is_settled) : !map_trouble_.empty();
}

std::size_t RedisCluster::servers() const
{
    return static_cast<std::size_t>(
        std::count_if(nodes_.begin(), nodes_.end(), [](const auto& node) { return node.second.has_slots; }));
}

void RedisCluster::ask_server(std::size_t number, std::string command, RedisAnswer answer)
{
    for (auto& [name, node] : nodes_)
        if (node.has_slots && number-- == 0)
            return node.link->ask(std::move(command), std::move(answer));
    answer(fail("no such server"));
}

} // namespace postern
