#include "common/log_record.h"

#include <cstring>

namespace postern {
namespace {

struct Head { // before the octets of name and value
    std::uint32_t name_size;
    std::uint32_t value_size : 31;
    std::uint32_t is_number : 1;
};

constexpr std::size_t most_octets = 1 << 20; // of a value; what is longer is cut long before it is written

Head head_at(const char* at)
{
    Head head;
    std::memcpy(&head, at, sizeof head);
    return head;
}

// Makes room for one more field, fills in all but the value, and gives the place of that.
char* append_field(std::string& out, std::string_view name, std::size_t value_size, bool is_number)
{
    const Head head{static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value_size) & 0x7fffffff,
                    is_number};
    const auto begin = out.size();
    out.resize(begin + sizeof head + name.size() + value_size);
    auto* const at = out.data() + begin;
    std::memcpy(at, &head, sizeof head);
    std::memcpy(at + sizeof head, name.data(), name.size());
    return at + sizeof head + name.size();
}

} // namespace

void LogRecord::add(std::string_view name, std::string_view value)
{
    value = value.substr(0, most_octets);
    value.copy(append_field(packed_, name, value.size(), false), value.size());
}

void LogRecord::add(std::string_view name, std::initializer_list<std::string_view> parts)
{
    std::size_t size = 0;
    for (const auto part : parts)
        size += part.substr(0, most_octets).size();
    auto* at = append_field(packed_, name, size, false);
    for (const auto part : parts)
        at += part.copy(at, most_octets);
}

void LogRecord::add_number(std::string_view name, std::string_view digits)
{
    digits.copy(append_field(packed_, name, digits.size(), true), digits.size());
}

LogRecord::Field LogRecord::Iterator::operator*() const
{
    const auto head = head_at(at_);
    const auto* const name = at_ + sizeof head;
    return {{name, head.name_size}, {name + head.name_size, head.value_size}, head.is_number != 0};
}

LogRecord::Iterator& LogRecord::Iterator::operator++()
{
    const auto head = head_at(at_);
    at_ += sizeof head + head.name_size + head.value_size;
    return *this;
}

} // namespace postern
