#include "config/migrate/opendkim_tables.h"

#include "common/text.h"
#include "config/migrate/list_reader.h"
#include "config/migrate/opendkim_conf.h"
#include "config/migrate/pem_key.h"

#include <algorithm>
#include <grp.h>
#include <pwd.h>

namespace postern {
namespace {

constexpr int least_bits = 1024, good_bits = 2048;

constexpr const char* account = "postern"; // milterd.user and milterd.group

ReadText reader_of(const Migration& migration)
{
    return [&migration](const std::string& path) { return migration.host().read(path); };
}

std::string_view known_as(const MetOption& option, const DataSet& set)
{
    return set.kind == DataSet::Kind::list ? std::string_view(option.name) : std::string_view(set.text);
}

// "domain:selector:key", of which the key may hold a colon
std::optional<std::string> key_path(std::string_view value)
{
    const auto first = value.find(':');
    const auto second = first == value.npos ? first : value.find(':', first + 1);
    if (second == value.npos || trim(value.substr(second + 1)).empty())
        return std::nullopt;
    return std::string(trim(value.substr(second + 1)));
}

} // namespace

std::vector<DataRow> read_opendkim_set(Migration& migration, const MetOption& option, const DataSet& set)
{
    std::vector<Error> faults;
    auto rows = read_data_set(set, option.name, reader_of(migration), faults);
    for (const auto& fault : faults) {
        const auto placed = placed_fault(fault.what, set.text);
        if (placed.line > 0)
            migration.fault({option.at.program, set.text, placed.line}, placed.what);
        else
            migration.fault(option.at, fault.what, option.text);
    }
    return rows;
}

OldLine line_of_row(const MetOption& option, const DataSet& set, const DataRow& row)
{
    if (set.kind == DataSet::Kind::list)
        return option.at;
    return {option.at.program, set.text, placed_fault(row.where + ": ", set.text).line};
}

OpendkimTables::OpendkimTables(Migration& migration, KeyFiles key_files)
    : migration_(migration)
    , key_files_(key_files)
{
    if (!migration.host().root().empty()) // its accounts are others than ours
        return;
    if (const passwd* const user = ::getpwnam(account))
        reader_.user = user->pw_uid;
    if (const ::group* const group = ::getgrnam(account))
        reader_.group = group->gr_gid;
}

void OpendkimTables::take(const OpendkimSigning& signing)
{
    if (!signing.key_table && !signing.signing_table)
        return single(signing);
    tables(signing);
    for (const auto* const option : {&signing.domain, &signing.selector, &signing.key_file, &signing.subdomains})
        if (*option)
            migration_.note(**option, {Fate::kept, "KeyTable is set: opendkim did not look at this either"});
}

std::optional<DataSet> OpendkimTables::usable(const std::optional<MetOption>& option)
{
    if (!option)
        return std::nullopt;
    auto set = parse_data_set(option->value);
    if (set)
        return std::move(*set);
    migration_.note(*option, {Fate::refused, set.error().what + "; until then Postern signs by no table"});
    return std::nullopt;
}

void OpendkimTables::tables(const OpendkimSigning& signing)
{
    const auto keys = usable(signing.key_table);
    const auto addresses = usable(signing.signing_table);
    if (keys && addresses) {
        migration_.set(*signing.key_table, "dkim.key_table", signing.key_table->value);
        migration_.set(*signing.signing_table, "dkim.signing_table", signing.signing_table->value);
        key_rows(*signing.key_table, *keys);
        signing_rows(*signing.signing_table, *addresses);
        return;
    }
    for (const auto& [option, set] : {std::pair(&signing.key_table, &keys), std::pair(&signing.signing_table, &addresses)})
        if (*set)
            migration_.fault((*option)->at, "is not taken over: KeyTable and SigningTable go together, and the other one is "
                                            "missing or refused",
                             (*option)->text);
}

std::vector<DataRow> OpendkimTables::rows_of(const MetOption& option, const DataSet& set)
{
    auto rows = read_opendkim_set(migration_, option, set);
    if (rows.empty())
        migration_.fault(option.at, fmt::format("{} has no rows", known_as(option, set)), option.text);
    return rows;
}

void OpendkimTables::key_rows(const MetOption& option, const DataSet& set)
{
    for (const auto& row : rows_of(option, set)) {
        const auto at = line_of_row(option, set, row);
        has_open_names_ |= set.kind == DataSet::Kind::patterns && row.key.find('*') != row.key.npos;
        if (!key_names_.insert(row.key).second)
            migration_.fault(at, fmt::format("\"{}\" stands there already", row.key));
        const auto key = key_path(row.value);
        if (!key)
            migration_.fault(at, fmt::format("\"{} {}\" is not domain:selector:path", row.key, row.value));
        else if (key->starts_with("./") || key->starts_with("../"))
            migration_.fault(at, fmt::format("{}: write the whole path", *key));
        else if (key->starts_with('/'))
            key_file(at, *key);
    }
}

void OpendkimTables::signing_rows(const MetOption& option, const DataSet& set)
{
    for (const auto& row : rows_of(option, set)) {
        const auto at = line_of_row(option, set, row);
        const auto colon = std::min(row.value.find(':'), row.value.size());
        const auto name = std::string(trim(std::string_view(row.value).substr(0, colon)));
        const auto identity = trim(std::string_view(row.value).substr(std::min(colon + 1, row.value.size())));
        if (name.empty())
            migration_.fault(at, fmt::format("\"{}\" names no key", row.key));
        if (!identity.empty() && identity.find('@') == identity.npos)
            migration_.fault(at, fmt::format("\"{}\" is no identity: user@domain or @domain is wanted", identity));
        if (!name.empty() && !has_open_names_ && !key_names_.empty() && !key_names_.contains(name))
            migration_.fault(at, fmt::format("\"{}\" is no name of KeyTable: opendkim defers such mail, Postern does not "
                                             "begin with it",
                                             name));
        if (set.kind != DataSet::Kind::patterns && row.key.find('*') != row.key.npos && row.key != "*"
            && !row.key.ends_with("@*"))
            migration_.fault(at, fmt::format("\"{}\" fits no address: only a refile: has patterns", row.key));
    }
}

void OpendkimTables::key_file(const OldLine& at, const std::string& path)
{
    if (!seen_files_.insert(path).second)
        return;
    if (path.find('%') != path.npos) {
        migration_.tell(at, {Fate::changed, fmt::format("{}: the files of such a path are looked for when the table is read: "
                                                        "they want chown root:postern and chmod 0640, and after a new one, "
                                                        "postern reload",
                                                        path)});
        return;
    }
    if (key_files_ == KeyFiles::in_place)
        look_at_rights(at, path);
    else if (migration_.host().has(path))
        migration_.tell(at, {Fate::kept, path + ": root reads it, and the milter has a copy"});
    if (migration_.host().has(path))
        look_inside(at, path);
    else if (key_files_ == KeyFiles::copied)
        migration_.fault(at, fmt::format("{}: is not there", path));
}

void OpendkimTables::look_at_rights(const OldLine& at, const std::string& path)
{
    const auto rights = look_at_key_file(migration_.host(), path, reader_);
    if (!rights.problem.empty())
        migration_.fault(at, fmt::format("{}: {}", path, rights.problem));
    else if (!rights.command.empty())
        migration_.tell(at, {Fate::changed, fmt::format("{}: Postern signs by a key of root's that group postern alone may "
                                                        "read: {} (opendkim then reads it no more: do so when you switch, "
                                                        "or give each a copy)",
                                                        path, rights.command)});
    else
        migration_.tell(at, {Fate::kept, path + ": its owner and its mode are as Postern wants them"});
}

void OpendkimTables::look_inside(const OldLine& at, const std::string& path)
{
    const auto text = migration_.host().read(path);
    const auto key = text ? read_pem_key(*text) : tl::unexpected(text.error());
    if (!text)
        migration_.fault(at, text.error().what); // names the path
    else if (!key)
        migration_.fault(at, fmt::format("{}: {}", path, key.error().what));
    else if (key->kind == PemKey::Kind::rsa && key->bits < least_bits)
        migration_.fault(at, fmt::format("{}: a key of {} bits signs nothing any more (RFC 8301): make one with \"postern dkim "
                                         "new\"",
                                         path, key->bits));
    else if (key->kind == PemKey::Kind::rsa && key->bits < good_bits)
        migration_.tell(at, {Fate::kept, fmt::format("{}: it has {} bits and signs; {} are better, \"postern dkim new\" makes "
                                                     "such a key",
                                                     path, key->bits, good_bits)});
}

void OpendkimTables::single(const OpendkimSigning& signing)
{
    if (!signing.is_set() && !signing.selector)
        return;
    if (!signing.domain || !signing.selector || !signing.key_file) {
        for (const auto* const option : {&signing.domain, &signing.selector, &signing.key_file})
            if (*option)
                migration_.fault((*option)->at, "Domain, Selector and KeyFile go together: nothing is signed",
                                 (*option)->text);
        return;
    }
    const auto set = parse_data_set(signing.domain->value);
    if (!set) {
        migration_.note(*signing.domain, {Fate::refused, set.error().what});
        return;
    }
    for (const auto& row : read_opendkim_set(migration_, *signing.domain, *set))
        domain(signing, row.key);
    if (signing.key_file->value.starts_with('/'))
        key_file(signing.key_file->at, signing.key_file->value);
}

void OpendkimTables::domain(const OpendkimSigning& signing, const std::string& name)
{
    const auto section = migration_.new_section("dkim.domain");
    migration_.set(*signing.domain, section, "domain", {name});
    migration_.set(*signing.selector, section, "selector", {signing.selector->value});
    migration_.set(*signing.key_file, section, "key", {signing.key_file->value});
    if (!signing.subdomains)
        return;
    if (const auto flag = opendkim_flag(signing.subdomains->value))
        migration_.set(*signing.subdomains, section, "subdomains", {*flag ? "true" : "false"});
    else
        migration_.fault(signing.subdomains->at, fmt::format("\"{}\" is neither yes nor no", signing.subdomains->value),
                         signing.subdomains->text);
}

} // namespace postern
