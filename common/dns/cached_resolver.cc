#include "common/dns/cached_resolver.h"

#include "common/lru_cache.h"
#include "common/pending.h"
#include "common/text.h"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <exception>
#include <optional>
#include <unordered_map>
#include <utility>

namespace postern {
namespace {

using std::chrono::seconds;
using PendingReply = Pending<DnsReply>;

// A question nobody waits for any more still ends. c-ares ends it earlier, by itself.
constexpr seconds longest_question{60};

struct Kept {
    DnsReply reply;
    Deadline until;
    std::size_t octets = 0;
};

// "example.org" and its type, as one text. `name` is taken over: no allocation for most.
std::string to_key(std::string name, RrType type)
{
    if (name.ends_with('.'))
        name.pop_back();
    for (char& c : name)
        c = to_lower(c);
    name.push_back(static_cast<char>(type));
    return name;
}

std::string name_of(const std::string& key)
{
    return key.substr(0, key.size() - 1);
}

// About what an entry takes, with the nodes of the list and the index around it.
std::size_t octets_of(const std::string& key, const DnsReply& reply)
{
    std::size_t octets = sizeof(Kept) + 160 + key.size();
    for (const auto& record : reply.records)
        octets += sizeof(record) + record.capacity();
    return octets;
}

} // namespace

struct CachedResolver::State {
    State(asio::io_context& context, std::unique_ptr<Resolver> asked, CacheOptions wanted)
        : io(context)
        , resolver(std::move(asked))
        , options(std::move(wanted))
        , kept(options.capacity)
    {
    }

    ~State()
    {
        for (auto& [key, pending] : in_flight)
            pending->complete({});
    }

    std::optional<DnsReply> find(const std::string& key);
    void keep(const std::string& key, const DnsReply& reply);
    void forget_oldest();

    // The question under way for `key`, begun now if there is none; nothing if there are too many.
    static std::shared_ptr<PendingReply> ask(const std::shared_ptr<State>& state, const std::string& key, RrType type);
    static asio::awaitable<void> fetch(std::weak_ptr<State> state, std::string key, RrType type,
                                       std::shared_ptr<PendingReply> pending);

    asio::io_context& io;
    std::unique_ptr<Resolver> resolver;
    CacheOptions options;
    LruCache<Kept> kept;
    std::size_t octets = 0; // of all that is kept
    std::unordered_map<std::string, std::shared_ptr<PendingReply>, KeyedHash> in_flight;
    CacheStats counts; // those that count up
};

std::optional<DnsReply> CachedResolver::State::find(const std::string& key)
{
    const Kept* found = kept.find(key);
    if (!found)
        return std::nullopt;
    const auto now = options.now();
    if (now >= found->until)
        return std::nullopt; // the answer that is asked for now will replace it
    auto reply = found->reply;
    if (reply.status != DnsStatus::tempfail)
        reply.ttl = std::chrono::ceil<seconds>(found->until - now);
    return reply;
}

void CachedResolver::State::keep(const std::string& key, const DnsReply& reply)
{
    if (const Kept* old = kept.find(key)) {
        octets -= old->octets;
        kept.erase(key);
    }
    const auto ttl = reply.status == DnsStatus::tempfail ? options.tempfail_ttl : reply.ttl;
    const std::size_t size = octets_of(key, reply);
    if (ttl <= seconds(0) || options.capacity == 0 || size > options.max_octets)
        return;
    while (kept.size() >= options.capacity || octets + size > options.max_octets)
        forget_oldest();
    kept.put(key, {reply, options.now() + ttl, size});
    octets += size;
}

void CachedResolver::State::forget_oldest()
{
    octets -= kept.oldest()->octets;
    kept.erase_oldest();
}

std::shared_ptr<PendingReply> CachedResolver::State::ask(const std::shared_ptr<State>& state, const std::string& key,
                                                         RrType type)
{
    if (const auto under_way = state->in_flight.find(key); under_way != state->in_flight.end()) {
        ++state->counts.joined;
        return under_way->second;
    }
    if (state->in_flight.size() >= state->options.max_in_flight) {
        ++state->counts.refused;
        return nullptr;
    }
    ++state->counts.misses;
    auto pending = std::make_shared<PendingReply>();
    state->in_flight.emplace(key, pending);
    asio::co_spawn(state->io, fetch(state, key, type, pending), asio::detached);
    return pending;
}

asio::awaitable<void> CachedResolver::State::fetch(std::weak_ptr<State> state, std::string key, RrType type,
                                                   std::shared_ptr<PendingReply> pending)
{
    DnsReply reply;
    try {
        std::optional<asio::awaitable<DnsReply>> answer; // awaited without a hold on the state
        if (const auto alive = state.lock())
            answer = alive->resolver->lookup(name_of(key), type, std::chrono::steady_clock::now() + longest_question);
        if (answer)
            reply = co_await std::move(*answer);
    } catch (const std::exception&) {
        // Nobody to tell but those who wait: reply is a tempfail
    }
    if (const auto alive = state.lock()) {
        reply.ttl = std::min(reply.ttl, alive->options.max_ttl);
        alive->keep(key, reply);
        alive->in_flight.erase(key);
    }
    pending->complete(std::move(reply));
}

CachedResolver::CachedResolver(asio::io_context& io, std::unique_ptr<Resolver> resolver, CacheOptions options)
    : state_(std::make_shared<State>(io, std::move(resolver), std::move(options)))
{
}

CachedResolver::~CachedResolver() = default;

asio::awaitable<DnsReply> CachedResolver::lookup(std::string name, RrType type, Deadline deadline)
{
    const std::string key = to_key(std::move(name), type);
    if (auto reply = state_->find(key)) {
        ++state_->counts.hits;
        co_return std::move(*reply);
    }
    auto pending = State::ask(state_, key, type);
    if (!pending)
        co_return DnsReply{};
    co_return (co_await PendingReply::wait(std::move(pending), deadline)).value_or(DnsReply{});
}

CacheStats CachedResolver::stats() const
{
    auto stats = state_->counts;
    stats.in_flight = state_->in_flight.size();
    stats.entries = state_->kept.size();
    stats.octets = state_->octets;
    return stats;
}

void add_facts(const CacheStats& stats, Facts& facts)
{
    facts.line("dns")
        .counter("hits", stats.hits, "Questions answered from memory.")
        .counter("misses", stats.misses, "Questions put to a server.")
        .counter("joined", stats.joined, "Questions that waited for the answer to an equal one.")
        .counter("refused", stats.refused, "Questions not asked, for too many were under way.")
        .gauge("in_flight", stats.in_flight, "Questions under way.")
        .gauge("entries", stats.entries, "Answers in memory.")
        .gauge("bytes", stats.octets, "Memory that the answers take.");
}

} // namespace postern
