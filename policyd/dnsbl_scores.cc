#include "policyd/dnsbl_scores.h"

#include "common/mail_address.h"
#include "common/spf/domain.h"
#include "common/text.h"

#include <algorithm>
#include <array>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <exception>

namespace postern {
namespace {

constexpr std::size_t longest_name = 253; // RFC 1035 2.3.4, as text
constexpr std::size_t zone_types = 4;

// The key of what is remembered, made without an allocation.
class Key {
public:
    explicit Key(const IpAddress& address)
    {
        const auto& octets = address.octets();
        const std::size_t size = address.is_v4() ? 4 : 16;
        text_[0] = address.is_v4() ? '4' : '6';
        std::copy_n(octets.begin(), size, text_.begin() + 1);
        size_ = size + 1;
    }

    Key(DnsblZoneType type, std::string_view name)
    {
        text_[0] = static_cast<char>('A' + static_cast<int>(type));
        size_ = std::min(name.size(), longest_name) + 1;
        std::transform(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(size_ - 1), text_.begin() + 1,
                       [](char c) { return to_lower(c); });
    }

    std::string_view text() const { return {text_.data(), size_}; }

private:
    std::array<char, longest_name + 1> text_;
    std::size_t size_ = 0;
};

// A name that can be asked for: "" for an address, an address literal, a word without a dot.
std::string domain_of(std::string_view name)
{
    name = without_last_dot(name);
    if (!is_spf_domain(name) || parse_ip_address(name))
        return {};
    return to_a_labels(name).value_or("");
}

} // namespace

struct DnsblScores::State {
    State(asio::io_context& context, Resolver& asked, DnsblHealth& told, Options wanted)
        : io(context)
        , resolver(asked)
        , health(told)
        , options(std::move(wanted))
        , kept(options.capacity)
    {
    }

    // What is known or under way; nothing: it has to be asked.
    std::shared_ptr<DnsblInquiry> find(std::string_view key, std::uint64_t hash = 0);

    static std::shared_ptr<DnsblInquiry> begin(const std::shared_ptr<State>& state, std::string_view key,
                                               std::string name, const std::vector<std::size_t>& lists, bool is_ipv6);
    static asio::awaitable<void> ask(std::weak_ptr<State> state, std::shared_ptr<DnsblInquiry> inquiry,
                                     std::size_t list, Deadline deadline);
    void finish(DnsblInquiry& inquiry);

    asio::io_context& io;
    Resolver& resolver;
    DnsblHealth& health;
    Options options;
    LruCache<std::shared_ptr<DnsblInquiry>> kept;
    DnsblScoresStats counts; // those that count up, and under_way
};

std::shared_ptr<DnsblInquiry> DnsblScores::State::find(std::string_view key, std::uint64_t hash)
{
    const auto* const found = kept.find(key, hash);
    if (!found)
        return nullptr;
    if (!(*found)->is_done()) {
        ++counts.joined;
        return *found;
    }
    if (options.now() >= (*found)->until)
        return nullptr; // what is asked for now will replace it
    ++counts.hits;
    return *found;
}

std::shared_ptr<DnsblInquiry> DnsblScores::State::begin(const std::shared_ptr<State>& state, std::string_view key,
                                                        std::string name, const std::vector<std::size_t>& lists,
                                                        bool is_ipv6)
{
    auto inquiry = std::make_shared<DnsblInquiry>();
    if (state->counts.under_way >= state->options.max_under_way) {
        ++state->counts.refused;
        return inquiry;
    }
    ++state->counts.misses;
    inquiry->name = std::move(name);
    const auto deadline = std::chrono::steady_clock::now() + state->options.timeout;
    std::vector<std::size_t> asked;
    for (const auto list : lists) {
        const auto& zone = state->health.lists()[list].zone;
        if (inquiry->name.size() + 1 + zone.size() > longest_name)
            continue; // cannot be in that list
        if (state->health.is_usable(list, is_ipv6)) {
            inquiry->expect(state->health.lists()[list]);
            asked.push_back(list);
        } else {
            inquiry->set_lacks_answer();
        }
    }
    state->kept.put(key, inquiry);
    if (asked.empty()) {
        state->finish(*inquiry);
        return inquiry;
    }
    ++state->counts.under_way;
    for (const auto list : asked)
        asio::co_spawn(state->io, ask(state, inquiry, list, deadline), asio::detached);
    return inquiry;
}

asio::awaitable<void> DnsblScores::State::ask(std::weak_ptr<State> state, std::shared_ptr<DnsblInquiry> inquiry,
                                              std::size_t list, Deadline deadline)
{
    DnsReply reply;
    try {
        std::optional<asio::awaitable<DnsReply>> answer; // awaited without a hold on the state
        if (const auto alive = state.lock())
            answer = alive->resolver.lookup(concat({inquiry->name, ".", alive->health.lists()[list].zone}), RrType::a,
                                            deadline);
        if (answer)
            reply = co_await std::move(*answer);
    } catch (const std::exception&) {
        // reply is a tempfail
    }
    const auto alive = state.lock();
    if (!alive)
        co_return;
    const auto answer = read_dnsbl_answer(alive->health.lists()[list], reply);
    alive->health.note(list, answer);
    inquiry->take(alive->health.lists()[list], list, answer);
    if (inquiry->is_done()) {
        --alive->counts.under_way;
        alive->finish(*inquiry);
    }
}

void DnsblScores::State::finish(DnsblInquiry& inquiry)
{
    auto ttl = std::clamp(inquiry.ttl().value_or(options.min_ttl), options.min_ttl, options.max_ttl);
    if (inquiry.lacks_answer())
        ttl = std::min(ttl, options.incomplete_ttl);
    inquiry.until = options.now() + ttl;
}

DnsblScores::DnsblScores(asio::io_context& io, Resolver& resolver, DnsblHealth& health, Options options)
    : by_type_(zone_types)
    , state_(std::make_shared<State>(io, resolver, health, std::move(options)))
{
    for (std::size_t i = 0; i < health.lists().size(); ++i)
        by_type_[static_cast<std::size_t>(health.lists()[i].type)].push_back(i);
}

DnsblScores::~DnsblScores() = default;

std::uint64_t DnsblScores::look_ahead(const IpAddress& address) const
{
    return state_->kept.look_ahead(Key(address).text());
}

const std::shared_ptr<DnsblInquiry>* DnsblScores::look_ahead(std::uint64_t hash) const
{
    return state_->kept.look_ahead(hash);
}

std::shared_ptr<DnsblInquiry> DnsblScores::of_address(const IpAddress& address, std::uint64_t hash)
{
    if (!has(DnsblZoneType::address))
        return nullptr;
    const Key key(address);
    if (auto known = state_->find(key.text(), hash))
        return known;
    return State::begin(state_, key.text(), address.reversed(),
                        by_type_[static_cast<std::size_t>(DnsblZoneType::address)], !address.is_v4());
}

std::shared_ptr<DnsblInquiry> DnsblScores::of_name(DnsblZoneType type, std::string_view name)
{
    if (!has(type) || name.size() > longest_name || name.find('.') == std::string_view::npos)
        return nullptr;
    const Key key(type, name);
    if (auto known = state_->find(key.text()))
        return known;
    auto domain = domain_of(name);
    if (domain.empty())
        return nullptr;
    return State::begin(state_, key.text(), std::move(domain), by_type_[static_cast<std::size_t>(type)], false);
}

DnsblScoresStats DnsblScores::stats() const
{
    auto stats = state_->counts;
    stats.entries = state_->kept.size();
    return stats;
}

} // namespace postern
