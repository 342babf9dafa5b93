#include "config/setting.h"

#include "config/words.h"

#include <algorithm>

namespace postern {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>; // clang 14 cannot deduce it from the aggregate

template <class E>
using EnumOf = std::enable_if_t<std::is_enum_v<E>, E>;

bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

Result<> check_text(const Setting& setting, const std::string& text)
{
    if (setting.required && text.empty())
        return fail("must not be empty");
    if (std::any_of(text.begin(), text.end(), is_control))
        return fail("holds a control character");
    if (!setting.words.empty()
        && std::find(setting.words.begin(), setting.words.end(), text) == setting.words.end())
        return fail("\"{}\" is not {}", text, one_of(words_of_setting(setting)));
    if (setting.check && !text.empty())
        return setting.check(text);
    return {};
}

// Reads with `read` and holds the value to the row's limits, which pass through `read` too.
template <class T>
Result<> store(T* value, Result<T> (*read)(std::string_view), const Setting& setting, const std::string& text)
{
    const auto got = read(text);
    if (!got)
        return tl::unexpected(got.error());
    if (!setting.low.empty() && (*got < *read(setting.low) || *read(setting.high) < *got))
        return fail("{} is not between {} and {}", text, setting.low, setting.high);
    *value = *got;
    return {};
}

// A value of the right kind, whose address is never used: a row's target alone tells the kind.
template <class Visitor>
auto visit_kind(const Setting& setting, Visitor&& visitor)
{
    Config config;
    if (const auto* section = find_section(setting.section); section && section->append)
        section->append(config);
    return std::visit(std::forward<Visitor>(visitor), setting.target(config));
}

} // namespace

const Section* find_section(std::string_view name)
{
    const auto all = sections();
    const auto it = std::find_if(all.begin(), all.end(), [&](const Section& s) { return s.name == name; });
    return it == all.end() ? nullptr : &*it;
}

const Setting* find_setting(std::string_view section, std::string_view name)
{
    const auto all = settings();
    const auto it =
        std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.section == section && s.name == name; });
    return it == all.end() ? nullptr : &*it;
}

Shape shape_of(const Setting& setting)
{
    return visit_kind(setting, Overloaded{
                                   [](bool*) { return Shape::boolean; },
                                   [](std::int64_t*) { return Shape::number; },
                                   [](Octets) { return Shape::size; },
                                   [](Texts*) { return Shape::list; },
                                   [](auto) { return Shape::text; },
                               });
}

std::vector<std::string_view> words_of_setting(const Setting& setting)
{
    if (!setting.words.empty())
        return {setting.words.begin(), setting.words.end()};
    return visit_kind(setting, Overloaded{
                                   []<class E>(E*) -> std::vector<std::string_view> {
                                       if constexpr (std::is_enum_v<E>)
                                           return just_words(words_of<E>);
                                       else
                                           return {};
                                   },
                                   [](auto) -> std::vector<std::string_view> { return {}; },
                               });
}

std::string wanted(const Setting& setting)
{
    if (const auto words = words_of_setting(setting); !words.empty() && shape_of(setting) == Shape::text)
        return one_of(words);
    return visit_kind(setting, Overloaded{
                                   [](bool*) { return "true or false"; },
                                   [](std::int64_t*) { return "a whole number"; },
                                   [](Octal) { return "a mode in quotes, such as \"0660\""; },
                                   [](Octets) { return "a size in quotes, such as \"25M\""; },
                                   [](Texts*) { return "a list such as [\"a\", \"b\"]"; },
                                   [](std::chrono::seconds*) { return "a time in quotes, such as \"90s\" or \"5m\""; },
                                   [](std::chrono::milliseconds*) {
                                       return "a time in quotes, such as \"500ms\" or \"2s\"";
                                   },
                                   [](auto) { return "a text in quotes"; },
                               });
}

Texts split_value(const Setting& setting, std::string_view text)
{
    return shape_of(setting) == Shape::list ? read_list(text) : Texts{std::string(text)};
}

Result<> set_value(Config& config, const Setting& setting, const Texts& items)
{
    const auto text = items.empty() ? std::string() : items.front();
    const auto store_text = [&](std::string* value) -> Result<> {
        if (const auto ok = check_text(setting, text); !ok)
            return ok;
        *value = text;
        return {};
    };
    const auto store_list = [&](Texts* value) -> Result<> {
        for (const auto& item : items)
            if (const auto ok = check_text(setting, item); !ok)
                return ok;
        *value = items;
        return {};
    };
    const auto store_word = [&]<class E>(EnumOf<E>* value) -> Result<> {
        const auto word = read_word(words_of<E>, text);
        if (!word)
            return tl::unexpected(word.error());
        *value = *word;
        return {};
    };
    return std::visit(
        Overloaded{
            [&](bool* value) { return store(value, read_bool, setting, text); },
            [&](std::int64_t* value) { return store(value, read_number, setting, text); },
            [&](Octal number) { return store(number.value, read_octal, setting, text); },
            [&](Octets number) { return store(number.value, read_size, setting, text); },
            [&](std::chrono::seconds* value) { return store(value, read_seconds, setting, text); },
            [&](std::chrono::milliseconds* value) { return store(value, read_milliseconds, setting, text); },
            [&](std::string* value) { return store_text(value); },
            [&](Texts* value) { return store_list(value); },
            [&]<class E>(E* value) { return store_word.template operator()<E>(value); },
        },
        setting.target(config));
}

bool same_value(const Config& a, const Config& b, const Setting& setting)
{
    Config copy_a = a, copy_b = b; // a target points into a Config that may be written
    const auto target_b = setting.target(copy_b);
    return std::visit(
        [&]<class T>(T value_a) {
            const auto value_b = std::get<T>(target_b);
            if constexpr (std::is_pointer_v<T>)
                return *value_a == *value_b;
            else
                return *value_a.value == *value_b.value;
        },
        setting.target(copy_a));
}

} // namespace postern
