#include "policyd/recipients.h"

#include "common/ldap/ldap_table.h"
#include "common/ldap/openldap_directory.h"
#include "common/list_file.h"
#include "common/mail_address.h"

#include <sys/stat.h>

namespace postern {
namespace {

std::string joined_faults(const std::vector<Error>& faults)
{
    std::string text;
    for (const auto& fault : faults)
        text.append(text.empty() ? "" : "; ").append(fault.what);
    return text;
}

LdapScope scope_of(std::string_view word)
{
    return word == "one" ? LdapScope::one : word == "base" ? LdapScope::base : LdapScope::sub;
}

Result<Texts> a_labels(const Texts& domains)
{
    Texts result;
    for (const auto& domain : domains) {
        auto labels = to_a_labels(domain);
        if (!labels)
            return tl::unexpected(labels.error());
        result.push_back(std::move(*labels));
    }
    return result;
}

// The names in a file of Postfix's: one or more a line.
Result<> add_domains(const std::string& path, const Recipients::ReadTextFile& read_file, Texts& domains)
{
    const auto text = read_file(path);
    if (!text)
        return tl::unexpected(text.error());
    std::vector<Error> faults;
    parse_list_file(*text, path, [&](std::string_view entry) -> Result<> {
        auto domain = to_a_labels(entry);
        if (!domain || entry.find_first_of(" \t:/!") != std::string_view::npos)
            return fail("\"{}\" is not a domain", entry);
        domains.push_back(std::move(*domain));
        return {};
    }, faults);
    return faults.empty() ? Result<>{} : fail("{}", joined_faults(faults));
}

Result<Recipients::DirectorySource> from_table(const LdapSettings& ldap, const Recipients::ReadTextFile& read_file)
{
    const auto text = read_file(ldap.table);
    if (!text)
        return tl::unexpected(text.error());
    auto table = parse_ldap_table(*text, ldap.table);
    if (!table)
        return fail("{}", joined_faults(table.error()));
    for (const auto& path : table->domain_files)
        if (const auto added = add_domains(path, read_file, table->domains); !added)
            return tl::unexpected(added.error());
    return Recipients::DirectorySource{std::move(table->options), std::move(table->domains)};
}

// What the settings say has been checked one by one.
Result<Recipients::DirectorySource> from_settings(const LdapSettings& ldap)
{
    LdapOptions options;
    for (const auto& server : ldap.servers) {
        const auto url = parse_ldap_url(server);
        if (!url)
            return tl::unexpected(url.error());
        options.servers.push_back(*url);
    }
    const auto base = LdapTemplate::parse_base(ldap.base);
    const auto filter = LdapTemplate::parse_filter(ldap.preset == "active_directory" ? active_directory_filter
                                                                                     : std::string_view(ldap.filter));
    if (!base || !filter)
        return tl::unexpected(base ? filter.error() : base.error());
    options.base = *base;
    options.filter = *filter;
    options.scope = scope_of(ldap.scope);
    options.bind_dn = ldap.bind_dn;
    options.bind_password = ldap.bind_password;
    options.start_tls = ldap.start_tls;
    options.verify = ldap.verify;
    options.ca = ldap.ca;
    options.ca_folder = ldap.ca_folder;
    options.certificate = ldap.certificate;
    options.key = ldap.key;
    options.timeout = ldap.timeout;
    return Recipients::DirectorySource{std::move(options), {}};
}

Result<Recipients::DirectorySource> read_directory(const LdapSettings& ldap, const Recipients::ReadTextFile& read_file)
{
    auto source = ldap.table.empty() ? from_settings(ldap) : from_table(ldap, read_file);
    if (!source)
        return source;
    const auto domains = a_labels(ldap.domains);
    if (!domains)
        return tl::unexpected(domains.error());
    if (!domains->empty())
        source->domains = *domains;
    source->options.name = ldap.name;
    source->options.connect_timeout = ldap.connect_timeout;
    source->options.canary = ldap.canary;
    source->options.ignore_referrals = ldap.ignore_referrals;
    return source;
}

bool is_readable_by_all(const std::string& path)
{
    struct stat file{};
    return ::stat(path.c_str(), &file) == 0 && (file.st_mode & S_IROTH) != 0;
}

void log_state(Log& log, const LdapStateChange& change)
{
    const bool is_whole = change.server.empty();
    LogFields fields;
    fields.emplace_back("directory", change.directory);
    if (!is_whole)
        fields.emplace_back("server", change.server);
    fields.emplace_back("state", change.trouble.empty() ? "ready" : "down");
    if (!change.trouble.empty())
        fields.emplace_back("error", change.trouble);
    const std::string_view event = is_whole ? "ldap" : "ldap_server";
    if (change.trouble.empty())
        log.info(event, fields);
    else if (is_whole)
        log.error(event, fields);
    else
        log.warning(event, fields);
}

} // namespace

Result<Recipients::Source> Recipients::read(const Config& config, const ReadTextFile& read_file)
{
    Source source{config.recipient, {}};
    for (const auto& ldap : config.ldap) {
        auto directory = read_directory(ldap, read_file);
        if (!directory)
            return fail("ldap {}: {}", ldap.name, directory.error().what);
        source.directories.push_back(std::move(*directory));
    }
    return source;
}

std::vector<std::string> Recipients::warnings(const Config& config, const ReadTextFile& read_file)
{
    std::vector<std::string> warnings;
    if (!config.recipient.enable)
        return warnings;
    for (const auto& ldap : config.ldap) {
        if (ldap.table.empty())
            continue;
        const auto text = read_file(ldap.table);
        const auto table = text ? parse_ldap_table(*text, ldap.table) : tl::unexpected(std::vector<Error>{});
        if (!table)
            continue; // a fault, told elsewhere
        warnings.insert(warnings.end(), table->warnings.begin(), table->warnings.end());
        if (!table->options.bind_password.empty() && is_readable_by_all(ldap.table))
            warnings.push_back(fmt::format("{}: bind_pw: everybody may read this file: chmod o-r", ldap.table));
    }
    if (config.recipient.access.empty())
        return warnings;
    if (const auto file = RecipientFile::read(config.recipient.access))
        warnings.insert(warnings.end(), file->table.warnings().begin(), file->table.warnings().end());
    return warnings;
}

Recipients::Recipients(asio::io_context& io, Source source, Log& log)
    : io_(io)
    , source_(std::move(source))
    , log_(log)
{
}

void Recipients::start(std::optional<RecipientFile::Snapshot> table)
{
    if (!lookup_)
        connect();
    if (table)
        use(std::move(*table));
}

void Recipients::connect()
{
    const auto& settings = source_.settings;
    std::vector<RecipientSource> sources;
    for (const auto& [options, domains] : source_.directories) {
        const auto on_state = [&log = log_](const LdapStateChange& change) { log_state(log, change); };
        directories_.push_back(std::make_shared<OpenldapDirectory>(io_, options, on_state));
        sources.push_back({domains, directories_.back()});
    }
    RecipientLookup::Options options;
    options.exists_ttl = settings.exists_ttl;
    options.unknown_ttl = settings.unknown_ttl;
    options.stale_ttl = settings.stale_ttl;
    options.capacity = static_cast<std::size_t>(settings.cache_size);
    lookup_ = std::make_shared<RecipientLookup>(io_, std::move(sources), options);

    RecipientHarvest::Options harvest;
    harvest.limit = settings.harvest_limit;
    harvest.window = settings.harvest_window;
    harvest_ = std::make_shared<RecipientHarvest>(harvest);
}

void Recipients::use(RecipientFile::Snapshot table)
{
    if (file_)
        return file_->use(std::move(table.table));
    const auto on_state = [this](const std::string& trouble) {
        if (trouble.empty())
            log_.info("recipient_access", {{"state", "ready"}, {"entries", file_->table()->size()}});
        else
            log_.error("recipient_access", {{"state", "kept"}, {"error", trouble}});
    };
    file_ = std::make_unique<RecipientFile>(io_, source_.settings.access, std::move(table), on_state);
}

std::unique_ptr<Check> Recipients::make_check(std::shared_ptr<Recipients> self,
                                              std::shared_ptr<const TrustedClients> trusted) const
{
    auto trouble = [self] { return self->trouble(); };
    auto table = [self = std::move(self)]() -> std::shared_ptr<const RecipientTable> {
        return self->file_ ? self->file_->table() : nullptr;
    };
    return std::make_unique<RecipientCheck>(
        RecipientCheck::Options{source_.settings, std::move(trusted), lookup_, harvest_, std::move(table),
                                std::move(trouble)});
}

std::string Recipients::trouble() const
{
    std::string text;
    for (const auto& directory : directories_)
        if (const auto now = directory->state(); !now.trouble.empty())
            text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", now.name, now.trouble);
    return text;
}

void Recipients::add_facts(Facts& facts) const
{
    const auto stats = lookup_->stats();
    facts.line("recipients")
        .counter("hits", stats.hits, "Recipients known from memory.")
        .counter("misses", stats.misses, "Recipients that a directory was asked about.")
        .counter("joined", stats.joined, "Requests that waited for what was asked already.")
        .counter("refused", stats.refused, "Recipients not asked about, for too many were under way.")
        .counter("stale", stats.stale, "Recipients taken from memory while the directory was down.")
        .counter("unavailable", stats.unavailable, "Recipients of whom no directory could say.")
        .gauge("in_flight", stats.in_flight, "Recipients that are asked about now.")
        .gauge("entries", stats.entries, "Recipients in memory.")
        .gauge("harvest_networks", harvest_->networks(), "Networks that have asked for unknown recipients.")
        .counter("harvest_caught", harvest_->times_caught(), "Networks found to try addresses.");
    const std::vector<std::string_view> states{"ready", "down", "unknown"};
    const auto state_of = [](const std::string& trouble) { return trouble.empty() ? "ready" : "down"; };
    for (const auto& directory : directories_) {
        const auto now = directory->state();
        facts.line("ldap", {{"directory", now.name}})
            .word("state", state_of(now.trouble), states, "The state of a directory is 1, the others are 0.")
            .text("error", now.trouble);
        for (const auto& server : now.servers)
            facts.line("ldap_server", {{"directory", now.name}, {"server", server.server}})
                .word("state", server.is_known ? state_of(server.trouble) : "unknown", states,
                      "The state of a server is 1, the others are 0.")
                .text("error", server.trouble);
    }
    if (file_)
        facts.line("recipient_access")
            .gauge("entries", file_->table()->size(), "Entries of the table.")
            .word("state", state_of(file_->trouble()), states, "Whether the table could be read when it was last changed.")
            .text("error", file_->trouble());
}

} // namespace postern
