#include "common/log_record.h"

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

void append_head(std::string& out, std::string_view name, std::size_t value_size, bool is_number)
{
    const ValueHead head{name.data(), static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(value_size) & 0x7fffffff, is_number};
    char octets[sizeof head];
    std::memcpy(octets, &head, sizeof head);
    out.append(octets, sizeof head);
}

} // namespace

void LogRecord::add(std::string_view name, std::string_view value)
{
    value = value.substr(0, most_octets);
    append_head(packed_, name, value.size(), false);
    packed_.append(value);
}

void LogRecord::add(std::string_view name, std::initializer_list<std::string_view> parts)
{
    std::size_t size = 0;
    for (const auto part : parts)
        size += part.substr(0, most_octets).size();
    append_head(packed_, name, size, false);
    for (const auto part : parts)
        packed_.append(part.substr(0, most_octets));
}

void LogRecord::add_number(std::string_view name, std::string_view digits)
{
    append_head(packed_, name, digits.size(), true);
    packed_.append(digits);
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
