#include "common/log_record.h"

#include <algorithm>
#include <cstring>

namespace postern {
namespace {

struct ValueHead { // before the octets of the value
    const char* name;
    std::uint32_t name_size;
    std::uint32_t value_size : 31;
    std::uint32_t is_number : 1;
};

constexpr std::size_t most_octets = 1 << 20; // of a value; what is longer is cut long before it is written

ValueHead head_at(const char* at)
{
    ValueHead head;
    std::memcpy(&head, at, sizeof head);
    return head;
}

// Appends a field; gives where its value goes. One step of the string's, however many parts there are.
char* append_field(std::string& out, std::string_view name, std::size_t value_size, bool is_number)
{
    const ValueHead head{name.data(), static_cast<std::uint32_t>(name.size()),
                         static_cast<std::uint32_t>(value_size) & 0x7fffffff, is_number};
    const auto size_before = out.size();
    out.resize(size_before + sizeof head + value_size);
    auto* const at = out.data() + size_before;
    std::memcpy(at, &head, sizeof head);
    return at + sizeof head;
}

char* copy(std::string_view octets, char* at)
{
    return std::copy(octets.begin(), octets.end(), at);
}

} // namespace

void LogRecord::add(std::string_view name, std::string_view value)
{
    value = value.substr(0, most_octets);
    copy(value, append_field(packed_, name, value.size(), false));
}

void LogRecord::add(std::string_view name, std::initializer_list<std::string_view> parts)
{
    std::size_t size = 0;
    for (const auto part : parts)
        size += part.substr(0, most_octets).size();
    auto* at = append_field(packed_, name, size, false);
    for (const auto part : parts)
        at = copy(part.substr(0, most_octets), at);
}

void LogRecord::add_number(std::string_view name, std::string_view digits)
{
    copy(digits, append_field(packed_, name, digits.size(), true));
}

LogRecord::Field LogRecord::Iterator::operator*() const
{
    const auto head = head_at(at_);
    return {{head.name, head.name_size}, {at_ + sizeof head, head.value_size}, head.is_number != 0};
}

LogRecord::Iterator& LogRecord::Iterator::operator++()
{
    const auto head = head_at(at_);
    at_ += sizeof head + head.value_size;
    return *this;
}

} // namespace postern
