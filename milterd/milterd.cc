#include "milterd/milterd.h"

#include "common/log_state.h"
#include "config/resolver_options.h"
#include "milterd/build_chain.h"
#include "milterd/dkim_publication.h"
#include "milterd/milter.h"

#include <algorithm>
#include <csignal>
#include <fmt/ranges.h>
#include <thread>
#include <utility>

namespace postern {
namespace {

// The answer that ends a mail is written by libmilter after our verdict is out of our hands.
constexpr auto time_to_write = std::chrono::milliseconds(200);

constexpr auto longest_drain = std::chrono::minutes(10); // common/service cuts it short

SessionLimits session_limits(const Config& config)
{
    SessionLimits limits;
    limits.max_connections = static_cast<std::size_t>(config.milterd.max_connections);
    limits.header_octets = static_cast<std::size_t>(config.header.max_size);
    limits.header_fields = static_cast<std::size_t>(config.header.max_fields);
    return limits;
}

// A thread for which no signal is: those are common/service's, on the first one.
void start_thread(std::function<void()> work)
{
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    std::thread(std::move(work)).detach();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ServerHealth::Options health_options(Log& log)
{
    return {.on_change = [&log](const FunctionState& state) { log_state(log, state); }};
}

} // namespace

Milterd::Milterd(Log& log, DkimSigners signers)
    : log_(log)
    , dns_health_(std::make_shared<ServerHealth>(health_options(log)))
    , dns_(dns_health_)
    , filter_counts_(std::make_shared<FilterCounts>())
    , signers_(std::move(signers))
    , spool_(std::make_shared<SpoolBudget>(SpoolLimits{}))
    , clamds_(std::make_shared<ClamdServers>())
    , has_failed_(std::make_shared<std::atomic<bool>>(false))
{
}

Result<> Milterd::configure(const Config& config)
{
    auto loaded = load_dkim_signers(config, &signers_); // what cannot be read any more stays in hand
    if (!loaded)
        return tl::unexpected(loaded.error());
    auto& signers = *loaded;
    if (!signers.table_faults().empty())
        return fail("{}", fmt::join(signers.table_faults(), "; "));
    const bool is_reload = host_ != nullptr;
    if (is_reload && !signers.key_faults().empty()) // a start goes on: all but the mail of that domain can be served
        return fail("{}", fmt::join(signers.key_faults(), "; "));
    auto chain = build_chain(config, {dns_, clock_, log_, filter_counts_, signers, spool_, clamds_});
    if (!chain)
        return tl::unexpected(chain.error());
    if (const auto configured = dns_.configure(resolver_options(config.dns)); !configured)
        return fail("dns: {}", configured.error().what);
    for (const auto& fault : signers.key_faults())
        log_.error("dkim_key", {{"problem", fault}});
    for (const auto& warning : signers.warnings())
        log_.warning("dkim_key", {{"problem", warning}});
    if (config.dkim.sign)
        start_to_look_at_publications(signers.known_keys(), dns_.resolver(), dns_.io().get_executor(), log_);
    signers_ = std::move(signers);
    std::erase_if(chains_, [](const auto& old) { return old.expired(); });
    chains_.emplace_back(*chain);
    spool_->set_limits(spool_limits(config.milterd));
    if (is_reload)
        host_->set_chain(std::move(*chain));
    else
        host_ = std::make_shared<SessionHost>(std::move(*chain), session_limits(config), log_);
    return {};
}

void Milterd::serve(FileDescriptor listener)
{
    start_thread([fd = listener.release(), host = host_, has_failed = has_failed_, &log = log_] {
        const auto ended = run_milter(FileDescriptor(fd), host);
        if (!host->enter())
            return;
        log.error("milter", {{"error", ended.error().what}});
        *has_failed = true;
        ::kill(::getpid(), SIGTERM);
        host->leave();
    });
}

void Milterd::drain(std::function<void()> done)
{
    is_draining_ = true;
    host_->stop_taking();
    const auto told = std::make_shared<std::promise<void>>();
    has_told_ = told->get_future();
    start_thread([host = host_, done = std::move(done), told] {
        host->wait_until_idle(std::chrono::steady_clock::now() + longest_drain);
        std::this_thread::sleep_for(time_to_write);
        done();
        told->set_value();
    });
}

bool Milterd::close()
{
    constexpr std::chrono::seconds patience{1};
    if (has_told_.valid() && has_told_.wait_for(patience) != std::future_status::ready)
        return false; // done() may still hold what is about to go
    if (!host_->close(std::chrono::steady_clock::now() + patience))
        return false;
    host_->set_chain(nullptr); // libmilter's thread keeps the host for ever; a chain has threads that use us
    return std::all_of(chains_.begin(), chains_.end(), [](const auto& chain) { return chain.expired(); });
}

void Milterd::add_facts(Facts& facts)
{
    const auto counts = host_->counts();
    facts.function(is_draining_ ? FunctionState{"milterd", FunctionState::Kind::down, "stopping", "defer"}
                                : FunctionState{"milterd"});
    for (auto& state : host_->chain()->states())
        facts.function(std::move(state));
    facts.line("connections")
        .gauge("open", counts.connections, "Connections of Postfix that are open.")
        .counter("refused", counts.refused, "Connections above the limit, or while stopping.");
    facts.line("messages")
        .counters("", "action",
                  {{"accept", counts.accepted},
                   {"quarantine", counts.quarantined},
                   {"defer", counts.deferred},
                   {"discard", counts.discarded},
                   {"reject", counts.rejected}},
                  "Messages, by what became of them.")
        .counter("local_deferred", counts.local_deferred,
                 "Messages of sendmail(1) that were deferred: they stay in Postfix's maildrop queue and are tried again.")
        .counter("aborted", counts.aborted, "Messages that Postfix took back.")
        .counter("faults", counts.faults, "Exceptions outside of the filters.");
    postern::add_facts(*filter_counts_, facts);
    facts.line("spool")
        .gauge("bytes", spool_->used(), "Memory that messages take until they are scanned.")
        .gauge("messages", spool_->messages(), "Messages that are held until they are scanned.")
        .counter("refused", spool_->refused(), "Messages for which there was no room; they were deferred.");
    host_->chain()->add_facts(facts);
    postern::add_facts(dns_.stats(), facts);
    dns_health_->add_facts(facts);
}

} // namespace postern
