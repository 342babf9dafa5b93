#include "common/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace postern {
namespace {

constexpr std::uint32_t most_steps = 10'000; // of one match: a sane pattern takes a few dozen for a host name
constexpr std::uint32_t most_heap = 1'000;   // KiB
constexpr std::uint32_t options = PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C;

template <auto free>
struct Free {
    template <class T>
    void operator()(T* what) const
    {
        free(what);
    }
};

PCRE2_SPTR octets(std::string_view text)
{
    return reinterpret_cast<PCRE2_SPTR>(text.data());
}

std::string message_of(int error)
{
    PCRE2_UCHAR text[200];
    pcre2_get_error_message(error, text, sizeof text);
    return reinterpret_cast<const char*>(text);
}

} // namespace

struct Regex::Parts {
    std::unique_ptr<pcre2_code, Free<pcre2_code_free>> code;
    std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>> context;
    std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>> data;
};

Result<Regex> Regex::compile(std::string_view pattern)
{
    if (pattern.size() > pattern_limit)
        return fail("a regular expression of {} octets; at most {} are read", pattern.size(), pattern_limit);
    int error = 0;
    std::size_t at = 0;
    auto parts = std::make_unique<Parts>();
    parts->code.reset(pcre2_compile(octets(pattern), pattern.size(), options, &error, &at, nullptr));
    if (!parts->code)
        return fail("{} (character {} of the regular expression)", message_of(error), at + 1);
    (void)pcre2_jit_compile(parts->code.get(), PCRE2_JIT_COMPLETE); // else it is interpreted

    parts->context.reset(pcre2_match_context_create(nullptr));
    parts->data.reset(pcre2_match_data_create(1, nullptr)); // where it matched is not asked for
    if (!parts->context || !parts->data)
        throw std::bad_alloc();
    pcre2_set_match_limit(parts->context.get(), most_steps);
    pcre2_set_heap_limit(parts->context.get(), most_heap);
    return Regex(std::move(parts));
}

bool Regex::matches(std::string_view subject) const
{
    return pcre2_match(parts_->code.get(), octets(subject), subject.size(), 0, 0, parts_->data.get(),
                       parts_->context.get())
        >= 0; // 0: it matched, and has more groups than there is room for
}

Regex::Regex(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts))
{
}

Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

} // namespace postern
