// strict_auth_results - a second opinion on the Authentication-Results grammar
//
// Takes the ABNF of RFC 8601 2.2 (with RFC 2045 5.1, RFC 5322 3.2 and, for
// UTF-8, RFC 6532 3.1) by the letter and nothing else. Shares no code with
// milterd/auth_results.cc: what that writes, this must read back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::strict {

struct Property {
    std::string ptype, property, value;
};

struct ResInfo {
    std::string method, result, comment, reason;
    std::vector<Property> properties;
};

struct AuthResultsField {
    std::string authserv_id;
    std::vector<ResInfo> results; // none: "; none"
};

class Parser {
public:
    explicit Parser(std::string_view text)
        : text_(text)
    {
    }

    std::optional<AuthResultsField> parse()
    {
        AuthResultsField field;
        cfws();
        if (!value(field.authserv_id))
            return std::nullopt;
        cfws();
        if (!next_is(';'))
            return std::nullopt;
        const auto start = at_;
        if (no_result())
            return field;
        at_ = start;
        while (at_ < text_.size()) {
            ResInfo info;
            if (!res_info(info))
                return std::nullopt;
            field.results.push_back(std::move(info));
        }
        return field;
    }

private:
    bool no_result()
    {
        std::string word;
        ++at_;
        cfws();
        if (!token(word) || word != "none")
            return false;
        cfws();
        return at_ == text_.size();
    }

    bool res_info(ResInfo& info)
    {
        if (!eat(';'))
            return false;
        cfws();
        if (!keyword(info.method))
            return false;
        cfws();
        if (!eat('='))
            return false;
        cfws();
        if (!keyword(info.result))
            return false;
        cfws(&info.comment);
        for (bool is_first = true; at_ < text_.size() && !next_is(';'); is_first = false) {
            std::string name;
            if (!has_space_before() || !keyword(name))
                return false;
            cfws();
            if (is_first && name == "reason" && next_is('=')) {
                ++at_;
                cfws();
                if (!value(info.reason))
                    return false;
            } else {
                Property property;
                property.ptype = name;
                if (!eat('.'))
                    return false;
                cfws();
                if (!keyword(property.property))
                    return false;
                cfws();
                if (!eat('='))
                    return false;
                cfws();
                if (!pvalue(property.value))
                    return false;
                info.properties.push_back(std::move(property));
            }
            cfws();
        }
        return true;
    }

    bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }

    bool eat(char c)
    {
        if (!next_is(c))
            return false;
        ++at_;
        return true;
    }

    bool has_space_before() const
    {
        return at_ > 0 && (text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t' || text_[at_ - 1] == ')');
    }

    // FWS is blanks, and line ends that a blank follows. "\n" stands for CR LF, as on the way to Postfix.
    void cfws(std::string* comment_text = nullptr)
    {
        for (;;) {
            if (next_is(' ') || next_is('\t'))
                ++at_;
            else if (next_is('\n') && at_ + 1 < text_.size() && (text_[at_ + 1] == ' ' || text_[at_ + 1] == '\t'))
                ++at_;
            else if (!next_is('(') || !comment(comment_text))
                return;
        }
    }

    bool comment(std::string* out)
    {
        auto at = at_ + 1;
        std::string content;
        while (at < text_.size() && text_[at] != ')') {
            const auto c = static_cast<unsigned char>(text_[at]);
            if (c == '\\') {
                if (++at >= text_.size() || !is_printable(text_[at]))
                    return false;
            } else if (c == '(' || !(is_printable(text_[at]) || c >= 0x80)) {
                return false; // we write no comment in a comment
            }
            content += text_[at++];
        }
        if (at >= text_.size())
            return false;
        at_ = at + 1;
        if (out)
            *out += content;
        return true;
    }

    static bool is_printable(char c) { return c >= 0x20 && c <= 0x7e; }

    static bool is_alpha_or_digit(char c)
    {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    bool keyword(std::string& out) // RFC 5321 4.1.2
    {
        const auto start = at_;
        while (at_ < text_.size() && (is_alpha_or_digit(text_[at_]) || text_[at_] == '-'))
            ++at_;
        out = text_.substr(start, at_ - start);
        return !out.empty() && out.back() != '-';
    }

    bool token(std::string& out)
    {
        const auto start = at_;
        while (at_ < text_.size() && text_[at_] > ' ' && text_[at_] < 0x7f
               && std::string_view("()<>@,;:\\\"/[]?=").find(text_[at_]) == std::string_view::npos)
            ++at_;
        out = text_.substr(start, at_ - start);
        return !out.empty();
    }

    bool quoted_string(std::string& out)
    {
        out.clear();
        if (!eat('"'))
            return false;
        while (!next_is('"')) {
            if (at_ >= text_.size())
                return false;
            if (text_[at_] == '\\' && ++at_ >= text_.size())
                return false;
            if (!is_printable(text_[at_]) && static_cast<unsigned char>(text_[at_]) < 0x80)
                return false;
            out += text_[at_++];
        }
        ++at_;
        return true;
    }

    bool value(std::string& out) { return next_is('"') ? quoted_string(out) : token(out); }

    // value / [ [ local-part ] "@" ] domain-name
    bool pvalue(std::string& out)
    {
        if (next_is('"'))
            return quoted_string(out);
        const auto start = at_;
        const auto is_mailbox_char = [](char c) {
            return is_alpha_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
        };
        while (at_ < text_.size() && is_mailbox_char(text_[at_]))
            ++at_;
        if (!eat('@')) {
            at_ = start;
            return token(out);
        }
        const auto domain = at_;
        while (at_ < text_.size() && (is_alpha_or_digit(text_[at_]) || text_[at_] == '-' || text_[at_] == '.'))
            ++at_;
        out = text_.substr(start, at_ - start);
        return at_ > domain && text_[domain] != '.' && text_[domain] != '-' && text_[at_ - 1] != '.'
            && text_[at_ - 1] != '-' && (domain == start + 1 || (text_[start] != '.' && text_[domain - 2] != '.'));
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

inline std::optional<AuthResultsField> parse_auth_results(std::string_view text)
{
    return Parser(text).parse();
}

} // namespace postern::strict
