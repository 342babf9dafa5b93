#include "milterd/dkim_signers.h"

#include "common/read_file.h"
#include "common/text.h"
#include "milterd/dkim_identity.h"
#include "milterd/dkim_managed_keys.h"

#include <algorithm>
#include <glob.h>

namespace postern {
namespace {

constexpr std::size_t most_files_of_authors = 20'000;
constexpr auto author_mark = "%";

// The rows of one of the two tables; none if there is a fault in them.
struct ReadTable {
    DataSet::Kind kind{};
    std::vector<DataRow> rows;
};

ReadTable read_table(const std::string& text, std::string_view setting, std::vector<Error>& faults)
{
    const auto set = parse_data_set(text);
    if (!set) {
        faults.push_back(Error{fmt::format("{}: {}", setting, set.error().what)});
        return {};
    }
    const ReadText read = [](const std::string& path) { return read_file(path, data_file_limit); };
    return {set->kind, read_data_set(*set, setting, read, faults)};
}

// What "%" stands for in `file`, which was found by `path` with "*" for the first "%"; empty: not one domain.
std::string author_domain_of(const std::string& file, const std::string& path)
{
    const auto before = path.find(author_mark);
    const auto after = path.find_first_of("%/", before + 1); // no domain holds a slash
    const auto end = path.substr(before + 1, after == path.npos ? after : after - before - 1);
    if (file.size() < before)
        return {};
    const auto slash = file.find('/', before);
    auto part = file.substr(before, slash == file.npos ? slash : slash - before);
    if (const auto second = path.find(author_mark, before + 1); second != path.npos && second == after)
        return {}; // two in one component: nobody can tell where the first ends
    if (part.size() <= end.size() || !part.ends_with(end))
        return {};
    part.resize(part.size() - end.size());
    return with_author_domain(path, part) == file ? part : "";
}

// DER in a table does not say whether it is PKCS#8 or PKCS#1.
Result<DkimPrivateKey> parse_inline_key(const std::string& pem)
{
    auto key = DkimPrivateKey::parse(pem);
    if (key || !pem.starts_with("-----BEGIN PRIVATE KEY-----"))
        return key;
    auto other = pem;
    for (const auto& [label, with] : {std::pair<std::string_view, std::string_view>{"BEGIN ", "BEGIN RSA "},
                                      std::pair<std::string_view, std::string_view>{"END ", "END RSA "}})
        other.replace(other.find(label), label.size(), with);
    auto second = DkimPrivateKey::parse(other);
    if (second)
        return second;
    return key;
}

std::string glob_pattern(const std::string& path)
{
    std::string pattern;
    for (const char c : path) {
        if (c == '*' || c == '?' || c == '[' || c == '\\')
            pattern += '\\';
        pattern += c == '%' ? '*' : c;
    }
    return pattern;
}

} // namespace

DkimSigners DkimSigners::load(const DkimSettings& settings, DkimKeys keys, const KeyFileRules& rules,
                              const DkimSigners* in_hand)
{
    DkimSigners signers;
    signers.keys_ = std::move(keys);
    signers.key_faults_ = signers.keys_.faults();
    signers.warnings_ = signers.keys_.warnings();
    signers.wants_all_ = settings.all_matches;
    if (settings.signing_table.empty())
        return signers;
    signers.load_tables(settings);
    if (signers.table_faults_.empty())
        signers.load_keys(rules, in_hand);
    return signers;
}

void DkimSigners::load_tables(const DkimSettings& settings)
{
    std::vector<Error> faults;
    const auto keys = read_table(settings.key_table, "dkim.key_table", faults);
    key_table_ = DkimKeyTable::parse(keys.kind, keys.rows, faults);
    const bool are_names_known = faults.empty();
    const auto signing = read_table(settings.signing_table, "dkim.signing_table", faults);
    signing_table_ = DkimSigningTable::parse(signing.kind, signing.rows, faults);
    for (const auto& fault : faults)
        table_faults_.push_back(fault.what);
    if (are_names_known)
        find_unknown_names();
    warnings_.insert(warnings_.end(), signing_table_.warnings().begin(), signing_table_.warnings().end());
}

// "%" names a row by the author's domain: whether it is there is known when the mail comes.
void DkimSigners::find_unknown_names()
{
    for (const auto& row : signing_table_.rows())
        if (row.key_name != author_mark && !key_table_.find(row.key_name))
            table_faults_.push_back(
                fmt::format("{}: \"{}\" is not in dkim.key_table", row.where, printable(row.key_name, 160)));
}

void DkimSigners::load_keys(const KeyFileRules& rules, const DkimSigners* in_hand)
{
    for (const auto& row : key_table_.rows()) {
        if (row.has_path_of_author())
            load_files_of_authors(row.key, rules, in_hand);
        else if (row.is_path)
            load_file(row.key, rules, in_hand);
        else
            load_inline(row);
    }
}

void DkimSigners::load_file(const std::string& path, const KeyFileRules& rules, const DkimSigners* in_hand)
{
    if (loaded_.contains(path))
        return;
    auto& entry = loaded_[path];
    auto loaded = load_dkim_key(path, rules);
    if (loaded) {
        entry.key = std::move(loaded->key);
        warnings_.insert(warnings_.end(), loaded->warnings.begin(), loaded->warnings.end());
        return;
    }
    const auto old = in_hand != nullptr ? in_hand->loaded_.find(path) : loaded_.end();
    if (loaded.error().is_permission && in_hand != nullptr && old != in_hand->loaded_.end() && old->second.key) {
        entry.key = old->second.key;
        warnings_.push_back(loaded.error().what + "; the key that was read before stays");
        return;
    }
    entry.fault = loaded.error().what;
    key_faults_.push_back(entry.fault);
}

void DkimSigners::load_files_of_authors(const std::string& path, const KeyFileRules& rules, const DkimSigners* in_hand)
{
    glob_t found{};
    const int status = ::glob(glob_pattern(path).c_str(), GLOB_NOSORT, nullptr, &found);
    std::vector<std::string> files;
    if (status == 0)
        files.assign(found.gl_pathv, found.gl_pathv + std::min(found.gl_pathc, most_files_of_authors + 1));
    ::globfree(&found);
    if (files.size() > most_files_of_authors) {
        key_faults_.push_back(fmt::format("{}: more than {} files", path, most_files_of_authors));
        files.pop_back();
    }
    for (const auto& file : files)
        if (!author_domain_of(file, path).empty())
            load_file(file, rules, in_hand);
    if (in_hand == nullptr)
        return;
    // A folder that only root can look into is empty for the daemon: what was found at the start stays.
    for (const auto& [file, old] : in_hand->loaded_)
        if (old.key && !loaded_.contains(file) && !author_domain_of(file, path).empty())
            load_file(file, rules, in_hand);
}

void DkimSigners::load_inline(const KeyTableRow& row)
{
    auto& entry = loaded_[row.key];
    auto key = parse_inline_key(row.key);
    if (key) {
        entry.key = std::make_shared<const DkimPrivateKey>(std::move(*key));
        return;
    }
    entry.fault = fmt::format("{}: the key {}", row.where, key.error().what);
    key_faults_.push_back(entry.fault);
}

std::vector<DkimSigner> DkimSigners::for_author(const MailAuthor& author) const
{
    std::vector<DkimSigner> signers;
    for (auto& entry : keys_.for_author(author.domain))
        signers.push_back({std::move(entry.domain), std::move(entry.selector), std::move(entry.identity),
                           std::move(entry.canonicalization), std::move(entry.key), std::move(entry.fault)});
    for (const auto at : signing_table_.find(author.local_part, author.domain, wants_all_)) {
        auto next = signer(signing_table_.rows()[at], author);
        const bool is_there = std::any_of(signers.begin(), signers.end(), [&](const DkimSigner& other) {
            return other.domain == next.domain && other.selector == next.selector;
        });
        if (!is_there)
            signers.push_back(std::move(next));
    }
    return signers;
}

DkimSigner DkimSigners::signer(const SigningRow& row, const MailAuthor& author) const
{
    DkimSigner signer;
    const auto& name = row.key_name == author_mark ? author.domain : row.key_name;
    const auto at = key_table_.find(name);
    if (!at) {
        signer.fault = fmt::format("{}: no key is named {}", row.where, printable(name, 255));
        return signer;
    }
    const auto& key_row = key_table_.rows()[*at];
    signer.domain = key_row.is_of_any_domain() ? author.domain : key_row.domain;
    signer.selector = key_row.selector;
    if (!row.identity.empty()) // one that does not go with d= is left out, as OpenDKIM does
        signer.identity = write_identity(with_author_domain(row.identity, author.domain), signer.domain).value_or("");
    const auto path = key_row.has_path_of_author() ? with_author_domain(key_row.key, author.domain) : key_row.key;
    const auto loaded = loaded_.find(path);
    if (loaded == loaded_.end()) {
        signer.fault = fmt::format("{}: there was no such file when the keys were read", printable(path, 400));
        return signer;
    }
    signer.key = loaded->second.key;
    signer.fault = loaded->second.fault;
    return signer;
}

std::vector<DkimKeyEntry> DkimSigners::known_keys() const
{
    auto known = keys_.entries();
    for (const auto& row : key_table_.rows()) {
        if (!row.has_path_of_author() && !row.is_of_any_domain())
            known.push_back(known_key(row, row.domain, row.key));
        if (!row.has_path_of_author())
            continue;
        for (const auto& [file, loaded] : loaded_)
            if (const auto author = author_domain_of(file, row.key); !author.empty())
                known.push_back(known_key(row, row.is_of_any_domain() ? author : row.domain, file));
    }
    return known;
}

DkimKeyEntry DkimSigners::known_key(const KeyTableRow& row, const std::string& domain, const std::string& key) const
{
    DkimKeyEntry entry;
    entry.domain = domain;
    entry.selector = row.selector;
    entry.path = row.is_path ? key : row.where;
    if (const auto loaded = loaded_.find(key); loaded != loaded_.end()) {
        entry.key = loaded->second.key;
        entry.fault = loaded->second.fault;
    }
    return entry;
}

bool DkimSigners::is_ours(std::string_view signing_domain) const
{
    const auto& entries = keys_.entries();
    const auto& rows = key_table_.rows();
    return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.domain == signing_domain; })
        || std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.domain == signing_domain; });
}

Result<DkimSigners> load_dkim_signers(const Config& config, const DkimSigners* in_hand)
{
    auto keys = load_dkim_keys(config, in_hand != nullptr ? &in_hand->keys() : nullptr);
    if (!keys)
        return tl::unexpected(keys.error());
    return DkimSigners::load(config.dkim, std::move(*keys), key_file_rules(config), in_hand);
}

} // namespace postern
