#include "milterd/dkim_key_lookup.h"

#include <asio/co_spawn.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

namespace postern {

struct DkimKeyLookup::Answers {
    std::mutex mutex;
    std::condition_variable all_there;
    std::vector<DnsReply> replies; // tempfail until the answer is there
    std::size_t missing = 0;
};

DkimKeyLookup::DkimKeyLookup(Resolver& resolver, const asio::any_io_executor& executor,
                             const std::vector<std::string>& names, Deadline limit)
    : answers_(std::make_shared<Answers>())
{
    answers_->replies.resize(names.size());
    answers_->missing = names.size();
    for (std::size_t at = 0; at < names.size(); ++at) {
        const auto arrived = [answers = answers_, at](const std::exception_ptr& fault, DnsReply reply) {
            const std::lock_guard lock(answers->mutex);
            if (fault == nullptr)
                answers->replies[at] = std::move(reply);
            if (--answers->missing == 0)
                answers->all_there.notify_all();
        };
        // The question is posed on the resolver's own thread: co_spawn only posts it there.
        asio::co_spawn(
            executor,
            [](Resolver& asked, std::string name, Deadline until) -> asio::awaitable<DnsReply> {
                co_return co_await asked.lookup(std::move(name), RrType::txt, until);
            }(resolver, names[at], limit),
            arrived);
    }
}

std::vector<DnsReply> DkimKeyLookup::wait(Deadline deadline)
{
    std::unique_lock lock(answers_->mutex);
    answers_->all_there.wait_until(lock, deadline, [this] { return answers_->missing == 0; });
    return answers_->replies;
}

} // namespace postern
