#include "policyd/dnsbl_tables.h"

#include "common/dnsbl/public_name.h"
#include "common/dnsbl/reply_template.h"
#include "common/dnsbl/site.h"
#include "common/postfix_table.h"
#include "common/read_file.h"

namespace postern {
namespace {

using Table = std::map<std::string, std::string, std::less<>>;

// Takes each entry of the file, or says what is wrong with one.
Result<> read_table(const std::string& path, const ReadTextFile& read_file,
                    const std::function<Result<>(const DnsblSite& key, const std::string& value)>& add)
{
    if (path.empty())
        return {};
    const auto text = read_file(path);
    if (!text)
        return tl::unexpected(text.error());
    const auto entries = parse_postfix_table(*text);
    if (!entries) // "line N: what"
        return fail("{}:{}", path, entries.error().what.substr(std::string_view("line ").size()));
    for (const auto& entry : *entries) {
        const auto key = parse_dnsbl_site(entry.key);
        if (!key || entry.key.find('*') != std::string::npos)
            return fail("{}:{}: the key is not ZONE or ZONE=FILTER", path, entry.line);
        if (const auto ok = add(*key, entry.value); !ok)
            return fail("{}:{}: {}", path, entry.line, ok.error().what);
    }
    return {};
}

Result<> add_public_name(Table& names, const DnsblSite& key, const std::string& value)
{
    const auto shown = parse_dnsbl_site(value);
    if (!shown || shown->key != shown->zone || value.find('*') != std::string::npos)
        return fail("the value is not a domain name");
    if (holds_key(shown->zone))
        return fail("the value seems to hold a key itself: all the world would see it");
    names.emplace(key.zone, shown->zone); // without its last dot; of two the first counts, as with texthash
    return {};
}

Result<> add_template(Table& templates, const DnsblSite& key, const std::string& value)
{
    if (const auto ok = check_reply_template(value); !ok)
        return ok;
    templates.emplace(key.key, value);
    return {};
}

} // namespace

Result<DnsblTables> read_dnsbl_tables(const DnsblSettings& settings, const ReadTextFile& read_file)
{
    DnsblTables tables;
    if (const auto ok = read_table(settings.reply_map, read_file, [&](const auto& key, const auto& value) {
            return add_public_name(tables.public_names, key, value);
        }); !ok)
        return fail("dnsbl.reply_map: {}", ok.error().what);
    if (const auto ok = read_table(settings.reply_templates, read_file, [&](const auto& key, const auto& value) {
            return add_template(tables.templates, key, value);
        }); !ok)
        return fail("dnsbl.reply_templates: {}", ok.error().what);
    return tables;
}

Result<std::string> read_text_file(const std::string& path)
{
    constexpr std::size_t limit = 1 << 20;
    return read_file(path, limit);
}

} // namespace postern
