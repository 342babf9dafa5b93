#include "policyd/greylist.h"

#include "common/host_name.h"
#include "config/redis_options.h"
#include "policyd/greylist_check.h"
#include "policyd/greylist_redis.h"

namespace postern {

Greylist::Greylist(asio::io_context& io, const Clock& clock, Log& log)
    : io_(io)
    , clock_(clock)
    , log_(log)
{
}

Greylist::~Greylist() = default;

Result<Greylist::Prepared> Greylist::prepare(const Config& config, GreylistVouchers::Sources sources) const
{
    const auto& settings = config.greylist;
    if (settings.store == "redis" && config.redis.tls)
        if (const auto tls = RedisTls::create(*redis_options(config.redis).tls); !tls)
            return fail("redis: {}", tls.error().what);
    auto vouchers = GreylistVouchers::create(settings, std::move(sources));
    if (!vouchers)
        return tl::unexpected(vouchers.error());
    GreylistListWatch::Options options;
    options.on_change = [&log = log_](const Result<std::shared_ptr<GreylistLists>>& lists) {
        if (lists)
            log.info("greylist_lists", {{"result", "loaded"},
                                        {"clients", (*lists)->clients()},
                                        {"recipients", (*lists)->recipients()},
                                        {"senders", (*lists)->senders()}});
        else
            log.error("greylist_lists", {{"result", "refused"}, {"error", lists.error().what}});
    };
    auto watch = GreylistListWatch::create(io_, settings, std::move(options));
    if (!watch)
        return tl::unexpected(watch.error());
    return Prepared{settings, config.redis, std::move(*watch), std::move(*vouchers)};
}

std::unique_ptr<Check> Greylist::check(const Prepared& prepared, std::shared_ptr<const TrustedClients> trusted)
{
    const auto& settings = prepared.settings;
    if (store_)
        store_->set_policy(greylist_policy(settings));
    else
        store_ = open_store(prepared);

    GreylistCheck::Options options;
    options.settings = settings;
    options.trusted = std::move(trusted);
    options.lists = prepared.watch->current();
    options.vouchers = *prepared.vouchers;
    options.hostname = host_name();
    options.version = POSTERN_VERSION;
    if (settings.postgrey_log)
        options.on_answer = [&log = log_](std::string line) { log.info("postgrey", {{"line", std::move(line)}}); };
    return std::make_unique<GreylistCheck>(*store_, clock_, std::move(options));
}

std::unique_ptr<GreylistStore> Greylist::open_store(const Prepared& prepared)
{
    if (prepared.settings.store != "redis")
        return std::make_unique<GreylistSqlite>(io_, clock_, store_options(prepared.settings));
    GreylistRedisOptions options;
    options.redis = redis_options(prepared.redis);
    options.prefix = prepared.redis.key_prefix;
    options.policy = greylist_policy(prepared.settings);
    options.on_state = [this](const std::string& trouble) { log_state(trouble); };
    return std::make_unique<GreylistRedis>(io_, clock_, std::move(options));
}

void Greylist::log_state(const std::string& trouble)
{
    if (trouble.empty())
        log_.info("greylist_store", {{"state", "ready"}});
    else
        log_.error("greylist_store", {{"state", "down"}, {"error", trouble}});
}

GreylistSqliteOptions Greylist::store_options(const GreylistSettings& settings)
{
    GreylistSqliteOptions options;
    options.path = settings.database;
    options.cache_rows = static_cast<std::size_t>(settings.cache_size);
    options.policy = greylist_policy(settings);
    options.on_state = [this](const std::string& trouble) { log_state(trouble); };
    options.max_size = settings.max_size;
    options.on_full = [&log = log_](bool is_full) {
        if (is_full)
            log.error("greylist_store", {{"state", "full"},
                                         {"error", "greylist.max_size is reached: what is unknown passes, old rows go early"}});
        else
            log.info("greylist_store", {{"state", "roomy"}});
    };
    return options;
}

void Greylist::reread()
{
    if (store_)
        store_->reread();
}

void Greylist::add_facts(Facts& facts) const
{
    if (!store_)
        return;
    const auto store = store_->state();
    facts.line("greylist_store")
        .word("state", !store.trouble.empty() ? "down" : store.is_full ? "full" : "ready", {"ready", "full", "down"},
              "Whether the store works.")
        .counter("failed_finds", store.failed_finds, "Look-ups that the store did not answer: the mail passed.")
        .counter("lost_writes", store.lost_writes, "Changes that could not be kept.")
        .gauge("cached_rows", store.cached_rows, "Rows in memory.")
        .gauge("waiting_writes", store.waiting_writes, "Changes that the store does not have yet.")
        .gauge("filter_bytes", store.filter_octets, "Memory of the filter that knows what is not on disk.");
}

} // namespace postern
