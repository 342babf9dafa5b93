#include "common/ldap/ldap_server.h"

#include <algorithm>
#include <asio/post.hpp>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <thread>
#include <utility>
#include <vector>

namespace postern {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using PendingOutcome = Pending<SearchOutcome>;

// OpenLDAP closes a connection with more than 100 requests that wait (slapd.conf(5) conn_max_pending).
constexpr std::size_t most_under_way = 64;
constexpr milliseconds longest_poll{250}; // while searches are under way: libldap may have octets left to write

struct Job {
    LdapSearch search;
    Deadline deadline;
    std::shared_ptr<PendingOutcome> pending; // completed on the io_context's thread
    bool is_second_try = false;
};

struct Flight {
    Job job;
    Deadline expires;
};

struct Finished {
    std::shared_ptr<PendingOutcome> pending;
    SearchOutcome outcome;
};

} // namespace

class LdapServer::Worker {
public:
    using Deliver = std::function<void(std::vector<Finished>)>; // called on the thread

    Worker(const LdapOptions& options, const LdapUrl& url, Deliver deliver)
        : options_(options)
        , url_(url)
        , deliver_(std::move(deliver))
        , wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
        , thread_([this] { run(); })
    {
    }

    // Stops the thread. What was not answered is taken by left_over().
    ~Worker() { stop(); }

    void stop()
    {
        if (!thread_.joinable())
            return;
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        stop_.stop();
        thread_.join();
    }

    // After stop().
    std::vector<std::shared_ptr<PendingOutcome>> left_over()
    {
        std::vector<std::shared_ptr<PendingOutcome>> all;
        for (auto& [number, flight] : flights_)
            all.push_back(std::move(flight.job.pending));
        for (auto* const queue : {&waiting_, &arriving_})
            for (auto& job : *queue)
                all.push_back(std::move(job.pending));
        return all;
    }

    bool push(Job job)
    {
        const std::lock_guard lock(mutex_);
        if (count_ >= most_waiting)
            return false;
        ++count_;
        arriving_.push_back(std::move(job));
        if (arriving_.size() == 1) // otherwise it has been told
            ::eventfd_write(wakeup_.get(), 1);
        return true;
    }

private:
    void run()
    {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr); // signals are the main thread's; SIGPIPE is nobody's
        while (take_arriving()) {
            if (!connection_ && !waiting_.empty())
                connect();
            send();
            receive();
            expire();
            hand_out();
            rest();
        }
        connection_.reset();
    }

    // False: it is time to stop.
    bool take_arriving()
    {
        const std::lock_guard lock(mutex_);
        eventfd_t count = 0;
        ::eventfd_read(wakeup_.get(), &count);
        std::move(arriving_.begin(), arriving_.end(), std::back_inserter(waiting_));
        arriving_.clear();
        return !stopping_;
    }

    void connect()
    {
        auto opened = LdapConnection::open(options_, url_, stop_);
        if (opened) {
            connection_ = std::move(*opened);
            is_proven_ = false;
            return;
        }
        take_arriving(); // what has come meanwhile fails with the others
        fail_all(opened.error().what);
    }

    void send()
    {
        while (connection_ && !waiting_.empty() && flights_.size() < most_under_way) {
            auto job = std::move(waiting_.front());
            waiting_.pop_front();
            const auto now = steady_clock::now();
            if (now >= job.deadline) {
                finish(job, {SearchStatus::failed, "nobody waits any more"});
                continue;
            }
            const auto number = connection_->send(job.search);
            if (number) {
                flights_.emplace(*number, Flight{std::move(job), now + options_.timeout});
                continue;
            }
            waiting_.push_front(std::move(job));
            lost(number.error().what);
        }
    }

    void receive()
    {
        while (connection_) {
            auto arrival = connection_->receive();
            if (!arrival) {
                lost(arrival.error().what);
                return;
            }
            if (!*arrival)
                return;
            is_proven_ = true;
            const auto it = flights_.find((*arrival)->number);
            if (it == flights_.end())
                continue;
            finish(it->second.job, judge_search(it->second.job.search, (*arrival)->reply));
            flights_.erase(it);
        }
    }

    void expire()
    {
        const auto now = steady_clock::now();
        const auto is_late = [&](const auto& flight) { return now >= flight.second.expires; };
        if (!std::any_of(flights_.begin(), flights_.end(), is_late))
            return;
        connection_.reset();
        fail_all(fmt::format("no answer within {} ms", options_.timeout.count()));
    }

    // The other end has closed, perhaps because nothing was asked for long: what was under way is
    // sent once more, over a new connection.
    void lost(const std::string& trouble)
    {
        connection_.reset();
        const auto is_second = [](const auto& flight) { return flight.second.job.is_second_try; };
        const bool may_try_again = is_proven_ && std::none_of(flights_.begin(), flights_.end(), is_second);
        if (!may_try_again) {
            if (!flights_.empty() || !waiting_.empty())
                fail_all(trouble);
            return;
        }
        for (auto& [number, flight] : flights_) {
            flight.job.is_second_try = true;
            waiting_.push_front(std::move(flight.job));
        }
        flights_.clear();
    }

    void fail_all(const std::string& trouble)
    {
        for (auto& [number, flight] : flights_)
            finish(flight.job, {SearchStatus::failed, trouble, true});
        for (auto& job : waiting_)
            finish(job, {SearchStatus::failed, trouble, true});
        flights_.clear();
        waiting_.clear();
    }

    void finish(Job& job, SearchOutcome outcome) { finished_.push_back({std::move(job.pending), std::move(outcome)}); }

    void hand_out()
    {
        if (finished_.empty())
            return;
        {
            const std::lock_guard lock(mutex_);
            count_ -= finished_.size();
        }
        deliver_(std::exchange(finished_, {}));
    }

    // Until something is to be done.
    void rest()
    {
        if (!waiting_.empty() && flights_.size() < most_under_way)
            return; // there is something to send
        milliseconds time = flights_.empty() ? milliseconds(-1) : longest_poll;
        for (const auto& [number, flight] : flights_) {
            const auto left = std::chrono::ceil<milliseconds>(flight.expires - steady_clock::now());
            time = std::clamp(left, milliseconds(0), time);
        }
        pollfd watched[] = {{wakeup_.get(), POLLIN, 0},
                            {stop_.descriptor(), POLLIN, 0},
                            {connection_ ? connection_->descriptor() : -1, POLLIN, 0}};
        ::poll(watched, std::size(watched), static_cast<int>(time.count()));
    }

    LdapOptions options_;
    LdapUrl url_;
    Deliver deliver_;
    FileDescriptor wakeup_;
    LdapStop stop_;

    // The thread's alone
    std::unique_ptr<LdapConnection> connection_;
    bool is_proven_ = false; // the connection has brought an answer
    std::deque<Job> waiting_;
    std::map<int, Flight> flights_;
    std::vector<Finished> finished_;

    std::mutex mutex_; // guards these
    std::deque<Job> arriving_;
    std::size_t count_ = 0; // of jobs, wherever they are
    bool stopping_ = false;

    std::thread thread_; // last: it uses the others
};

LdapServer::LdapServer(asio::io_context& io, const LdapOptions& options, const LdapUrl& url,
                       std::function<void(const std::string& trouble)> on_fault)
{
    LdapConnection::initialize();
    auto deliver = [&io, alive = std::weak_ptr(alive_), on_fault = std::move(on_fault)](std::vector<Finished> finished) {
        asio::post(io, [alive, on_fault, finished = std::move(finished)] {
            for (const auto& each : finished) {
                if (each.outcome.is_server_fault && !alive.expired())
                    on_fault(each.outcome.reason);
                each.pending->complete(each.outcome);
            }
        });
    };
    worker_ = std::make_unique<Worker>(options, url, std::move(deliver));
}

LdapServer::~LdapServer()
{
    alive_.reset();
    worker_->stop();
    for (const auto& pending : worker_->left_over())
        pending->complete({SearchStatus::failed, "stopped"});
}

asio::awaitable<SearchOutcome> LdapServer::search(LdapSearch search, Deadline deadline)
{
    auto pending = std::make_shared<PendingOutcome>();
    if (!worker_->push({std::move(search), deadline, pending}))
        co_return SearchOutcome{SearchStatus::failed, "too many searches wait"};
    auto outcome = co_await PendingOutcome::wait(std::move(pending), deadline);
    co_return outcome ? std::move(*outcome) : SearchOutcome{SearchStatus::failed, "no answer in time"};
}

} // namespace postern
