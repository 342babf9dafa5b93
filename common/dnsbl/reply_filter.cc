#include "common/dnsbl/reply_filter.h"

#include "common/text.h"

#include <algorithm>
#include <optional>

namespace postern {
namespace {

constexpr std::size_t shown_octets = 80; // of a pattern, in an Error

// Postfix takes brackets around the whole, too; those of the first field end before the pattern does.
std::string_view without_outer_brackets(std::string_view pattern)
{
    if (!pattern.starts_with('['))
        return pattern;
    int depth = 0;
    std::size_t end = 0;
    for (; end < pattern.size(); ++end) {
        depth += pattern[end] == '[' ? 1 : pattern[end] == ']' ? -1 : 0;
        if (depth == 0)
            break;
    }
    return end + 1 == pattern.size() ? pattern.substr(1, end - 1) : pattern;
}

class Reader {
public:
    explicit Reader(std::string_view text)
        : text_(text)
    {
    }

    bool take(std::string_view token)
    {
        if (!text_.substr(at_).starts_with(token))
            return false;
        at_ += token.size();
        return true;
    }

    std::optional<std::size_t> octet()
    {
        std::size_t value = 0, digits = 0;
        for (; at_ + digits < text_.size() && is_digit(text_[at_ + digits]); ++digits)
            value = std::min<std::size_t>(value * 10 + static_cast<std::size_t>(text_[at_ + digits] - '0'), 256);
        if (digits == 0 || value > 255)
            return std::nullopt;
        at_ += digits;
        return value;
    }

    bool is_at_end() const { return at_ == text_.size(); }

    tl::unexpected<Error> wants(std::string_view what) const
    {
        return fail("\"{}\": {} is wanted after \"{}\"", printable(text_, shown_octets), what,
                    printable(text_.substr(0, at_), shown_octets));
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace

Result<ReplyFilter> ReplyFilter::parse(std::string_view pattern)
{
    pattern = without_outer_brackets(pattern);
    if (pattern.find_first_not_of("0123456789.;[]") != std::string_view::npos) // perhaps a zone: it is not shown
        return fail("holds what is neither a number nor one of \".;[]\"");
    constexpr std::string_view number = "a number from 0 to 255";
    ReplyFilter filter;
    Reader reader(pattern);
    for (std::size_t i = 0; i < filter.fields_.size(); ++i) {
        if (i > 0 && !reader.take("."))
            return reader.wants("\".\"");
        auto& field = filter.fields_[i];
        if (!reader.take("[")) {
            const auto octet = reader.octet();
            if (!octet)
                return reader.wants("a number from 0 to 255 or \"[\"");
            field.set(*octet);
            continue;
        }
        do {
            const auto first = reader.octet();
            if (!first)
                return reader.wants(number);
            auto last = first;
            if (reader.take("..") && !(last = reader.octet()))
                return reader.wants(number);
            if (*last < *first)
                return reader.wants("a range that does not fall");
            for (auto octet = *first; octet <= *last; ++octet)
                field.set(octet);
        } while (reader.take(";"));
        if (!reader.take("]"))
            return reader.wants("\";\" or \"]\"");
    }
    if (!reader.is_at_end())
        return reader.wants("the end");
    return filter;
}

bool ReplyFilter::matches(const IpAddress& answer) const
{
    if (!answer.is_v4())
        return false;
    for (std::size_t i = 0; i < fields_.size(); ++i)
        if (!fields_[i].test(answer.octets()[i]))
            return false;
    return true;
}

} // namespace postern
