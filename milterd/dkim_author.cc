#include "milterd/dkim_author.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

// One pass over the value, mailbox by mailbox. The address is gathered
// without comments and white space; where white space separated words there
// is a note of it, so that "joe doe@example.org" is not taken for an address.
class FromParser {
public:
    explicit FromParser(std::string_view value)
        : rest_(value)
    {
    }

    Result<std::vector<MailAuthor>> parse();

private:
    static constexpr int comment_depth_limit = 32;

    Result<> skip_comment();
    Result<> take_quoted();
    Result<> take_angle();
    Result<> end_mailbox();
    void begin_mailbox();
    void add(char c);

    std::string_view rest_;
    std::vector<MailAuthor> authors_; // as written

    // The mailbox under way
    std::string text_;       // of the address: between "<" and ">", or all there is
    bool is_after_space_ = false;
    bool is_worded_ = false; // white space separates words in text_
    bool has_angle_ = false;
    bool is_in_angle_ = false;
    std::size_t at_ = std::string::npos; // the last "@" of text_ that is not quoted
    bool has_two_ats_ = false;           // such: readers differ in which of them they take
};

void FromParser::begin_mailbox()
{
    text_.clear();
    at_ = std::string::npos;
    has_two_ats_ = false;
    is_after_space_ = is_worded_ = has_angle_ = is_in_angle_ = false;
}

void FromParser::add(char c)
{
    // RFC 5322 4.4: white space may stand around "@" and "."; anywhere else it separates words
    const auto joins = [](char k) { return k == '@' || k == '.'; };
    if (is_after_space_ && !text_.empty() && !joins(c) && !joins(text_.back()))
        is_worded_ = true;
    is_after_space_ = false;
    text_ += c;
}

Result<> FromParser::skip_comment()
{
    int depth = 0;
    while (!rest_.empty()) {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (c == '\\' && !rest_.empty())
            rest_.remove_prefix(1);
        else if (c == '(' && ++depth > comment_depth_limit)
            return fail("From: comments within comments");
        else if (c == ')' && --depth == 0)
            return {};
    }
    return fail("From: a comment without end");
}

Result<> FromParser::take_quoted()
{
    if (at_ != std::string::npos)
        return fail("From: a quoted string in a domain");
    add('"');
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        text_ += c;
        if (c == '"')
            return {};
        if (c == '\\' && !rest_.empty()) {
            text_ += rest_.front();
            rest_.remove_prefix(1);
        }
    }
    return fail("From: a quoted string without end");
}

Result<> FromParser::take_angle()
{
    if (rest_.front() == '<') {
        if (has_angle_)
            return fail("From: two addresses in one mailbox");
        begin_mailbox(); // what stood before was a display name
        has_angle_ = is_in_angle_ = true;
    } else {
        if (!is_in_angle_)
            return fail("From: \">\" without \"<\"");
        is_in_angle_ = false;
        is_after_space_ = false;
    }
    rest_.remove_prefix(1);
    return {};
}

Result<> FromParser::end_mailbox()
{
    if (is_in_angle_)
        return fail("From: an address without end");
    if (text_.empty() && !has_angle_) { // an empty group, or commas alone (RFC 5322 4.4)
        begin_mailbox();
        return {};
    }
    if (at_ == std::string::npos || at_ == 0 || at_ + 1 == text_.size() || is_worded_ || has_two_ats_
        || text_.find_first_of(",;", at_) != std::string::npos) // a route without its ":"
        return fail("From: \"{}\" is not an address", printable(text_, 80));
    authors_.push_back({text_.substr(0, at_), text_.substr(at_ + 1)});
    begin_mailbox();
    return {};
}

Result<std::vector<MailAuthor>> FromParser::parse()
{
    if (rest_.find('\0') != rest_.npos) // where many a reader ends the field
        return fail("From: a NUL");
    while (!rest_.empty()) {
        const char c = rest_.front();
        Result<> step;
        if (c == '(') {
            step = skip_comment();
        } else if (c == '<' || c == '>') {
            step = take_angle();
        } else if (c == '"' && (is_in_angle_ || !has_angle_)) {
            step = take_quoted();
        } else {
            rest_.remove_prefix(1);
            if (is_space(c)) {
                is_after_space_ = true;
            } else if (c == ':') { // the name of a group, or of a route (RFC 5322 3.4, 4.4)
                text_.clear();
                at_ = std::string::npos;
                has_two_ats_ = is_worded_ = false;
            } else if ((c == ',' || c == ';') && !is_in_angle_) {
                step = end_mailbox();
            } else if (has_angle_ && !is_in_angle_) {
                return fail("From: text behind an address");
            } else {
                add(c);
                if (c == '@') {
                    has_two_ats_ = at_ != std::string::npos;
                    at_ = text_.size() - 1;
                }
            }
        }
        if (!step)
            return tl::unexpected(step.error());
    }
    if (const auto ended = end_mailbox(); !ended)
        return tl::unexpected(ended.error());
    if (authors_.empty())
        return fail("From: no address");
    return std::move(authors_);
}

} // namespace

Result<std::vector<std::string>> parse_from_domains(std::string_view value)
{
    auto authors = FromParser(value).parse();
    if (!authors)
        return tl::unexpected(authors.error());
    std::vector<std::string> domains;
    for (auto& author : *authors)
        domains.push_back(std::move(author.domain));
    return domains;
}

Result<MailAuthor> author_of(const std::vector<HeaderField>& header, std::span<const std::string> field_names)
{
    for (const auto& name : field_names) {
        const auto is_it = [&](const HeaderField& field) { return has_name(field, name); };
        const auto field = std::find_if(header.begin(), header.end(), is_it);
        if (field == header.end())
            continue;
        if (std::any_of(field + 1, header.end(), is_it)) // RFC 5322 3.6: exactly one
            return fail("several {} fields", name);
        const auto authors = FromParser(field->value).parse();
        if (!authors)
            return tl::unexpected(authors.error());
        MailAuthor shared;
        for (const auto& written : *authors) {
            auto domain = to_a_labels(written.domain);
            if (!domain)
                return tl::unexpected(domain.error());
            if (!shared.domain.empty() && shared.domain != *domain)
                return fail("{}: authors of several domains", name);
            if (shared.domain.empty())
                shared = {written.local_part, std::move(*domain)};
        }
        return shared;
    }
    return fail("no {} field", field_names.empty() ? std::string("From") : field_names.front());
}

Result<std::string> author_domain(const std::vector<HeaderField>& header)
{
    const std::string from[] = {"From"};
    auto author = author_of(header, from);
    if (!author)
        return tl::unexpected(author.error());
    return std::move(author->domain);
}

} // namespace postern
