#include "policyd/greylist_admin.h"

#include "common/text.h"
#include "policyd/greylist_text.h"
#include "policyd/postgrey_dump.h"

#include <algorithm>

namespace postern {
namespace {

constexpr int page_size = 2'000;
constexpr std::size_t most_faults = 20;

bool contains(std::string_view text, const std::string& part)
{
    return part.empty() || text.find(part) != std::string_view::npos;
}

std::string_view or_dash(std::string_view text)
{
    return text.empty() ? "-" : text;
}

std::string triplet_line(const GreylistWrite& row)
{
    const auto& triplet = std::get<TripletRow>(row.row);
    const auto parts = key_parts(row.key);
    return fmt::format("{} {} {} {} {} {}\n", triplet.was_let_in() ? "passed" : "waits", shown_time(triplet.first),
                       shown_time(triplet.last), shown_key(parts.client), or_dash(shown_key(parts.sender)),
                       or_dash(shown_key(parts.recipient)));
}

} // namespace

GreylistAdmin::GreylistAdmin(GreylistRecords& records, Rules rules, Timestamp now, Output output)
    : records_(records)
    , rules_(rules)
    , now_(now)
    , output_(std::move(output))
{
}

Result<> GreylistAdmin::say(const std::string& text)
{
    return output_(text) ? Result<>() : fail("cannot write the output");
}

// Every row whose key comes after `from`, in the order of the keys.
Result<> GreylistAdmin::each(GreylistRecords::Table table, const std::string& from, const Row& row)
{
    for (auto cursor = from;;) {
        const auto page = records_.page(table, cursor, page_size);
        if (!page)
            return tl::unexpected(page.error());
        for (const auto& one : *page) {
            const auto more = row(one);
            if (!more || !*more)
                return more ? Result<>() : tl::unexpected(more.error());
        }
        if (page->size() < page_size)
            return {};
        cursor = page->back().key;
    }
}

Result<> GreylistAdmin::list(const GreylistFilter& filter)
{
    std::int64_t found = 0;
    return each(GreylistRecords::Table::triplet, "", [&](const GreylistWrite& row) -> Result<bool> {
        const auto parts = key_parts(row.key);
        const bool was_let_in = std::get<TripletRow>(row.row).was_let_in();
        if ((filter.waiting != filter.passed && filter.passed != was_let_in) || !contains(parts.client, filter.client)
            || !contains(parts.sender, filter.sender) || !contains(parts.recipient, filter.recipient))
            return true;
        if (const auto ok = say(triplet_line(row)); !ok)
            return tl::unexpected(ok.error());
        return ++found != filter.limit;
    });
}

Result<> GreylistAdmin::clients(const GreylistFilter& filter)
{
    std::int64_t found = 0;
    return each(GreylistRecords::Table::client, "", [&](const GreylistWrite& row) -> Result<bool> {
        const auto& client = std::get<ClientRow>(row.row);
        const bool is_good = rules_.policy.auto_whitelist_after > 0 && client.passes >= rules_.policy.auto_whitelist_after;
        if ((filter.waiting != filter.passed && filter.passed != is_good) || !contains(row.key, filter.client))
            return true;
        if (const auto ok = say(fmt::format("{} {} {} {}\n", is_good ? "whitelisted" : "counted", client.passes,
                                            shown_time(client.last), shown_key(row.key)));
            !ok)
            return tl::unexpected(ok.error());
        return ++found != filter.limit;
    });
}

// By the words of the command line, to the keys of the rows.
Result<GreylistKeyPair> GreylistAdmin::keys_of(std::string_view client, std::string_view sender,
                                               std::string_view recipient) const
{
    ClientKey key;
    if (client.starts_with('@')) {
        key = domain_key(client.substr(1));
    } else {
        const auto address = parse_ip_address(client);
        if (!address)
            return fail("\"{}\" is not an address or @domain", printable(client, 160));
        key = network_key(*address, rules_.ipv4_prefix, rules_.ipv6_prefix);
    }
    auto keys = greylist_keys(key, parse_mail_address(sender), parse_mail_address(recipient));
    if (rules_.client_by_address && key.kind == ClientKey::Kind::network)
        keys.client = parse_ip_address(client)->text();
    return keys;
}

Result<> GreylistAdmin::show(std::string_view client, std::string_view sender, std::string_view recipient)
{
    const auto keys = keys_of(client, sender, recipient);
    if (!keys)
        return tl::unexpected(keys.error());
    const auto rows = records_.find(*keys);
    if (!rows)
        return tl::unexpected(rows.error());
    const bool is_domain = client.starts_with('@');
    const auto decision = greylist_decide(is_domain ? GreylistRows{{}, *rows} : GreylistRows{*rows, {}}, is_domain, now_,
                                          rules_.policy);
    auto text = rows->triplet ? triplet_line({keys->triplet, *rows->triplet})
                              : fmt::format("unknown - - {} {} {}\n", shown_key(keys->client), or_dash(shown_key(sender)),
                                            or_dash(shown_key(recipient)));
    if (rows->client)
        text += fmt::format("client {} {} {}\n", rows->client->passes, shown_time(rows->client->last),
                            shown_key(keys->client));
    else
        text += fmt::format("client 0 - {}\n", shown_key(keys->client));
    text += fmt::format("now {} {}\n", decision.lets_in() ? "passes" : "waits", greylist_reason(decision));
    return say(text);
}

Result<> GreylistAdmin::stats()
{
    std::uint64_t waiting = 0, passed = 0, clients = 0, whitelisted = 0, domains = 0, hashed = 0;
    std::optional<Timestamp> oldest;
    auto ok = each(GreylistRecords::Table::triplet, "", [&](const GreylistWrite& row) -> Result<bool> {
        const auto& triplet = std::get<TripletRow>(row.row);
        ++(triplet.was_let_in() ? passed : waiting);
        domains += row.key.starts_with('@');
        hashed += row.key.starts_with(hashed_mark);
        oldest = std::min(oldest.value_or(triplet.last), triplet.last);
        return true;
    });
    if (ok)
        ok = each(GreylistRecords::Table::client, "", [&](const GreylistWrite& row) -> Result<bool> {
            ++clients;
            whitelisted += rules_.policy.auto_whitelist_after > 0
                && std::get<ClientRow>(row.row).passes >= rules_.policy.auto_whitelist_after;
            return true;
        });
    if (!ok)
        return ok;
    return say(fmt::format("triplets {}\nwaiting {}\npassed {}\nby_domain {}\nhashed {}\nclients {}\nwhitelisted {}\n"
                           "oldest {}\n",
                           waiting + passed, waiting, passed, domains, hashed, clients, whitelisted,
                           oldest ? shown_time(*oldest) : "-"));
}

// The keys begin with the client, so its triplets stand together.
Result<> GreylistAdmin::report(bool with_triplets)
{
    struct {
        std::string client, lines;
        std::uint64_t count = 0;
        Timestamp first, last;
    } sum;
    const auto finish = [&]() -> Result<> {
        if (sum.count == 0)
            return {};
        const auto head = fmt::format("{} {} {} {}\n", shown_key(sum.client), sum.count, shown_time(sum.first),
                                      shown_time(sum.last));
        sum.count = 0;
        return say(head + std::exchange(sum.lines, ""));
    };
    const auto ok = each(GreylistRecords::Table::triplet, "", [&](const GreylistWrite& row) -> Result<bool> {
        const auto& triplet = std::get<TripletRow>(row.row);
        if (triplet.was_let_in() || now_ - triplet.first < rules_.policy.delay)
            return true;
        const auto parts = key_parts(row.key);
        if (sum.count == 0 || parts.client != sum.client) {
            if (const auto done = finish(); !done)
                return tl::unexpected(done.error());
            sum.client = parts.client;
            sum.first = sum.last = triplet.first;
        }
        ++sum.count;
        sum.first = std::min(sum.first, triplet.first);
        sum.last = std::max(sum.last, triplet.first);
        if (with_triplets)
            sum.lines += fmt::format("    {} {} {}\n", shown_time(triplet.first), or_dash(shown_key(parts.sender)),
                                     or_dash(shown_key(parts.recipient)));
        return true;
    });
    return ok ? finish() : ok;
}

Result<> GreylistAdmin::export_all()
{
    const auto line = [&](const GreylistWrite& row) -> Result<bool> {
        const auto ok = say(write_greylist_line(row));
        return ok ? Result<bool>(true) : tl::unexpected(ok.error());
    };
    if (const auto ok = say(std::string(greylist_text_head)); !ok)
        return ok;
    if (const auto ok = each(GreylistRecords::Table::triplet, "", line); !ok)
        return ok;
    return each(GreylistRecords::Table::client, "", line);
}

Result<> GreylistAdmin::pass(std::string_view client, std::string_view sender, std::string_view recipient)
{
    const auto keys = keys_of(client, sender, recipient);
    if (!keys)
        return tl::unexpected(keys.error());
    GreylistWrite row{keys->triplet, TripletRow{now_ - rules_.policy.delay, now_}};
    if (recipient.empty()) {
        if (rules_.policy.auto_whitelist_after == 0)
            return fail("greylist.auto_whitelist_after is 0: no client as a whole passes");
        row = {keys->client, ClientRow{rules_.policy.auto_whitelist_after, now_}};
    }
    if (const auto ok = records_.write({&row, 1}); !ok)
        return ok;
    return say(fmt::format("passes {}\n", shown_key(row.key)));
}

Result<> GreylistAdmin::erase(std::vector<GreylistWrite> rows)
{
    if (const auto ok = records_.erase(rows); !ok)
        return ok;
    std::string text;
    for (const auto& row : rows)
        text += fmt::format("forgotten {}\n", shown_key(row.key));
    return say(text);
}

Result<> GreylistAdmin::forget(std::string_view client, std::string_view sender, std::string_view recipient)
{
    const auto keys = keys_of(client, sender, recipient);
    if (!keys)
        return tl::unexpected(keys.error());
    const auto rows = records_.find(*keys);
    if (!rows)
        return tl::unexpected(rows.error());
    if (!recipient.empty())
        return rows->triplet ? erase({{keys->triplet, *rows->triplet}}) : fail("not known: {}", shown_key(keys->triplet));

    std::uint64_t found = rows->client.has_value();
    if (rows->client)
        if (const auto ok = erase({{keys->client, *rows->client}}); !ok)
            return ok;
    const auto network = key_parts(keys->triplet).client;
    const auto prefix = std::string(network) + "/";
    for (;;) { // each page is gone before the next is read
        auto page = records_.page(GreylistRecords::Table::triplet, prefix, page_size);
        if (!page)
            return tl::unexpected(page.error());
        const auto end = std::find_if(page->begin(), page->end(),
                                      [&](const GreylistWrite& row) { return !row.key.starts_with(prefix); });
        const bool is_last = end != page->end() || page->size() < page_size;
        page->erase(end, page->end());
        found += page->size();
        if (!page->empty())
            if (const auto ok = erase(std::move(*page)); !ok)
                return ok;
        if (is_last)
            return found > 0 ? Result<>() : fail("not known: {}", shown_key(network));
    }
}

template <class ReadLine>
Result<GreylistImport> GreylistAdmin::import_lines(const Input& input, ReadLine read_line)
{
    GreylistImport result;
    std::vector<GreylistWrite> rows;
    const auto flush = [&]() -> Result<> {
        const auto written = records_.merge(rows);
        rows.clear();
        if (!written)
            return tl::unexpected(written.error());
        result.written += static_cast<std::uint64_t>(*written);
        return {};
    };
    std::string line;
    for (std::uint64_t number = 1; input(line); ++number) {
        auto row = read_line(line);
        if (!row && result.faults.size() < most_faults)
            result.faults.push_back(fmt::format("{}: {}", number, row.error().what));
        else if (!row)
            ++result.more_faults;
        if (!row || !*row)
            continue;
        ++result.read;
        rows.push_back(std::move(**row));
        if (rows.size() == page_size)
            if (const auto ok = flush(); !ok)
                return tl::unexpected(ok.error());
    }
    if (const auto ok = flush(); !ok)
        return tl::unexpected(ok.error());
    return result;
}

Result<GreylistImport> GreylistAdmin::import(const Input& input)
{
    return import_lines(input, [](const std::string& line) { return read_greylist_line(line); });
}

Result<GreylistImport> GreylistAdmin::import_postgrey(const Input& input, std::chrono::seconds delay)
{
    PostgreyDump dump({delay, rules_.ipv4_prefix, rules_.ipv6_prefix, rules_.client_by_address});
    auto result = import_lines(input, [&](const std::string& line) { return dump.add(line); });
    if (result && !dump.is_complete())
        return fail("the dump ends without DATA=END: is it whole? What was read is in the store");
    return result;
}

} // namespace postern
