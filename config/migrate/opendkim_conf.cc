#include "config/migrate/opendkim_conf.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t line_limit = 16 * 1024;
constexpr std::size_t most_lines = 10'000;

struct Letter {
    char letter;
    bool has_argument;
    std::string_view option; // of opendkim.conf; empty: the letter has a row of its own
    std::string_view value = {}; // where the command line has none
};

// opendkim(8), OPTIONS
constexpr Letter letters[] = {
    {'A', false, "AutoRestart", "yes"}, {'b', true, "Mode"},      {'c', true, "Canonicalization"},
    {'d', true, "Domain"},              {'D', false, "SubDomains", "yes"},
    {'e', true, ""},                    {'f', false, ""},         {'F', true, ""},
    {'k', true, "KeyFile"},             {'l', false, "Syslog", "yes"},
    {'L', true, "Minimum"},             {'n', false, ""},         {'o', true, "OmitHeaders"},
    {'p', true, "Socket"},              {'P', true, "PidFile"},   {'Q', false, ""},
    {'r', false, "RequiredHeaders", "yes"},                       {'s', true, "Selector"},
    {'S', true, "SignatureAlgorithm"},  {'t', true, ""},          {'T', true, ""},
    {'u', true, "UserID"},              {'v', false, ""},         {'V', false, ""},
    {'W', false, "LogWhy", "yes"},      {'x', true, ""},          {'X', false, ""},
};

const Letter* find_letter(char c)
{
    const auto* const it = std::find_if(std::begin(letters), std::end(letters), [&](const Letter& l) { return l.letter == c; });
    return it == std::end(letters) ? nullptr : it;
}

class CommandLineReader {
public:
    explicit CommandLineReader(const std::vector<StartWord>& words)
        : words_(words)
    {
    }

    OpendkimCommandLine read()
    {
        for (; next_ < words_.size(); ++next_) {
            const auto& word = words_[next_];
            if (word.text == "--")
                break;
            if (word.text.size() > 1 && word.text.front() == '-')
                read_word(word);
            else if (!word.text.empty())
                fault(word, "is no option");
        }
        return std::move(line_);
    }

private:
    void read_word(const StartWord& word)
    {
        for (std::size_t i = 1; i < word.text.size(); ++i) {
            const auto* const letter = find_letter(word.text[i]);
            if (!letter)
                return fault(word, fmt::format("opendkim has no option -{}", word.text[i]));
            if (!letter->has_argument) {
                take(*letter, word, std::string(letter->value), fmt::format("-{}", letter->letter));
                continue;
            }
            auto argument = word.text.substr(i + 1);
            if (argument.empty() && next_ + 1 == words_.size())
                return fault(word, fmt::format("-{} wants a value", letter->letter));
            if (argument.empty())
                argument = words_[++next_].text;
            auto text = fmt::format("-{} {}", letter->letter, argument);
            return take(*letter, word, std::move(argument), std::move(text));
        }
    }

    void take(const Letter& letter, const StartWord& word, std::string value, std::string text)
    {
        if (letter.letter == 'x')
            line_.file = value;
        const auto name = letter.option.empty() ? fmt::format("-{}", letter.letter) : std::string(letter.option);
        line_.options.push_back({word.at, std::move(text), name, std::move(value)});
    }

    void fault(const StartWord& word, std::string_view what)
    {
        line_.faults.push_back({word.at, fmt::format("{}: {}", word.text, what)});
    }

    const std::vector<StartWord>& words_;
    std::size_t next_ = 0;
    OpendkimCommandLine line_;
};

} // namespace

OpendkimConf parse_opendkim_conf(std::string_view text)
{
    OpendkimConf conf;
    for (int number = 1; !text.empty(); ++number) {
        const auto whole = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(whole.size() + 1, text.size()));
        const auto line = trim(whole.substr(0, whole.find('#')));
        if (line.empty())
            continue;
        if (conf.lines.size() + conf.faults.size() == most_lines) {
            conf.faults.push_back({number, fmt::format("more than {} lines: the rest is not read", most_lines)});
            break;
        }
        const auto end = std::find_if(line.begin(), line.end(), is_space);
        const auto name = line.substr(0, static_cast<std::size_t>(end - line.begin()));
        const auto value = trim(line.substr(name.size()));
        if (line.size() > line_limit || line.find('\0') != line.npos)
            conf.faults.push_back({number, "is too long, or holds a NUL"});
        else if (value.empty())
            conf.faults.push_back({number, fmt::format("{} has no value", name)});
        else
            conf.lines.push_back({number, std::string(name), std::string(value)});
    }
    return conf;
}

std::optional<bool> opendkim_flag(std::string_view value)
{
    constexpr std::string_view yes = "TtYy1", no = "FfNn0";
    if (!value.empty() && yes.find(value.front()) != yes.npos)
        return true;
    if (!value.empty() && no.find(value.front()) != no.npos)
        return false;
    return std::nullopt;
}

OpendkimCommandLine parse_opendkim_command_line(const std::vector<StartWord>& words)
{
    return CommandLineReader(words).read();
}

} // namespace postern
