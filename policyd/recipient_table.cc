#include "policyd/recipient_table.h"

#include "common/mail_address.h"
#include "common/postfix_table.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t most_faults = 20;

bool is_all_digits(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// Takes "5.1.1 " off the text, if it begins so.
std::string take_status(std::string_view& text)
{
    const auto word = text.substr(0, text.find(' '));
    const auto parts = split(word, '.');
    const bool is_status = parts.size() == 3 && (parts[0] == "4" || parts[0] == "5" || parts[0] == "2")
        && std::all_of(parts.begin(), parts.end(), [](auto part) { return is_all_digits(part) && part.size() <= 3; });
    if (!is_status)
        return "";
    text = trim(text.substr(word.size()));
    return concat({parts[1], ".", parts[2]});
}

RecipientEntry refusal(Action action, int code, std::string_view text)
{
    RecipientEntry entry{RecipientEntry::Meaning::verdict, {.action = action, .code = code}};
    entry.verdict.status = take_status(text);
    entry.verdict.text = text;
    return entry;
}

// What goes on with the mail as it is told: the argument is the whole text.
Result<RecipientEntry> remark(Action action, std::string_view text, std::string_view must_hold, std::string_view wanted)
{
    if (!must_hold.empty() && text.find(must_hold) == std::string_view::npos)
        return fail("{} wants {}", action_name(action), wanted);
    return RecipientEntry{RecipientEntry::Meaning::verdict, {.action = action, .text = std::string(text)}};
}

Result<RecipientEntry> header(std::string_view text)
{
    const auto colon = text.find(':');
    const auto fits = [](char c) { return c > 0x20 && c < 0x7f; };
    const auto name = text.substr(0, colon);
    if (colon == std::string_view::npos || name.empty() || !std::all_of(name.begin(), name.end(), fits))
        return fail("prepend wants a header field, such as X-Note: text");
    RecipientEntry entry{RecipientEntry::Meaning::verdict, {}};
    entry.verdict.header = text;
    return entry;
}

struct ActionWord {
    std::string_view name;
    Action action;
};
constexpr ActionWord refusals[] = {{"reject", Action::reject},
                                   {"defer", Action::defer},
                                   {"defer_if_permit", Action::defer_if_permit},
                                   {"defer_if_reject", Action::defer_if_reject}};

std::string folded_key(std::string_view key)
{
    const auto at = key.rfind('@');
    const auto domain = key.substr(at == std::string_view::npos ? 0 : at + 1);
    const bool is_below = at == std::string_view::npos && domain.starts_with('.');
    const auto labels = to_a_labels(is_below ? domain.substr(1) : domain);
    return concat({at == std::string_view::npos ? "" : to_lower(key.substr(0, at + 1)), is_below ? "." : "",
                   labels ? *labels : to_lower(domain)});
}

// "line 3: what" of parse_postfix_table
std::string at_path(std::string_view path, std::string_view what)
{
    constexpr std::string_view line = "line ";
    return what.starts_with(line) ? concat({path, ":", what.substr(line.size())}) : concat({path, ": ", what});
}

} // namespace

Result<RecipientEntry> parse_recipient_action(std::string_view text)
{
    text = trim(text);
    const auto word = to_lower(text.substr(0, text.find_first_of(" \t")));
    const auto rest = trim(text.substr(word.size()));
    const bool is_code = word.size() == 3 && is_all_digits(word) && (word[0] == '4' || word[0] == '5');
    if (is_code && rest.empty())
        return fail("{} alone is OK to Postfix; write {} and a text, or REJECT", word, word);
    if (is_code)
        return refusal(word[0] == '4' ? Action::defer : Action::reject, std::stoi(word), rest);
    if (word == "ok" || is_all_digits(text))
        return RecipientEntry{};
    if (word == "dunno")
        return RecipientEntry{RecipientEntry::Meaning::unsaid, {}};
    for (const auto& [name, action] : refusals)
        if (word == name)
            return refusal(action, 0, rest);
    if (word == "discard")
        return remark(Action::discard, rest, "", "");
    if (word == "hold")
        return remark(Action::hold, rest, "", "");
    if (word == "warn" || word == "info") // Postfix writes both into its log, under their names
        return remark(Action::warn, rest, "", "");
    if (word == "filter")
        return remark(Action::filter, rest, ":", "transport:destination");
    if (word == "redirect")
        return remark(Action::redirect, rest, "@", "user@domain");
    if (word == "bcc")
        return remark(Action::bcc, rest, "@", "user@domain");
    if (word == "prepend")
        return header(rest);
    return fail("\"{}\" is no action of access(5); restrictions cannot be named here", printable(word, 40));
}

tl::expected<RecipientTable, std::vector<Error>> RecipientTable::parse(std::string_view text, std::string_view path)
{
    const auto lines = parse_postfix_table(text);
    if (!lines)
        return tl::unexpected(std::vector<Error>{{at_path(path, lines.error().what)}});
    RecipientTable table;
    std::vector<Error> faults;
    for (const auto& [key, value, line] : *lines) {
        auto entry = parse_recipient_action(value);
        if (!entry && faults.size() < most_faults)
            faults.push_back({fmt::format("{}:{}: {}", path, line, entry.error().what)});
        if (!entry)
            continue;
        const bool is_new = table.entries_.emplace(folded_key(key), std::move(*entry)).second;
        if (!is_new && table.warnings_.size() < most_faults)
            table.warnings_.push_back(
                fmt::format("{}:{}: {} stands there already; the first counts", path, line, printable(key, 80)));
    }
    if (!faults.empty())
        return tl::unexpected(std::move(faults));
    return table;
}

const RecipientEntry* RecipientTable::find_key(std::string_view key) const
{
    const auto it = entries_.find(key);
    return it == entries_.end() ? nullptr : &it->second;
}

// "@domain", "domain", then ".parent" and "parent" of each domain above it
const RecipientEntry* RecipientTable::find_domain(std::string_view at_domain) const
{
    if (const auto* entry = find_key(at_domain))
        return entry;
    auto domain = at_domain.substr(1);
    if (const auto* entry = find_key(domain))
        return entry;
    for (auto dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.')) {
        if (const auto* entry = find_key(domain.substr(dot)))
            return entry;
        domain.remove_prefix(dot + 1);
        if (const auto* entry = find_key(domain))
            return entry;
    }
    return nullptr;
}

const RecipientEntry* RecipientTable::find(std::string_view address, std::string_view without_extension) const
{
    if (entries_.empty())
        return nullptr;
    const auto at = address.rfind('@');
    if (at == std::string_view::npos)
        return nullptr;
    if (const auto* entry = find_key(address))
        return entry;
    if (const auto* entry = without_extension.empty() ? nullptr : find_key(without_extension))
        return entry;
    if (const auto* entry = at + 1 < address.size() ? find_domain(address.substr(at)) : nullptr)
        return entry;
    if (const auto* entry = find_key(address.substr(0, at + 1)))
        return entry;
    return without_extension.empty() ? nullptr
                                     : find_key(without_extension.substr(0, without_extension.rfind('@') + 1));
}

std::string without_extension(std::string_view address, std::string_view delimiters)
{
    const auto at = address.rfind('@');
    const auto local = address.substr(0, at);
    const auto end = local.find_first_of(delimiters);
    if (at == std::string_view::npos || end == std::string_view::npos || end == 0 || end + 1 == local.size())
        return "";
    // As Postfix's split_addr(): never of its own names, nor of those of lists where '-' is a delimiter
    if (local == "postmaster" || local == "mailer-daemon" || local == "double-bounce")
        return "";
    if (delimiters.find('-') != std::string_view::npos && (local.starts_with("owner-") || local.ends_with("-request")))
        return "";
    return concat({local.substr(0, end), address.substr(at)});
}

} // namespace postern
