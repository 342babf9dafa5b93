#include "milterd/dkim_key_states.h"

#include "common/text.h"
#include "milterd/dkim_record_text.h"

#include <algorithm>
#include <fmt/chrono.h>

namespace postern {
namespace {

constexpr std::string_view head = "# postern dkim 1\n";
constexpr DkimKeyState states[] = {DkimKeyState::new_key, DkimKeyState::published, DkimKeyState::active,
                                   DkimKeyState::retiring, DkimKeyState::retired};
constexpr DkimKeyType types[] = {DkimKeyType::rsa, DkimKeyType::ed25519};

template <class E, std::size_t N>
Result<E> read_word_of(const E (&all)[N], std::string_view word, std::string_view what)
{
    for (const auto value : all)
        if (word_of(value) == word)
            return value;
    return fail("\"{}\" is no {} of a key", printable(word, 40), what);
}

// Names that are safe as a file's, too: the labels of a domain in lower case.
Result<> check_name(std::string_view name, std::size_t limit)
{
    constexpr std::size_t label_limit = 63; // RFC 1035 2.3.4
    const auto fits = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_'; };
    bool is_name = name.size() <= limit;
    for (const auto label : split(name, '.'))
        is_name &= !label.empty() && label.size() <= label_limit && std::all_of(label.begin(), label.end(), fits);
    return is_name ? Result<>() : fail("\"{}\" is no name: labels of a-z, 0-9, - and _", printable(name, 40));
}

Result<ManagedDkimKey> read_key(const std::vector<std::string_view>& words)
{
    constexpr std::size_t least_words = 6;
    constexpr std::size_t selector_limit = 120;
    if (words.size() < least_words)
        return fail("a key has a selector, an algorithm, a state and two times");
    ManagedDkimKey key;
    if (const auto named = check_name(words[1], selector_limit); !named)
        return tl::unexpected(named.error());
    key.selector = words[1];
    const auto type = read_word_of(types, words[2], "algorithm");
    const auto state = read_word_of(states, words[3], "state");
    const auto made = read_shown_time(words[4]);
    const auto since = read_shown_time(words[5]);
    if (!type || !state)
        return tl::unexpected(!type ? type.error() : state.error());
    if (!made || !since)
        return tl::unexpected(!made ? made.error() : since.error());
    key.type = *type;
    key.state = *state;
    key.made = *made;
    key.since = *since;
    for (const auto tag : std::vector(words.begin() + least_words, words.end())) {
        if (const auto fits = check_dkim_tag(tag); !fits)
            return tl::unexpected(fits.error());
        key.tags.emplace_back(tag);
    }
    return key;
}

class StatesReader {
public:
    Result<> line(std::string_view line)
    {
        const auto words = split_words(line);
        if (words.empty() || words[0].starts_with('#'))
            return {};
        if (words[0] == "domain" && words.size() == 2)
            return domain(words[1]);
        if (got_.domain.empty())
            return fail("the domain must stand first");
        if (words[0] == "subdomains" && words.size() == 1) {
            got_.has_subdomains = true;
            return {};
        }
        if (words[0] == "key")
            return key(words);
        return fail("\"{}\" is neither domain, subdomains nor key", printable(line, 60));
    }

    Result<ManagedDkimDomain> take()
    {
        if (got_.domain.empty())
            return fail("names no domain");
        return std::move(got_);
    }

private:
    Result<> domain(std::string_view name)
    {
        constexpr std::size_t domain_limit = 253; // RFC 1035 2.3.4, as text
        if (!got_.domain.empty())
            return fail("a second domain");
        if (const auto named = check_name(name, domain_limit); !named)
            return named;
        got_.domain = name;
        return {};
    }

    Result<> key(const std::vector<std::string_view>& words)
    {
        auto key = read_key(words);
        if (!key)
            return tl::unexpected(key.error());
        if (got_.find(key->selector) != nullptr)
            return fail("the selector {} stands twice", key->selector);
        if (got_.keys.size() == ManagedDkimDomain::key_limit)
            return fail("more than {} keys", ManagedDkimDomain::key_limit);
        got_.keys.push_back(std::move(*key));
        return {};
    }

    ManagedDkimDomain got_;
};

// N digits at `at`; -1: there are none.
int digits_at(std::string_view text, std::size_t at, std::size_t count)
{
    int number = 0;
    for (const char c : text.substr(at, count)) {
        if (!is_digit(c))
            return -1;
        number = number * 10 + (c - '0');
    }
    return number;
}

} // namespace

std::string_view word_of(DkimKeyState state)
{
    switch (state) {
    case DkimKeyState::new_key:
        return "new";
    case DkimKeyState::published:
        return "published";
    case DkimKeyState::active:
        return "active";
    case DkimKeyState::retiring:
        return "retiring";
    case DkimKeyState::retired:
        return "retired";
    }
    return "";
}

std::string_view word_of(DkimKeyType type)
{
    return type == DkimKeyType::rsa ? "rsa" : "ed25519";
}

std::string shown_time(Timestamp time)
{
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

// RFC 3339 5.6, in UTC and to the second; nothing here is older than the epoch
Result<Timestamp> read_shown_time(std::string_view text)
{
    using namespace std::chrono;
    constexpr std::string_view shape = "0000-00-00T00:00:00Z";
    bool fits = text.size() == shape.size();
    for (std::size_t at = 0; fits && at < shape.size(); ++at)
        fits = shape[at] == '0' ? is_digit(text[at]) : text[at] == shape[at];
    if (fits) {
        const auto day_of = year(digits_at(text, 0, 4)) / digits_at(text, 5, 2) / digits_at(text, 8, 2);
        const auto hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2), second = digits_at(text, 17, 2);
        constexpr int first_year = 1970;
        if (day_of.ok() && day_of.year() >= year(first_year) && hour < 24 && minute < 60 && second < 60)
            return sys_days(day_of) + hours(hour) + minutes(minute) + seconds(second);
    }
    return fail("\"{}\" is no time such as 2026-11-27T10:00:00Z", printable(text, 40));
}

const ManagedDkimKey* ManagedDkimDomain::find(std::string_view selector) const
{
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const ManagedDkimKey& key) { return key.selector == selector; });
    return found == keys.end() ? nullptr : &*found;
}

Result<ManagedDkimDomain> parse_dkim_key_states(std::string_view text, std::string_view name)
{
    if (text.size() > dkim_key_states_limit)
        return fail("{}: longer than {} octets", name, dkim_key_states_limit);
    StatesReader reader;
    int number = 0;
    for (const auto line : split(text, '\n')) {
        ++number;
        if (const auto read = reader.line(line); !read)
            return fail("{}:{}: {}", name, number, read.error().what);
    }
    auto domain = reader.take();
    if (!domain)
        return fail("{}: {}", name, domain.error().what);
    return domain;
}

std::string write_dkim_key_states(const ManagedDkimDomain& domain)
{
    std::string text(head);
    text += fmt::format("domain {}\n{}", domain.domain, domain.has_subdomains ? "subdomains\n" : "");
    for (const auto& key : domain.keys) {
        text += fmt::format("key {} {} {} {} {}", key.selector, word_of(key.type), word_of(key.state),
                            shown_time(key.made), shown_time(key.since));
        for (const auto& tag : key.tags)
            text += " " + tag;
        text += '\n';
    }
    return text;
}

} // namespace postern
