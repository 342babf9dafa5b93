#include "milterd/dkim_canonical_body.h"

#include <algorithm>
#include <utility>

namespace postern {
namespace {

bool is_blank(char c) // RFC 6376 2.8, WSP
{
    return c == ' ' || c == '\t';
}

// Does relaxed canonicalization change this octet, a tab, or a blank that has no word behind it? (A CR may yet
// turn out to be one.) Without jumps: blanks are too frequent for the processor to guess where they are, and of
// whole blocks the compiler makes vector instructions.
unsigned char changes_when_relaxed(char octet, char next)
{
    const bool has_no_word = (next == ' ') | (next == '\t') | (next == '\r');
    return (octet == '\t') | ((octet == ' ') & has_no_word);
}

constexpr std::size_t block_size = 64;

bool any_changes_when_relaxed(const char* block) // looks at the octet behind it, too
{
    unsigned char any = 0;
    for (std::size_t i = 0; i < block_size; ++i)
        any |= changes_when_relaxed(block[i], block[i + 1]);
    return any != 0;
}

// How many octets stay as they are
std::size_t same_when_relaxed(std::string_view text)
{
    std::size_t at = 0;
    while (text.size() - at > block_size && !any_changes_when_relaxed(text.data() + at))
        at += block_size;
    while (at + 1 < text.size() && changes_when_relaxed(text[at], text[at + 1]) == 0)
        ++at;
    const bool is_at_end = at + 1 >= text.size();
    return is_at_end && !text.ends_with(' ') && !text.ends_with('\t') ? text.size() : at;
}

} // namespace

DkimCanonicalBody::DkimCanonicalBody(DkimCanonicalization canonicalization, Taker taker)
    : canonicalization_(canonicalization)
    , taker_(std::move(taker))
{
}

void DkimCanonicalBody::add(std::string_view chunk)
{
    while (!chunk.empty()) {
        take_white_space(chunk);
        take_words(chunk);
        while (take_crowded_block(chunk))
            ;
    }
}

// Line ends, and blanks when relaxed. What is left, if anything, begins with neither.
void DkimCanonicalBody::take_white_space(std::string_view& rest)
{
    for (; !rest.empty(); rest.remove_prefix(1)) {
        const char c = rest.front();
        const bool is_after_cr = std::exchange(is_after_cr_, c == '\r');
        if (is_after_cr && c == '\n') {
            ++line_ends_;
            is_in_space_ = false; // RFC 6376 3.4.4: not at the end of a line
            continue;
        }
        if (is_after_cr)
            put("\r"); // which ended no line
        if (canonicalization_ == DkimCanonicalization::relaxed && is_blank(c))
            is_in_space_ = true;
        else if (c != '\r')
            return;
    }
}

// All that stays as it is, lines and the blanks between words included. Line ends behind it are left over: they
// may be the last ones of the body.
void DkimCanonicalBody::take_words(std::string_view& rest)
{
    const bool is_relaxed = canonicalization_ == DkimCanonicalization::relaxed;
    auto words = rest.substr(0, is_relaxed ? same_when_relaxed(rest) : rest.size());
    if (words.ends_with('\r'))
        words.remove_suffix(1);
    while (words.ends_with("\r\n"))
        words.remove_suffix(2);
    if (!words.empty())
        put(words);
    rest.remove_prefix(words.size());
}

// Where changes come in crowds, as in a text indented by tabs: one block, up to its last word, octet by octet but
// without jumps. False: it is not such a block, or there is something unusual in it.
bool DkimCanonicalBody::take_crowded_block(std::string_view& rest)
{
    if (canonicalization_ == DkimCanonicalization::simple || rest.size() <= block_size
        || !any_changes_when_relaxed(rest.data()))
        return false;
    const auto words = rest.substr(0, rest.substr(0, block_size).find_last_not_of(" \t\r\n") + 1);
    std::array<char, block_size> changed{};
    std::size_t size = 0;
    bool has_lone_cr = false;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const char octet = rest[at], next = rest[at + 1];
        const bool is_space = (octet == ' ') | (octet == '\t');
        changed[size] = is_space ? ' ' : octet;
        size += is_space & ((next == ' ') | (next == '\t') | (next == '\r')) ? 0 : 1;
        has_lone_cr |= (octet == '\r') & (next != '\n');
    }
    if (words.empty() || has_lone_cr)
        return false;
    put_octets({changed.data(), size});
    rest.remove_prefix(words.size());
    return true;
}

void DkimCanonicalBody::put(std::string_view words)
{
    for (; line_ends_ > 0; --line_ends_)
        put_octets("\r\n");
    if (std::exchange(is_in_space_, false))
        put_octets(" ");
    put_octets(words);
}

void DkimCanonicalBody::put_octets(std::string_view octets)
{
    constexpr std::size_t large = 1024;
    size_ += octets.size();
    if (octets.size() >= large || joined_size_ + octets.size() > joined_.size())
        flush();
    if (octets.size() >= large)
        return taker_(octets);
    std::copy(octets.begin(), octets.end(), joined_.begin() + static_cast<std::ptrdiff_t>(joined_size_));
    joined_size_ += octets.size();
}

void DkimCanonicalBody::flush()
{
    if (joined_size_ > 0)
        taker_({joined_.data(), std::exchange(joined_size_, 0)});
}

void DkimCanonicalBody::finish()
{
    // RFC 6376 3.4.3, 3.4.4: however many line ends there are, or none, or half of one (a CR), it ends in one;
    // but an empty body has none when relaxed.
    if (size_ > 0 || canonicalization_ == DkimCanonicalization::simple)
        put_octets("\r\n");
    flush();
}

} // namespace postern
