#include "milterd/dkim_publication.h"

#include "milterd/dkim_record_check.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <utility>

namespace postern {
namespace {

constexpr auto question_limit = std::chrono::seconds(10);

} // namespace

asio::awaitable<void> look_at_publications(std::vector<DkimKeyEntry> keys, Resolver& resolver, Log& log)
{
    std::size_t asked = 0;
    for (const auto& entry : keys) {
        if (entry.key == nullptr || ++asked > most_publications)
            continue;
        const auto name = entry.selector + "._domainkey." + entry.domain;
        const Deadline deadline = std::chrono::steady_clock::now() + question_limit;
        const DnsReply reply = co_await resolver.lookup(name, RrType::txt, deadline);
        const auto sight = compare_dkim_record(reply, {entry.key->type(), entry.key->record()});
        if (sight.finding != RecordFinding::match && sight.finding != RecordFinding::trouble)
            log.warning("dkim_key", {{"problem", fmt::format("{}: {}: {}; the key signs, but nobody can verify it", name,
                                                             word_of(sight.finding), sight.why)}});
    }
}

void start_to_look_at_publications(std::vector<DkimKeyEntry> keys, Resolver& resolver,
                                   const asio::any_io_executor& executor, Log& log)
{
    asio::co_spawn(executor, look_at_publications(std::move(keys), resolver, log), asio::detached);
}

} // namespace postern
