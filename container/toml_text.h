// toml_text - postern.toml, written line by line
//
// A setting that the table does not have is not written, and the caller told:
// then a variable has no effect in this version, which the start says.
#pragma once

#include "config/setting.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

class TomlText {
public:
    void section(std::string_view name);          // [name]
    void repeated_section(std::string_view name); // [[name]]

    bool set(std::string_view name, std::string_view text);
    bool set(std::string_view name, const char* text) { return set(name, std::string_view(text)); }
    bool set(std::string_view name, bool flag);
    bool set(std::string_view name, const std::vector<std::string>& items);

    const std::string& text() const { return text_; }

private:
    bool put(std::string_view name, std::string value);

    std::string section_;
    std::string text_;
};

} // namespace postern
