#include "policyd/policyd.h"

#include "common/dns/make_resolver.h"
#include "common/host_name.h"
#include "common/log_state.h"
#include "common/spf/spf_cache.h"
#include "config/resolver_options.h"
#include "config/setting.h"
#include "policyd/dnsbl.h"
#include "policyd/dnsbl_check.h"
#include "policyd/recipients.h"
#include "policyd/spf_check.h"
#include "policyd/trusted_clients.h"

#include <utility>

namespace postern {

// What the checks stand on, each shared with the checks that were built on it.
struct Policyd::Parts {
    Config config;
    ResolverOptions resolver_options;
    std::shared_ptr<CachedResolver> resolver;
    std::shared_ptr<SpfCache> spf;
    std::shared_ptr<SpfExemptions> spf_exemptions; // nullptr: nobody is exempt
    std::shared_ptr<const TrustedClients> trusted;
    std::shared_ptr<Dnsbl> dnsbl; // null: no lists are asked
    std::shared_ptr<Recipients> recipients; // null: nobody is looked for
    std::optional<RecipientFile::Snapshot> recipient_table; // until it is in force
    Greylist::Prepared greylist; // empty unless it is wanted
};

namespace {

ServerOptions server_options(const PolicydSettings& settings)
{
    ServerOptions options;
    options.max_connections = static_cast<std::size_t>(settings.max_connections);
    options.limits.arrival = settings.deadline;
    options.limits.deadline = settings.deadline;
    return options;
}

// All that [policyd] checks may name, switched on or not.
PolicyContexts::Names names_of_checks()
{
    const auto words = find_setting("policyd", "checks")->words;
    return {words.begin(), words.end()};
}

ClientAddressGuard::Options guard_options(Log& log)
{
    ClientAddressGuard::Options options;
    options.on_change = [&log](const ClientAddressGuard::State& state) {
        if (state.is_hidden)
            log.warning("client_address", {{"state", "hidden"}, {"problem", hidden_clients_advice(state)}});
        else
            log.info("client_address", {{"state", "visible"}});
    };
    return options;
}

ServerHealth::Options health_options(Log& log)
{
    return {.on_change = [&log](const FunctionState& state) { log_state(log, state); }};
}

// Whoever holds the cache holds the resolver that it asks.
std::shared_ptr<SpfSource> with_resolver(std::shared_ptr<SpfCache> cache, std::shared_ptr<Resolver> resolver)
{
    auto* const source = cache.get();
    return {source, [cache = std::move(cache), resolver = std::move(resolver)](SpfSource*) {}};
}

bool has_exemptions(const SpfSettings& settings)
{
    return !settings.exempt_helo_names.empty() || !settings.exempt_spf_domains.empty()
        || !settings.exempt_sender_domains.empty();
}

// From which scores on greylisting does something else: until it is known on which side the score is, lists are waited
// for.
std::vector<int> scores_that_matter(const GreylistSettings& settings)
{
    const auto& signs = settings.suspicious;
    const bool is_sign = std::find(signs.begin(), signs.end(), "dnsbl_score") != signs.end();
    if (!settings.enable || settings.when != "suspicious" || !is_sign)
        return {};
    return {static_cast<int>(settings.suspicious_score)};
}

} // namespace

Policyd::Policyd(asio::io_context& io, Log& log)
    : io_(io)
    , log_(log)
    , greylist_(io, clock_, log)
    , dns_health_(std::make_shared<ServerHealth>(health_options(log)))
    , addresses_(std::make_shared<ClientAddressGuard>(guard_options(log)))
{
}

Policyd::~Policyd() = default;

// The memory of SPF, and the resolver that it asks, for as long as somebody may call it.
GreylistVouchers::CheckHost Policyd::check_host(const Parts& parts)
{
    return [resolver = parts.resolver, spf = parts.spf](SpfQuery query, Deadline deadline) {
        return spf->check_host(std::move(query), deadline);
    };
}

ChainedCheck Policyd::spf_check(const Parts& parts) const
{
    auto settings = parts.config.spf;
    if (settings.receiver.empty())
        settings.receiver = host_name();
    if (settings.authserv_id.empty())
        settings.authserv_id = host_name();
    const bool observe = settings.observe;
    return {std::make_unique<SpfCheck>(
                SpfCheck::Options{std::move(settings), with_resolver(parts.spf, parts.resolver), parts.trusted,
                                  parts.spf_exemptions}),
            observe};
}

Result<> Policyd::build_spf(Parts& parts) const
{
    const auto& settings = parts.config.spf;
    const SpfLimits limits{static_cast<int>(settings.void_lookups)};
    const bool is_as_before = parts_ && parts_->resolver == parts.resolver
        && parts_->config.spf.void_lookups == settings.void_lookups;
    parts.spf = is_as_before ? parts_->spf : std::make_shared<SpfCache>(*parts.resolver, limits);
    if (!has_exemptions(settings))
        return {};
    auto spf = with_resolver(std::make_shared<SpfCache>(*parts.resolver, limits), parts.resolver);
    auto exemptions = SpfExemptions::create(settings, parts.resolver, std::move(spf));
    if (!exemptions)
        return tl::unexpected(exemptions.error());
    parts.spf_exemptions = std::make_shared<SpfExemptions>(std::move(*exemptions));
    return {};
}

Result<std::shared_ptr<Dnsbl>> Policyd::build_dnsbl(const Parts& parts) const
{
    const auto& settings = parts.config.dnsbl;
    const auto& checks = parts.config.policyd.checks;
    const bool is_asked = std::find(checks.begin(), checks.end(), "dnsbl") != checks.end();
    if (!settings.enable || !is_asked || (settings.sites.empty() && settings.zones.empty()))
        return nullptr;
    auto tables = read_dnsbl_tables(settings, read_text_file);
    if (!tables)
        return tl::unexpected(tables.error());
    Dnsbl::Source source{settings, std::move(*tables), parts.resolver};
    const auto* const before = parts_ ? parts_->dnsbl.get() : nullptr;
    if (before && before->source() == source)
        return parts_->dnsbl; // with all that it remembers
    return std::make_shared<Dnsbl>(io_, std::move(source), log_, before);
}

Result<> Policyd::build_recipients(Parts& parts) const
{
    const auto& settings = parts.config.recipient;
    const auto& checks = parts.config.policyd.checks;
    const bool is_asked = std::find(checks.begin(), checks.end(), "recipient") != checks.end();
    if (!settings.enable || !is_asked || (parts.config.ldap.empty() && settings.access.empty()))
        return {};
    auto source = Recipients::read(parts.config, read_text_file);
    if (!source)
        return tl::unexpected(source.error());
    if (!settings.access.empty()) {
        auto read = RecipientFile::read(settings.access);
        if (!read)
            return tl::unexpected(read.error());
        parts.recipient_table = std::move(*read);
    }
    if (parts_ && parts_->recipients && parts_->recipients->source() == *source)
        parts.recipients = parts_->recipients; // with its connections and all that it remembers
    else
        parts.recipients = std::make_shared<Recipients>(io_, std::move(*source), log_);
    return {};
}

Result<> Policyd::build_greylist(Parts& parts) const
{
    const auto& config = parts.config;
    if (!config.greylist.enable)
        return {};
    DnsblTables tables; // say what to call allow_zones, also where [dnsbl] itself asks nothing
    if (!config.greylist.allow_zones.empty()) {
        auto read = read_dnsbl_tables(config.dnsbl, read_text_file);
        if (!read)
            return tl::unexpected(read.error());
        tables = std::move(*read);
    }
    auto greylist = greylist_.prepare(config, {parts.resolver, check_host(parts), [&](const std::string& zone) {
                                                   return shown_dnsbl_zone(zone, config.dnsbl, tables);
                                               }});
    if (!greylist)
        return tl::unexpected(greylist.error());
    parts.greylist = std::move(*greylist);
    return {};
}

ChainedCheck Policyd::dnsbl_check(const Parts& parts) const
{
    const auto& settings = parts.config.dnsbl;
    return {std::make_unique<DnsblCheck>(parts.dnsbl, DnsblMarks(settings, scores_that_matter(parts.config.greylist)),
                                         parts.trusted),
            settings.observe};
}

std::vector<ChainedCheck> Policyd::checks(const Parts& parts)
{
    std::vector<ChainedCheck> checks;
    for (const auto& name : parts.config.policyd.checks) {
        if (name == "dnsbl" && parts.dnsbl)
            checks.push_back(dnsbl_check(parts));
        if (name == "recipient" && parts.recipients)
            checks.push_back({parts.recipients->make_check(parts.recipients, parts.trusted),
                              parts.config.recipient.observe});
        if (name == "spf" && parts.config.spf.enable)
            checks.push_back(spf_check(parts));
        if (name == "greylist" && parts.config.greylist.enable)
            checks.push_back({greylist_.check(parts.greylist, parts.trusted), parts.config.greylist.observe});
    }
    return checks;
}

Result<std::unique_ptr<Policyd::Parts>> Policyd::build(const Config& config) const
{
    auto parts = std::make_unique<Parts>();
    parts->config = config;

    const auto trusted = TrustedClients::parse(config.trust, addresses_);
    if (!trusted)
        return tl::unexpected(trusted.error());
    parts->trusted = std::make_shared<const TrustedClients>(*trusted);

    parts->resolver_options = resolver_options(config.dns);
    if (parts_ && parts_->resolver_options == parts->resolver_options) {
        parts->resolver = parts_->resolver; // with all that it remembers
    } else {
        auto resolver = make_resolver(io_, parts->resolver_options, dns_health_);
        if (!resolver)
            return tl::unexpected(resolver.error());
        parts->resolver = std::move(*resolver);
    }
    auto dnsbl = build_dnsbl(*parts);
    if (!dnsbl)
        return tl::unexpected(dnsbl.error());
    parts->dnsbl = std::move(*dnsbl);
    if (const auto built = build_recipients(*parts); !built)
        return tl::unexpected(built.error());
    if (const auto built = build_spf(*parts); !built)
        return tl::unexpected(built.error());
    if (const auto built = build_greylist(*parts); !built)
        return tl::unexpected(built.error());
    return parts;
}

Result<> Policyd::check(const Config& config) const
{
    const auto parts = build(config);
    return parts ? Result<>{} : tl::unexpected(parts.error());
}

Result<> Policyd::configure(const Config& config)
{
    auto parts = build(config);
    if (!parts)
        return tl::unexpected(parts.error());
    parts_ = std::move(*parts);
    if (parts_->dnsbl)
        parts_->dnsbl->start();
    if (parts_->recipients)
        parts_->recipients->start(std::exchange(parts_->recipient_table, {}));
    current_.policy = std::make_shared<Policy>(checks(*parts_), messages_, counts_, log_, names_of_checks());
    messages_.make_room_for(static_cast<std::size_t>(config.policyd.max_connections));
    if (server_)
        server_->set_options(server_options(config.policyd));
    return {};
}

void Policyd::serve(FileDescriptor listener)
{
    server_ = std::make_unique<Server>(io_, std::move(listener), server_options(parts_->config.policyd), current_, log_);
}

void Policyd::drain(std::function<void()> done)
{
    is_draining_ = true;
    if (server_)
        server_->drain(std::move(done));
    else
        done();
}

asio::awaitable<std::string> Policyd::explain(PolicyRequest request) const
{
    const auto policy = current_.policy; // a reload may put another in its place meanwhile
    const auto deadline = std::chrono::steady_clock::now() + parts_->config.policyd.deadline;
    co_return write_explanation(request, co_await policy->explain(request, deadline));
}

void Policyd::add_facts(Facts& facts) const
{
    facts.function(is_draining_ ? FunctionState{"policyd", FunctionState::Kind::down, "stopping"} : FunctionState{"policyd"});
    for (auto& state : current_.policy->states())
        facts.function(std::move(state));
    if (server_) {
        const auto server = server_->counts();
        facts.line("connections")
            .gauge("open", server.connections, "Connections of Postfix that are open.")
            .counter("accepted", server.accepted, "Connections taken.")
            .counter("displaced", server.displaced, "Idle connections closed to make room for others.");
    }
    postern::add_facts(counts_, facts);
    facts.line("messages")
        .gauge("", messages_.size(), "Messages that are remembered for their next recipients.")
        .gauge("most", messages_.capacity(), "So many messages can be remembered, by policyd.max_connections.");
    const auto addresses = addresses_->state();
    facts.line("client_address")
        .word("state", addresses.is_hidden ? "hidden" : "visible", {"visible", "hidden"},
              "Whether the addresses of clients reach us, or a proxy's in their place.")
        .counter("private_messages", addresses.private_messages, "Messages not judged, for the address is private.")
        .text("from", addresses.is_hidden ? addresses.from : "");
    const auto spf = parts_->spf->stats();
    facts.line("spf_cache")
        .counter("hits", spf.hits, "SPF answers from memory.")
        .counter("misses", spf.misses, "SPF evaluations.")
        .gauge("entries", spf.entries, "SPF answers in memory.");
    postern::add_facts(parts_->resolver->stats(), facts);
    dns_health_->add_facts(facts);
    if (parts_->dnsbl)
        parts_->dnsbl->add_facts(facts);
    if (parts_->recipients)
        parts_->recipients->add_facts(facts);
    greylist_.add_facts(facts);
}

} // namespace postern
