#include "config/migrate/shell_text.h"

#include "common/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {
namespace {

constexpr std::size_t value_limit = 1 << 16; // octets: values made of values grow fast

bool is_name(char c)
{
    return is_alnum(c) || c == '_';
}

std::string_view name_at(std::string_view text)
{
    const auto end = std::find_if_not(text.begin(), text.end(), is_name);
    return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

// Walks over a text word by word.
class ShellReader {
public:
    explicit ShellReader(std::string_view text, const Variables* variables = nullptr)
        : text_(text)
        , variables_(variables)
    {
    }

    bool at_end() const { return at_ >= text_.size(); }
    int line() const { return line_; }
    bool runs_something() const { return runs_something_; }
    bool is_open() const { return is_open_; }

    // Blanks, comments and, if wanted, line ends.
    void skip(bool with_line_ends)
    {
        while (!at_end()) {
            if (text_[at_] == '#')
                at_ = std::min(text_.find('\n', at_), text_.size());
            else if (text_.substr(at_, 2) == "\\\n" || (text_[at_] == '\n' && with_line_ends))
                step(text_[at_] == '\\' ? 2 : 1);
            else if (is_space(text_[at_]) && text_[at_] != '\n')
                step(1);
            else
                return;
        }
    }

    std::string_view name() const { return name_at(text_.substr(at_)); }
    bool take(std::string_view what)
    {
        if (text_.substr(at_, what.size()) != what)
            return false;
        step(what.size());
        return true;
    }
    void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

    std::string word()
    {
        std::string word;
        while (!at_end() && !is_space(text_[at_]) && word.size() <= value_limit) {
            const char c = text_[at_];
            if (c == '\'' || c == '"')
                quoted(c, word);
            else if (c == '\\')
                escaped(word);
            else
                plain(word);
        }
        return word;
    }

private:
    void step(std::size_t count)
    {
        count = std::min(count, text_.size() - at_);
        line_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                             text_.begin() + static_cast<std::ptrdiff_t>(at_ + count), '\n'));
        at_ += count;
    }

    void quoted(char quote, std::string& word)
    {
        step(1);
        while (!at_end() && text_[at_] != quote && word.size() <= value_limit) {
            if (quote == '"' && text_[at_] == '\\')
                escaped_in_quotes(word);
            else if (quote == '"')
                plain(word);
            else {
                word += text_[at_];
                step(1);
            }
        }
        is_open_ = is_open_ || at_end();
        step(1);
    }

    void escaped(std::string& word)
    {
        step(1);
        if (!at_end() && text_[at_] != '\n')
            word += text_[at_];
        step(1);
    }

    void escaped_in_quotes(std::string& word) // a backslash before other characters stays
    {
        step(1);
        if (at_end() || std::string_view("\"\\$`\n").find(text_[at_]) == std::string_view::npos)
            word += '\\';
        if (!at_end() && text_[at_] != '\n')
            word += text_[at_];
        step(1);
    }

    void plain(std::string& word)
    {
        const auto rest = text_.substr(at_);
        runs_something_ = runs_something_ || (variables_ && (rest.front() == '`' || rest.starts_with("$(")));
        const bool has_brace = rest.starts_with("${");
        const auto name = variables_ && rest.front() == '$' ? name_at(rest.substr(has_brace ? 2 : 1)) : "";
        if (name.empty() || (has_brace && !rest.substr(2 + name.size()).starts_with("}"))) {
            word += rest.front();
            step(1);
            return;
        }
        if (const auto it = variables_->find(name); it != variables_->end())
            word += it->second;
        step(name.size() + (has_brace ? 3 : 1));
    }

    std::string_view text_;
    const Variables* variables_; // nullptr: a $ is a $
    std::size_t at_ = 0;
    int line_ = 1;
    bool runs_something_ = false;
    bool is_open_ = false;
};

} // namespace

std::vector<Assignment> parse_assignments(std::string_view text, std::vector<std::string>& faults)
{
    std::vector<Assignment> all;
    Variables variables;
    ShellReader reader(text, &variables);
    for (reader.skip(true); !reader.at_end(); reader.skip(true)) {
        const auto line = reader.line();
        if (reader.name() == "export" && reader.take("export"))
            reader.skip(false);
        const std::string name(reader.name());
        if (name.empty() || is_digit(name.front()) || !reader.take(name + '=')) {
            faults.push_back(fmt::format("line {}: is not NAME=VALUE", line));
            reader.skip_line();
            continue;
        }
        const bool ran = reader.runs_something();
        auto value = reader.word();
        if (reader.runs_something() && !ran)
            faults.push_back(fmt::format("line {}: {} is what a program says, which is not run here", line, name));
        if (reader.is_open())
            faults.push_back(fmt::format("line {}: a quote is not closed", line));
        variables[name] = value;
        all.push_back({name, std::move(value), line});
    }
    return all;
}

std::vector<std::string> shell_words(std::string_view text)
{
    std::vector<std::string> words;
    ShellReader reader(text);
    for (reader.skip(true); !reader.at_end(); reader.skip(true))
        words.push_back(reader.word());
    return words;
}

std::string expand_variables(std::string_view text, const Variables& variables)
{
    std::string result;
    while (!text.empty() && result.size() <= value_limit) {
        const bool has_brace = text.starts_with("${");
        const auto name = text.front() == '$' ? name_at(text.substr(has_brace ? 2 : 1)) : "";
        if (text.starts_with("$$")) {
            result += '$';
            text.remove_prefix(2);
        } else if (name.empty() || (has_brace && !text.substr(2 + name.size()).starts_with("}"))) {
            result += text.front();
            text.remove_prefix(1);
        } else {
            if (const auto it = variables.find(name); it != variables.end())
                result += it->second;
            text.remove_prefix(name.size() + (has_brace ? 3 : 1));
        }
    }
    return result;
}

} // namespace postern
