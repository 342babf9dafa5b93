#include "common/data_set.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t row_limit = 16 * 1024; // a private key may stand in one
constexpr std::size_t most_rows = 200'000;
constexpr std::size_t most_faults_of_set = 20; // of one set

constexpr std::string_view unsupported[] = {"db:", "dsn:", "ldap:", "ldaps:", "ldapi:", "lua:", "memcache:",
                                            "mdb:", "erlang:", "socket:", "repute:", "odbx:"};

// Tells the first faults, and of the rest that there are more.
class Faults {
public:
    Faults(std::vector<Error>& all, std::string_view set)
        : all_(all)
        , set_(set)
    {
    }

    bool add(const std::string& where, std::string_view what) // false: enough
    {
        const bool is_last = ++count_ > most_faults_of_set;
        all_.push_back(Error{is_last ? fmt::format("{}: and more", set_) : fmt::format("{}: {}", where, what)});
        return !is_last;
    }

private:
    std::vector<Error>& all_;
    std::string_view set_;
    std::size_t count_ = 0;
};

Result<> check_row(std::string_view row)
{
    if (row.size() > row_limit)
        return fail("has {} octets; at most {} are read", row.size(), row_limit);
    if (row.find('\0') != row.npos)
        return fail("holds a NUL");
    return {};
}

std::vector<DataRow> rows_of_file(std::string_view text, const std::string& path, std::vector<Error>& faults)
{
    Faults found(faults, path);
    std::vector<DataRow> rows;
    for (int number = 1; !text.empty(); ++number) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto row = trim(line.substr(0, line.find('#')));
        if (row.empty())
            continue;
        auto where = fmt::format("{}:{}", path, number);
        const auto checked = rows.size() < most_rows ? check_row(row) : Result<>(fail("more than {} rows", most_rows));
        if (!checked) {
            if (!found.add(where, checked.error().what) || rows.size() == most_rows)
                break;
            continue;
        }
        const auto key_end = std::find_if(row.begin(), row.end(), is_space);
        const auto key_size = static_cast<std::size_t>(key_end - row.begin());
        rows.push_back({std::string(row.substr(0, key_size)), std::string(trim(row.substr(key_size))),
                        std::move(where)});
    }
    return rows;
}

std::vector<DataRow> rows_of_list(std::string_view text, std::string_view setting, std::vector<Error>& faults)
{
    Faults found(faults, setting);
    std::vector<DataRow> rows;
    int number = 0;
    for (const auto part : split(text, ',')) {
        ++number;
        const auto row = trim(part);
        if (row.empty())
            continue;
        auto where = fmt::format("{}: item {}", setting, number);
        if (const auto checked = check_row(row); !checked) {
            if (!found.add(where, checked.error().what))
                break;
            continue;
        }
        const auto key = row.substr(0, row.find('='));
        rows.push_back({std::string(trim(key)), std::string(trim(row.substr(std::min(key.size() + 1, row.size())))),
                        std::move(where)});
    }
    return rows;
}

} // namespace

Result<DataSet> parse_data_set(std::string_view text)
{
    const auto set = trim(text);
    DataSet result{DataSet::Kind::list, std::string(set)};
    constexpr std::pair<std::string_view, DataSet::Kind> kinds[] = {
        {"file:", DataSet::Kind::file}, {"refile:", DataSet::Kind::patterns}, {"csl:", DataSet::Kind::list}};
    for (const auto& [prefix, kind] : kinds)
        if (set.starts_with(prefix))
            result = {kind, std::string(trim(set.substr(prefix.size())))};
    if (set.starts_with('/'))
        result.kind = DataSet::Kind::file;
    for (const auto prefix : unsupported)
        if (set.starts_with(prefix))
            return fail("\"{}\" is a kind of table that is not supported: write it into a file",
                        prefix.substr(0, prefix.size() - 1));
    if (result.text.empty())
        return fail("\"{}\" names nothing", printable(text, 80));
    if (result.kind != DataSet::Kind::list && !result.text.starts_with('/'))
        return fail("\"{}\" is not an absolute path", printable(result.text, 160));
    return result;
}

std::vector<DataRow> read_data_set(const DataSet& set, std::string_view setting, const ReadText& read,
                                   std::vector<Error>& faults)
{
    if (set.kind == DataSet::Kind::list)
        return rows_of_list(set.text, setting, faults);
    const auto text = read(set.text);
    if (text)
        return rows_of_file(*text, set.text, faults);
    faults.push_back(Error{fmt::format("{}: {}", setting, text.error().what)});
    return {};
}

bool is_file_entry(std::string_view item)
{
    for (const auto* const prefix : {"file:", "refile:", "csl:"})
        if (item.starts_with(prefix))
            return true;
    return item.starts_with('/') && !(item.size() > 1 && item.ends_with('/'));
}

std::vector<DataRow> expand_list(std::span<const std::string> items, std::string_view setting, const ReadText& read,
                                 std::vector<Error>& faults)
{
    std::vector<DataRow> rows;
    for (const auto& item : items) {
        if (!is_file_entry(item)) {
            rows.push_back({item, "", std::string(setting)});
            continue;
        }
        const auto set = parse_data_set(item);
        if (!set || set->kind == DataSet::Kind::patterns) {
            faults.push_back(Error{fmt::format("{}: {}", setting,
                                               set ? "a list has no patterns: file: is meant" : set.error().what)});
            continue;
        }
        for (auto& row : read_data_set(*set, setting, read, faults)) {
            if (!row.value.empty())
                faults.push_back(Error{fmt::format("{}: \"{}\" behind the entry", row.where, printable(row.value, 80))});
            row.value.clear();
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

Error one_error(const std::vector<Error>& faults)
{
    Error all;
    for (const auto& fault : faults)
        all.what.append(all.what.empty() ? "" : "; ").append(fault.what);
    return all;
}

bool matches_wildcard(std::string_view pattern, std::string_view text)
{
    std::size_t p = 0, t = 0;
    std::size_t star = pattern.npos, resume = 0; // the last "*", and where its text may end at the latest try
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && to_lower(pattern[p]) == to_lower(text[t])) {
            ++p, ++t;
        } else if (star != pattern.npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == pattern.npos;
}

} // namespace postern
