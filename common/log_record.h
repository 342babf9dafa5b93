// log_record - the fields of a log event, packed into one run of octets
//
// A line has a dozen fields, and a daemon writes one for each request: so they
// are not kept as a dozen strings, and of a name, which is a literal of ours,
// only its place is kept. A record that is cleared keeps its memory.
//
//     record.add("client", request.client_address);
//     record.add("spf", {"reject", " ", reason});
//     for (const auto& field : record) ...
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace postern {

class LogRecord {
public:
    struct Field { // views into the record
        std::string_view name;
        std::string_view value;
        bool is_number;
    };

    class Iterator {
    public:
        explicit Iterator(const char* at)
            : at_(at)
        {
        }
        Field operator*() const;
        Iterator& operator++();
        bool operator==(const Iterator&) const = default;

    private:
        const char* at_;
    };

    // `name` outlives the record and all copies of it.
    void add(std::string_view name, std::string_view value);
    void add(std::string_view name, const char* value) { add(name, std::string_view(value)); }
    void add(std::string_view name, std::initializer_list<std::string_view> parts); // of one value
    template <std::integral T>
    void add(std::string_view name, T number)
    {
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof digits, number + 0).ptr; // bool is 0 or 1
        add_number(name, {digits, static_cast<std::size_t>(end - digits)});
    }
    void add_number(std::string_view name, std::string_view digits);
    void add_all(const LogRecord& other) { packed_ += other.packed_; }

    Iterator begin() const { return Iterator(packed_.data()); }
    Iterator end() const { return Iterator(packed_.data() + packed_.size()); }
    bool empty() const { return packed_.empty(); }
    void clear() { packed_.clear(); }
    void assign(std::string_view packed) { packed_ = packed; } // of another record

    // Good in this process only.
    std::string_view packed() const { return packed_; }

private:
    std::string packed_;
};

} // namespace postern
