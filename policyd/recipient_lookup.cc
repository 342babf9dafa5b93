#include "policyd/recipient_lookup.h"

#include "common/pending.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <exception>
#include <optional>
#include <unordered_map>
#include <utility>

namespace postern {
namespace {

using PendingAnswer = Pending<DirectoryAnswer>;
using Directories = std::vector<std::shared_ptr<Directory>>;

// A question nobody waits for any more still ends: directories have timeouts of their own.
constexpr std::chrono::seconds longest_question{60};

struct Known {
    bool exists = false;
    Deadline since{};
};

// All directories of a domain, one after the other, until one knows the address.
asio::awaitable<DirectoryAnswer> ask_all(Directories directories, MailAddress address, Deadline deadline)
{
    DirectoryAnswer answer{DirectoryStatus::not_there};
    for (const auto& directory : directories) {
        auto one = co_await directory->find(address, deadline);
        if (one.status == DirectoryStatus::exists)
            co_return one;
        if (one.status == DirectoryStatus::unavailable)
            answer = std::move(one);
    }
    co_return answer;
}

} // namespace

struct RecipientLookup::State {
    State(asio::io_context& context, Options wanted)
        : io(context)
        , options(std::move(wanted))
        , known(options.capacity)
    {
    }

    ~State()
    {
        for (auto& [address, pending] : in_flight)
            pending->complete({DirectoryStatus::unavailable, "stopped"});
    }

    // What memory says, and still holds.
    std::optional<DirectoryStatus> recall(std::string_view address, std::uint64_t hash = 0)
    {
        const auto* const found = known.find(address, hash);
        if (!found)
            return std::nullopt;
        const auto age = options.now() - found->since;
        if (age >= (found->exists ? options.exists_ttl : options.unknown_ttl))
            return std::nullopt;
        return found->exists ? DirectoryStatus::exists : DirectoryStatus::not_there;
    }

    bool did_exist(std::string_view address)
    {
        const auto* const found = known.find(address);
        return found && found->exists && options.now() - found->since < options.exists_ttl + options.stale_ttl;
    }

    Directories directories_of(std::string_view domain) const
    {
        Directories all;
        if (const auto it = by_domain.find(domain); it != by_domain.end())
            all = it->second;
        all.insert(all.end(), of_all_domains.begin(), of_all_domains.end());
        return all;
    }

    // The question under way, begun now if there is none; null if there are too many.
    static std::shared_ptr<PendingAnswer> ask(const std::shared_ptr<State>& state, const std::string& address)
    {
        if (const auto under_way = state->in_flight.find(address); under_way != state->in_flight.end()) {
            ++state->counts.joined;
            return under_way->second;
        }
        if (state->in_flight.size() >= state->options.most_asked) {
            ++state->counts.refused;
            return nullptr;
        }
        ++state->counts.misses;
        auto pending = std::make_shared<PendingAnswer>();
        state->in_flight.emplace(address, pending);
        const auto mail_address = parse_mail_address(address);
        asio::co_spawn(state->io, fetch(state, address, state->directories_of(mail_address.domain), pending),
                       asio::detached);
        return pending;
    }

    static asio::awaitable<DirectoryAnswer> answer_for(std::shared_ptr<State> state, std::string address,
                                                       Deadline deadline)
    {
        auto pending = ask(state, address);
        if (!pending)
            co_return DirectoryAnswer{DirectoryStatus::unavailable, "too many recipients are asked for"};
        auto answer = co_await PendingAnswer::wait(std::move(pending), deadline);
        if (!answer)
            co_return DirectoryAnswer{DirectoryStatus::unavailable, "no answer in time"};
        co_return std::move(*answer);
    }

    static asio::awaitable<void> fetch(std::weak_ptr<State> state, std::string address, Directories directories,
                                       std::shared_ptr<PendingAnswer> pending)
    {
        DirectoryAnswer answer;
        try {
            answer = co_await ask_all(std::move(directories), parse_mail_address(address),
                                      std::chrono::steady_clock::now() + longest_question);
        } catch (const std::exception& exception) {
            answer.reason = exception.what();
        }
        if (const auto alive = state.lock()) {
            if (answer.status != DirectoryStatus::unavailable && alive->options.capacity > 0)
                alive->known.put(address, {answer.status == DirectoryStatus::exists, alive->options.now()});
            alive->in_flight.erase(address);
        }
        pending->complete(std::move(answer));
    }

    asio::io_context& io;
    Options options;
    TextMap<Directories> by_domain;
    Directories of_all_domains;
    LruCache<Known> known;
    std::unordered_map<std::string, std::shared_ptr<PendingAnswer>, KeyedHash> in_flight;
    RecipientLookupStats counts; // those that count up
};

RecipientLookup::RecipientLookup(asio::io_context& io, std::vector<RecipientSource> sources, Options options)
    : state_(std::make_shared<State>(io, std::move(options)))
{
    for (auto& source : sources) {
        for (const auto& domain : source.domains)
            state_->by_domain[domain].push_back(source.directory);
        if (source.domains.empty())
            state_->of_all_domains.push_back(source.directory);
    }
}

RecipientLookup::Scope RecipientLookup::scope(std::string_view domain) const
{
    if (state_->by_domain.find(domain) != state_->by_domain.end())
        return Scope::named;
    return state_->of_all_domains.empty() ? Scope::outside : Scope::any_domain;
}

std::uint64_t RecipientLookup::look_ahead(std::string_view address) const
{
    return state_->known.look_ahead(address);
}

void RecipientLookup::look_ahead(std::uint64_t hash) const
{
    state_->known.look_ahead(hash);
}

bool RecipientLookup::remembers(std::string_view address, std::uint64_t hash)
{
    const bool does = state_->recall(address, hash) == DirectoryStatus::exists;
    state_->counts.hits += does;
    return does;
}

asio::awaitable<RecipientAnswer> RecipientLookup::find(std::string address, std::string without_extension,
                                                       Deadline deadline)
{
    const auto state = state_;
    std::optional<RecipientAnswer> unavailable;
    bool has_asked = false;
    // First without its extension, for extensions are many: whichever is there, it exists.
    for (const auto* each : {&without_extension, &address}) {
        if (each->empty())
            continue;
        auto status = state->recall(*each);
        if (!status) {
            has_asked = true;
            auto answer = co_await State::answer_for(state, *each, deadline);
            status = answer.status;
            if (status == DirectoryStatus::unavailable)
                unavailable = RecipientAnswer{RecipientStatus::unavailable, std::move(answer.reason)};
        }
        if (status == DirectoryStatus::exists) {
            state->counts.hits += !has_asked;
            co_return RecipientAnswer{RecipientStatus::exists};
        }
    }
    state->counts.hits += !has_asked;
    if (!unavailable)
        co_return RecipientAnswer{RecipientStatus::unknown};
    if (state->did_exist(address) || state->did_exist(without_extension)) {
        ++state->counts.stale;
        co_return RecipientAnswer{RecipientStatus::stale};
    }
    ++state->counts.unavailable;
    co_return std::move(*unavailable);
}

RecipientLookupStats RecipientLookup::stats() const
{
    auto stats = state_->counts;
    stats.in_flight = state_->in_flight.size();
    stats.entries = state_->known.size();
    return stats;
}

} // namespace postern
