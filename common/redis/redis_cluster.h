// redis_cluster - a client of a Redis Cluster: each key at the server that has its slot
//
// The map of the slots is learnt from any server that answers, and again when
// one says that a slot has moved, while one is away (a replica takes its
// place), and now and then. Until the first map is there, questions wait for it.
// A question is sent on at most `most_redirections` times.
// Failure: while a server is away, the questions for its slots fail.
// See: redis_client, redis_slots
#pragma once

#include "common/redis/redis_client.h"
#include "common/redis/redis_link.h"
#include "common/redis/redis_slots.h"

#include <asio/steady_timer.hpp>
#include <deque>
#include <map>

namespace postern {

class RedisCluster final : public RedisClient {
public:
    static constexpr int most_redirections = 5;

    RedisCluster(asio::io_context& io, const RedisOptions& options, std::shared_ptr<RedisTls> tls,
                 std::function<void()> on_change);
    ~RedisCluster() override;

    void ask(std::string_view key, std::string command, RedisAnswer answer) override;
    std::string trouble() const override;
    bool is_settled() const override;
    std::size_t servers() const override;
    void ask_server(std::size_t number, std::string command, RedisAnswer answer) override;

private:
    struct Node {
        SocketAddress address;
        std::unique_ptr<RedisLink> link;
        bool has_slots = false;
    };
    struct Question {
        std::uint16_t slot;
        std::string command;
        RedisAnswer answer;
        int redirections = 0;
    };
    using Shared = std::shared_ptr<Question>;

    Node* node(const SocketAddress& address); // made if it is not there; null: there are too many
    void send(const Shared& question, Node& node, bool is_asking = false);
    void take(const Shared& question, const SocketAddress& asked, Result<RedisReply> reply);
    void learn();
    Node& next_to_learn_from();
    void take_map(const SocketAddress& asked, const Result<RedisReply>& reply);
    void use(const std::vector<RedisSlotRange>& ranges);
    void learn_after(std::chrono::milliseconds pause);
    void fail_waiting();
    void changed();

    asio::io_context& io_;
    RedisOptions options_;
    std::shared_ptr<RedisTls> tls_;
    std::function<void()> on_change_;
    std::map<std::string, Node> nodes_; // by the text of the address; a node's place does not change
    std::vector<Node*> owners_;         // of each slot; none: not known
    bool has_map_ = false, is_learning_ = false;
    std::size_t next_seed_ = 0;
    std::size_t failed_ = 0; // attempts to learn, one after the other
    std::string map_trouble_;
    std::deque<Shared> waiting_; // for the first map
    asio::steady_timer learn_timer_;
    std::chrono::steady_clock::time_point learn_due_{};
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

} // namespace postern
