#include "common/basic_regex.h"

#include "common/text.h"

namespace postern {
namespace {

constexpr std::string_view meant_by_perl = "()[]{}+?|.*^$\\/#";

class Translator {
public:
    explicit Translator(std::string_view pattern)
        : left_(pattern)
    {
    }

    std::string run()
    {
        while (!left_.empty()) {
            const char c = take();
            if (c == '\\')
                escape();
            else if (c == '[')
                bracket();
            else
                plain(c);
        }
        return std::move(out_);
    }

private:
    char take()
    {
        const char c = left_.front();
        left_.remove_prefix(1);
        return c;
    }

    void literal(char c)
    {
        if (meant_by_perl.find(c) != std::string_view::npos)
            out_ += '\\';
        out_ += c;
        is_start_ = false;
    }

    void plain(char c)
    {
        const bool is_last = left_.empty() || left_.starts_with("\\)");
        if ((c == '^' && is_start_ && !out_.ends_with('^')) || (c == '$' && is_last)) {
            out_ += c; // and a star behind ^ is at the beginning still
        } else if (c == '.' || (c == '*' && !is_start_)) {
            out_ += c;
            is_start_ = false;
        } else {
            literal(c);
        }
    }

    void escape()
    {
        if (left_.empty()) {
            out_ += '\\'; // which no compiler takes: the fault is told there
            return;
        }
        const char c = take();
        const bool is_reference = c >= '1' && c <= '9';
        if (c == '(' || c == ')' || c == '{' || c == '}') {
            out_ += c;
            is_start_ = c == '(';
        } else if (is_reference) {
            out_.append("\\g{").append(1, c).append("}");
            is_start_ = false;
        } else {
            literal(c);
        }
    }

    // A backslash has no meaning between brackets, and ] none at the beginning.
    void bracket()
    {
        out_ += '[';
        is_start_ = false;
        if (left_.starts_with('^'))
            out_ += take();
        for (bool is_first = true; !left_.empty(); is_first = false) {
            const char c = take();
            if (c == ']' && !is_first) {
                out_ += c;
                return;
            }
            if (c == '[' && !left_.empty() && (left_[0] == ':' || left_[0] == '.' || left_[0] == '=')) {
                char_class(left_[0]);
                continue;
            }
            if (c == '\\' || c == '[' || c == ']')
                out_ += '\\';
            out_ += c;
        }
    }

    // "[:alpha:]", all of it
    void char_class(char kind)
    {
        const char end[] = {kind, ']'};
        const auto size = left_.find({end, 2}, 1);
        const auto text = left_.substr(0, size == std::string_view::npos ? left_.size() : size + 2);
        out_.append("[").append(text);
        left_.remove_prefix(text.size());
    }

    std::string_view left_;
    std::string out_;
    bool is_start_ = true; // of the expression or of a group
};

} // namespace

std::string perl_from_basic_regex(std::string_view pattern)
{
    return Translator(pattern).run();
}

} // namespace postern
